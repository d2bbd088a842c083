/** Servers to measure: the one that `EVENTSTORE_URL` names, or throw-away ones on this machine, on disk and without TLS. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Ends the server with whoever started it. */
const KEEPER = fileURLToPath(new URL('../../test/eventstore/harness/keeper.mjs', import.meta.url));
const READY_TIMEOUT_MS = 60_000;

/** @returns the path of a server program, from `EVENTSTORE_BIN` or PATH, or nothing */
export function findProgram() {
  const named = process.env['EVENTSTORE_BIN'];
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = folders.flatMap((folder) => ['eventstored', 'kurrentd'].map((name) => join(folder, name)));
  return (named === undefined ? found : [named]).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Starts `size` nodes that are one cluster; with 1 a lone node. @returns its URL, and how to stop it */
export async function startServers(program, folder, size) {
  const ports = await freePorts(2 * size);
  const own = Array.from({ length: size }, (_, at) => ports.slice(2 * at, 2 * at + 2));
  const keepers = own.map(([port, replication], at) => {
    const seeds = own.filter((_, other) => other !== at).map(([other]) => `127.0.0.1:${other}`);
    const cluster = ['--cluster-size', `${size}`, '--discover-via-dns=false', '--gossip-seed', seeds.join(',')];
    const data = ['--db', join(folder, `node-${at}`, 'db'), '--log', join(folder, `node-${at}`, 'log')];
    const address = ['--node-ip', '127.0.0.1', '--node-port', `${port}`, '--replication-port', `${replication}`];
    const args = [...address, ...data, '--insecure', '--stats-period-sec', '3600', ...(size === 1 ? [] : cluster)];
    const env = { ...process.env, EVENTSTORE_TELEMETRY_OPTOUT: 'true' };
    return spawn(process.execPath, [KEEPER, program, ...args], { stdio: ['pipe', 'pipe', 'ignore'], env });
  });
  const stop = () =>
    Promise.all(
      keepers.map((keeper) => {
        const ended = new Promise((resolve) => keeper.once('exit', resolve));
        if (keeper.exitCode === null) keeper.stdin.destroy();
        else return undefined;
        return ended;
      }),
    );
  try {
    const pids = await Promise.all(keepers.map(async (keeper) => Number(await firstLine(keeper))));
    await Promise.all(own.map(([port]) => untilLive(port)));
    const hosts = own.map(([port]) => `127.0.0.1:${port}`).join(',');
    return { url: `esdb://${hosts}?tls=false`, pids, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * What answers behind a URL: a server tells its version over HTTP, and a stand-in for one has no such page.
 * @returns engine `real` or `double`, and the version
 */
export async function engineOf(url) {
  const { host, searchParams } = new URL(url.split(',')[0].replace(/^esdb(\+discover)?:/, 'http:'));
  const tls = searchParams.get('tls') !== 'false' && !url.includes('tls=false');
  // Only a version is asked for, so that any certificate will do.
  const told = await bodyOf(tls ? getHttps : getHttp, `${tls ? 'https' : 'http'}://${host}/info`);
  const version = told === undefined ? undefined : JSON.parse(told).esVersion;
  return version === undefined ? { engine: 'double' } : { engine: 'real', version };
}

function bodyOf(get, url) {
  return new Promise((resolve) => {
    const request = get(url, { rejectUnauthorized: false, timeout: 2_000, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => (text += piece));
      response.on('end', () => resolve(response.statusCode < 300 ? text : undefined));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
    request.on('close', () => resolve(undefined));
  });
}

async function untilLive(port) {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while ((await bodyOf(getHttp, `http://127.0.0.1:${port}/health/live`)) === undefined) {
    if (Date.now() > deadline) throw new Error(`a server is not live after ${READY_TIMEOUT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function firstLine(child) {
  const { value, done } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  if (done === true) throw new Error('a server does not start');
  return value;
}

async function freePorts(count) {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
