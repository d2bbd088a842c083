import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from './admin.js';
import { describeNodes } from './find-server.js';
import { startNode, type ServerNode } from './server.js';

jest.setTimeout(120_000);

describeNodes('a throw-away node', () => {
  let node: ServerNode;

  beforeAll(async () => {
    node = await startNode({ storage: 'disk', tls: true });
  });

  afterAll(async () => {
    await node?.stop();
  });

  it('is killed, started again and scavenged', async () => {
    await node.kill();
    await node.restart();
    await node.scavenge();
  });

  it('is ended with SIGTERM, and gives its exit code', async () => {
    expect(await node.terminate()).toBe(0);
  });

  it('ends with the process that started it, whatever ends that', async () => {
    const child = spawn(process.execPath, [join(__dirname, 'keeper.mjs'), '/bin/sh', '-c', 'sleep 600 & sleep 600']);
    const line = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
    const group = Number(line.value);
    expect(isAlive(-group)).toBe(true);
    child.stdin.end();
    await once(child, 'exit');
    await until(
      async () => !isAlive(-group),
      10_000,
      () => 'the group lives on',
    );
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
