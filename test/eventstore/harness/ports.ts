import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the range that systems hand out by themselves: a port stays free while its server is down. */
const FIRST = 20_000;
const LAST = 32_000;
const ATTEMPTS = 200;
const given = new Set<number>();

/** Ports of 127.0.0.1 that nobody listens on, each given once per process. */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  for (let attempt = 0; attempt < ATTEMPTS && found.length < count; attempt += 1) {
    const port = randomInt(FIRST, LAST);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    found.push(port);
  }
  if (found.length < count) throw new Error(`no ${count} free ports between ${FIRST} and ${LAST}`);
  return found;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const server = createServer();
    server.once('error', () => settle(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => settle(true)));
  });
}
