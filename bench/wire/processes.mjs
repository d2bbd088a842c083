/** The processes of a measurement over the wire: server, echo and load each have their own. */
import { fork, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { environmentOf } from '../ledger.mjs';

const START_TIMEOUT_MS = 30_000;
const LEDGER = fileURLToPath(new URL('../../apps/ledger/dist/main.js', import.meta.url));
const ECHO = fileURLToPath(new URL('./echo-server.mjs', import.meta.url));
const LOAD = fileURLToPath(new URL('./load.mjs', import.meta.url));

/**
 * As the container starts it (Dockerfile): a decision leaves garbage that a larger nursery does not copy about. The echo
 * gets the same.
 */
export const SERVER_NODE_OPTIONS = ['--max-semi-space-size=32'];

/** @param nodeOptions for the server alone, such as `--cpu-prof` */
export async function startLedgerServer(folder, nodeOptions = []) {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('WRIT_')));
  const started = performance.now();
  const child = spawn(process.execPath, [...SERVER_NODE_OPTIONS, ...nodeOptions, LEDGER], {
    cwd: folder,
    env: { ...inherited, ...environmentOf(folder) },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const serving = await lineOf(child, child.stderr, (line) => line.msg === 'serving');
  const { grpcPort, httpPort } = serving;
  return { port: grpcPort, httpPort, pid: child.pid, startMs: performance.now() - started, stop: () => stop(child) };
}

export async function startEcho() {
  const child = spawn(process.execPath, [...SERVER_NODE_OPTIONS, ECHO], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { port } = await lineOf(child, child.stdout, (line) => line.port !== undefined);
  return { port, pid: child.pid, stop: () => stop(child) };
}

/** A process that makes one load at a time. */
export function startLoad() {
  const child = fork(LOAD, { stdio: 'inherit' });
  return {
    run: (load) =>
      new Promise((resolve, reject) => {
        const gone = () => reject(new Error('the load process ended'));
        child.once('exit', gone);
        child.once('message', (result) => {
          child.off('exit', gone);
          if (result.failure === undefined) resolve(result);
          else reject(new Error(result.failure));
        });
        child.send(load);
      }),
    stop: () => stop(child),
  };
}

const BEHIND = ['writ_index_behind_events', 'writ_lineage_behind_events'].map(
  (name) => new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)`, 'm'),
);

/** Waits until the index of executions and the tree hold everything, so that their work is not somebody else's. */
export async function settled(httpPort) {
  for (let tries = 0; tries < 600; tries += 1) {
    const text = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
    if (BEHIND.every((pattern) => pattern.exec(text)?.[1] === '0')) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('index or tree did not catch up within a minute');
}

function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill('SIGTERM');
  });
}

/** The first JSON line of `stream` that fits. Goes on reading, so that the process never waits for its reader. */
function lineOf(child, stream, fits) {
  return new Promise((resolve, reject) => {
    let text = '';
    let found = false;
    const settle = () => {
      found = true;
      clearTimeout(timer);
      child.off('exit', ended);
    };
    const fail = (why) => {
      settle();
      child.kill('SIGKILL');
      reject(new Error(`${child.spawnfile} ${why}: ${text.slice(-2_000)}`));
    };
    const ended = (code) => fail(`ended with ${code}`);
    const timer = setTimeout(() => fail('did not start in time'), START_TIMEOUT_MS);
    child.once('exit', ended);
    stream.setEncoding('utf8').on('data', (piece) => {
      if (found) return;
      text += piece;
      const lines = text.split('\n').slice(0, -1);
      const line = lines
        .filter((each) => each.startsWith('{'))
        .map((each) => JSON.parse(each))
        .find(fits);
      if (line === undefined) return;
      settle();
      resolve(line);
    });
  });
}
