/**
 * What grows with the ledger: memory kept for each execution, and the time of a restart. Takes `--executions` (default
 * 100,000) and `--path`; wants `--expose-gc`. Prints JSON. A child of `main.mjs`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decisionCounter } from './decision-counter.mjs';
import { round } from './figures.mjs';
import { newApplication, openLedger } from './ledger.mjs';
import { startLedgerServer } from './wire/processes.mjs';

const { values } = parseArgs({
  options: { path: { type: 'string', default: tmpdir() }, executions: { type: 'string', default: '100000' } },
});
const executions = Number(values.executions);
const AT_A_TIME = 256;
const folder = mkdtempSync(join(values.path, 'writ-bench-growth-'));
const ledger = await openLedger(folder);

async function fill(count) {
  let left = count;
  const caller = async () => {
    while (left-- > 0) await ledger.operations.evaluate(ledger.context, newApplication());
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, caller));
  await indexed();
}

/** The index holds nothing in memory, but while it works it needs some. */
async function indexed() {
  while ((await ledger.instance.metrics.indexBehind()) > 0) await new Promise((resolve) => setTimeout(resolve, 100));
}

/** After a collection: what is still referred to, and what the system has given to all threads. */
async function memory() {
  for (let n = 0; n < 3; n += 1) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { kept: heapUsed + external, rss };
}

// The second half counts: by then caches and heaps have the size that they keep.
await fill(executions / 2);
const halfway = await memory();
await fill(executions / 2);
const atEnd = await memory();
await ledger.instance.close();

const counter = decisionCounter(join(folder, 'ledger.db'));
const recorded = counter.decisions();
counter.close();
if (recorded !== executions) throw new Error(`void: ${executions} answers, ${recorded} decisions recorded`);

const restarts = [];
for (let n = 0; n < 3; n += 1) {
  const server = await startLedgerServer(folder);
  restarts.push(server.startMs);
  await server.stop();
}
rmSync(folder, { recursive: true });
const each = (name) => round((atEnd[name] - halfway[name]) / (executions / 2));
console.log(
  JSON.stringify({
    executions,
    events: executions * 2,
    keptBytesPerExecution: each('kept'),
    residentBytesPerExecution: each('rss'),
    residentMegabytes: round(atEnd.rss / 1024 / 1024),
    restartMs: restarts.map((ms) => round(ms)),
  }),
);
