/**
 * `npm run bench:eventstore`: decisions a second through Writ on EventStoreDB, over raw appends a second of the same bytes
 * through the same client, measured in the same run in rounds that take turns. Prints a table of lines, or with `--json`
 * everything as JSON. Nothing is asserted on time; decisions that were answered and are not in the store (or the other way
 * round) make the run void.
 *
 * Needs servers: `EVENTSTORE_URL` for the ledger and `EVENTSTORE_RAW_URL` for the raw appends, both empty and alike; or a
 * program (`EVENTSTORE_BIN`, or `eventstored` or `kurrentd` on PATH), of which throw-away nodes are started. `engine` is
 * `real` where a server tells its version, else `double`.
 *
 * `--quick`: a minute, to see that it all runs. `--only` one of `one-node`, `cluster`, `two-writers`. `--callers 1,64` and
 * `--rounds 5` in place of the usual ones. `--path`: a folder on the disk to measure.
 */
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median, ratio, round } from '../figures.mjs';
import { SERVER_NODE_OPTIONS } from '../wire/processes.mjs';
import { engineOf, findProgram, startServers } from './servers.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    callers: { type: 'string' },
    rounds: { type: 'string' },
    path: { type: 'string', default: tmpdir() },
  },
});
const { quick, path } = values;
const MS = quick ? 700 : 4_000;
const ROUNDS = Number(values.rounds ?? (quick ? 1 : 5));
const WARM_ROUNDS = quick ? 1 : 3;
const WRITER = fileURLToPath(new URL('./writer.mjs', import.meta.url));

const given = process.env['EVENTSTORE_URL'];
const givenForRaw = process.env['EVENTSTORE_RAW_URL'];
const program = findProgram();
if (given === undefined ? program === undefined : givenForRaw === undefined) {
  console.error(
    'bench:eventstore needs EVENTSTORE_URL and EVENTSTORE_RAW_URL, or a server program (see its first lines)',
  );
  process.exit(2);
}
const folder = mkdtempSync(join(path, 'writ-bench-eventstore-'));
const running = [];

// What is measured against each other has servers each, all of them up all the time: a ledger reads its whole store, and
// whatever is not signed in it is a finding.
const PARTS = {
  'one-node': async () => {
    const [ours, theirs] = [await servers('ours', 1), await servers('theirs', 1)];
    return measure({ ours, theirs, callers: quick ? [1, 64] : [1, 16, 64, 256], writers: 1 });
  },
  cluster: async () => {
    const [ours, theirs] = [await servers('ours-3', 3), await servers('theirs-3', 3)];
    return measure({ ours, theirs, callers: quick ? [64] : [1, 64, 256], writers: 1 });
  },
  'two-writers': async () => {
    const [ours, theirs] = [await servers('ours-2', 1), await servers('theirs-2', 1)];
    return measure({ ours, theirs, callers: quick ? [64] : [64, 256], writers: 2 });
  },
};

async function servers(name, size) {
  const started = await startServers(program, join(folder, name), size);
  running.push(started);
  return started.url;
}

