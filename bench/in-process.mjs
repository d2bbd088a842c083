/**
 * The ledger without the wire: decisions a second (evaluate, canonicalise, hash, sign, append durably) against raw
 * durable appends of the same bytes, and against the same pipeline without a store. Takes `--path`, `--ms`, `--rounds`.
 * Prints JSON. A child of `main.mjs`, because each measurement wants a process with nothing else in it.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decisionCounter } from './decision-counter.mjs';
import { median, percentile, ratio, round } from './figures.mjs';
import { newApplication, openLedger, openWithoutStore } from './ledger.mjs';

const { values } = parseArgs({
  options: {
    path: { type: 'string', default: tmpdir() },
    ms: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '5' },
    warm: { type: 'string', default: '20000' },
    only: { type: 'string', default: '' },
  },
});
const ms = Number(values.ms);
const folder = mkdtempSync(join(values.path, 'writ-bench-inprocess-'));

/** Decisions a second with `callers` evaluations under way at all times. */
async function decisionsPerSecond({ operations, context }, callers) {
  const times = [];
  const start = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (let sent = start; sent - start < ms; sent = performance.now()) {
        await operations.evaluate(context, newApplication());
        times.push(performance.now() - sent);
      }
    }),
  );
  const elapsed = performance.now() - start;
  times.sort((a, b) => a - b);
  return {
    count: times.length,
    perSecond: (times.length / elapsed) * 1_000,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
  };
}

/** What `writer` appends a second by hand: so many bytes, and a sync for each. */
function rawPerSecond(bytes) {
  const descriptor = openSync(join(folder, 'raw'), 'a');
  const start = performance.now();
  let count = 0;
  for (; performance.now() - start < ms; count += 1) {
    writeSync(descriptor, bytes);
    fdatasyncSync(descriptor);
  }
  closeSync(descriptor);
  return (count / (performance.now() - start)) * 1_000;
}

/** The bytes that one admitted evaluation stores. */
async function storedBytes({ operations, context }) {
  const { receipt } = await operations.evaluate(context, newApplication());
  const sizes = counter.sizeOf(receipt.events.map((event) => event.eventId));
  return Buffer.alloc(sizes, 120);
}

const ledger = await openLedger(folder);
const withoutStore = await openWithoutStore();
const counter = decisionCounter(join(folder, 'ledger.db'));
const bytes = await storedBytes(ledger);
counter.decisions();

async function counted(callers) {
  const before = counter.decisions();
  const figure = await decisionsPerSecond(ledger, callers);
  const recorded = counter.decisions() - before;
  if (recorded !== figure.count) throw new Error(`void: ${figure.count} answers, ${recorded} decisions recorded`);
  return figure;
}

async function compare(callers, reference) {
  const rounds = [];
  for (let n = 0; n < Number(values.rounds); n += 1) rounds.push([await reference(), await counted(callers)]);
  const theirs = median(rounds.map(([first]) => first));
  const ours = median(rounds.map(([, second]) => second.perSecond));
  return {
    callers,
    decisionsPerSecond: Math.round(ours),
    referencePerSecond: Math.round(theirs),
    ratio: ratio(ours, theirs),
    p50Ms: round(median(rounds.map(([, second]) => second.p50Ms)), 3),
    p99Ms: round(median(rounds.map(([, second]) => second.p99Ms)), 3),
  };
}

const figures = { storedBytes: bytes.length };
// Warm before anything counts. That takes calls, not time.
for (const each of [ledger, withoutStore]) {
  for (let warm = 0; warm < Number(values.warm);) warm += (await decisionsPerSecond(each, 64)).count;
}
if (values.only !== 'crowd') figures.lone = await compare(1, async () => rawPerSecond(bytes));
if (values.only !== 'lone') {
  figures.withoutStore = [];
  for (const callers of [64, 256]) {
    figures.withoutStore.push(
      await compare(callers, async () => (await decisionsPerSecond(withoutStore, callers)).perSecond),
    );
  }
}
counter.close();
await ledger.instance.close();
await withoutStore.close();
rmSync(folder, { recursive: true });
console.log(JSON.stringify(figures));