/** A process that writes, in a role. */
async function openWriter(message) {
  const child = fork(WRITER, { execArgv: SERVER_NODE_OPTIONS, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ask = (question) =>
    new Promise((resolve, reject) => {
      const gone = (code) => reject(new Error(`a writer (${message.role}) ended with ${code}`));
      child.once('exit', gone);
      child.once('message', (answer) => {
        child.off('exit', gone);
        if (answer.failure === undefined) resolve(answer);
        else reject(new Error(answer.failure));
      });
      child.send(question);
    });
  const stop = () => {
    if (child.connected) child.disconnect();
  };
  running.push({ stop });
  await ask({ command: 'open', ...message });
  return {
    ask,
    async close() {
      await ask({ command: 'close' });
      stop();
    },
  };
}

/** @returns what all of them did together */
async function loadOf(writers, callers) {
  const each = await Promise.all(
    writers.map(({ ask }) => ask({ command: 'load', callers: Math.ceil(callers / writers.length), ms: MS })),
  );
  const sum = (pick) => each.map(pick).reduce((all, one) => all + one, 0);
  return {
    count: sum(({ count }) => count),
    perSecond: sum(({ perSecond }) => perSecond),
    p50Ms: median(each.map(({ p50Ms }) => p50Ms)),
    p99Ms: Math.max(...each.map(({ p99Ms }) => p99Ms)),
    processorMicroseconds: median(each.map(({ processorMicroseconds }) => processorMicroseconds)),
  };
}

async function measure({ ours, theirs, callers, writers }) {
  const writ = [];
  // A folder that knows another ledger would, rightly, not begin this one.
  const ledger = mkdtempSync(join(folder, 'ledger-'));
  for (let n = 0; n < writers; n += 1) {
    const own = join(ledger, `node-${n}`);
    mkdirSync(own, { recursive: true });
    const env = {
      WRIT_STORE_URL: ours,
      WRIT_STORE_ACCEPT_UNPROTECTED: 'yes',
      WRIT_KEY_FILE: join(ledger, 'key.json'),
      WRIT_CHECKPOINT_KEY_FILE: join(ledger, 'checkpoint-key.json'),
      WRIT_MARK_DIR: join(ledger, 'mark'),
    };
    writ.push(await openWriter({ role: 'writ', folder: own, env, create: n === 0 }));
  }
  let answered = 0;
  const decide = async (inFlight) => {
    const figure = await loadOf(writ, inFlight);
    answered += figure.count;
    for (const { ask } of writ) await ask({ command: 'settle' });
    return figure;
  };
  await decide(16);
  const { events } = await writ[0].ask({ command: 'sample', url: ours });
  const opened = (role) =>
    Promise.all(Array.from({ length: writers }, () => openWriter({ role, url: theirs, events })));
  const [raw, driver] = [await opened('raw'), await opened('driver')];
  for (let n = 0; n < WARM_ROUNDS; n += 1) {
    await decide(64);
    await loadOf(raw, 64);
    await loadOf(driver, 64);
  }
  const byCallers = [];
  for (const inFlight of values.callers?.split(',').map(Number) ?? callers) {
    const rounds = [];
    for (let n = 0; n < ROUNDS; n += 1) {
      const turn = {
        raw: () => loadOf(raw, inFlight),
        writ: () => decide(inFlight),
        driver: () => loadOf(driver, inFlight),
      };
      const figures = {};
      // None is always behind the same other.
      for (const name of n % 2 === 0 ? ['raw', 'writ', 'driver'] : ['driver', 'writ', 'raw'])
        figures[name] = await turn[name]();
      rounds.push(figures);
    }
    byCallers.push(summaryOf(inFlight, rounds));
  }
  const { decisions } = await writ[0].ask({ command: 'sample', url: ours });
  if (decisions !== answered) throw new Error(`void: ${answered} answers, ${decisions} decisions in the store`);
  for (const writer of [...writ, ...raw, ...driver]) await writer.close();
  const bytes = events
    .flatMap(({ data, metadata }) => [data, metadata])
    .map((text) => Buffer.from(text, 'base64').length);
  return { writers, storedBytes: bytes.reduce((all, one) => all + one, 0), byCallers };
}

function summaryOf(inFlight, rounds) {
  const of = (role, name) => median(rounds.map((each) => each[role][name]));
  const over = (role) => ratio(of(role, 'perSecond'), of('raw', 'perSecond'));
  return {
    inFlight,
    decisionsPerSecond: round(of('writ', 'perSecond')),
    rawAppendsPerSecond: round(of('raw', 'perSecond')),
    driverAppendsPerSecond: round(of('driver', 'perSecond')),
    ratio: over('writ'),
    ratioOfRounds: rounds.map(({ writ, raw }) => ratio(writ.perSecond, raw.perSecond)),
    driverRatio: over('driver'),
    p50Ms: round(of('writ', 'p50Ms'), 2),
    p99Ms: round(of('writ', 'p99Ms'), 2),
    rawP50Ms: round(of('raw', 'p50Ms'), 2),
    rawP99Ms: round(of('raw', 'p99Ms'), 2),
    processorMicroseconds: {
      writ: round(of('writ', 'processorMicroseconds')),
      driver: round(of('driver', 'processorMicroseconds')),
      raw: round(of('raw', 'processorMicroseconds')),
    },
  };
}

/** One line per figure: its path, and its value. */
function linesOf(value, name = '') {
  if (typeof value !== 'object' || value === null) return [`${name.padEnd(56)} ${String(value)}`];
  return Object.entries(value).flatMap(([inner, each]) => linesOf(each, name === '' ? inner : `${name} ${inner}`));
}

const figures = { node: process.version, processors: cpus().length, processor: cpus()[0]?.model };
try {
  if (given !== undefined) {
    Object.assign(figures, await engineOf(given));
    const callers = quick ? [1, 64] : [1, 16, 64, 256];
    figures.given = await measure({ ours: given, theirs: givenForRaw, callers, writers: 1 });
  } else {
    for (const [name, part] of Object.entries(PARTS)) {
      if (values.only !== undefined && values.only !== name) continue;
      if (!values.json) process.stderr.write(`measuring: ${name}\n`);
      figures[name] = await part();
      const { url } = running.find((each) => each.url !== undefined);
      Object.assign(figures, await engineOf(url));
      for (const each of running.splice(0).reverse()) await each.stop();
    }
  }
  console.log(values.json ? JSON.stringify(figures, undefined, 2) : linesOf(figures).join('\n'));
} finally {
  for (const each of running.reverse()) await each.stop();
  rmSync(folder, { recursive: true, force: true });
}
