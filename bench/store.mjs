/**
 * How fast the embedded store is, against what the disk allows: raw append and fdatasync of the same bytes, measured in
 * the same run. Prints JSON. `--rows N` sets how many executions the growth figure reaches (default 100,000;
 * 1,000,000 takes a minute), `--path` a folder on the disk to measure.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openSqliteEventStore } from '../libs/event-store-sqlite/dist/index.js';
import { newEvent } from '../test/fault/harness/sample.mjs';

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '100000' }, path: { type: 'string', default: tmpdir() } },
});
const folder = mkdtempSync(join(values.path, 'writ-bench-'));
const DATA = new Uint8Array(700).fill(100);
const METADATA = new Uint8Array(500).fill(109);

let streams = 0;

function appendOne(store) {
  streams += 1;
  return store.append(`execution-bench.${streams.toString().padStart(12, '0')}`, 'no_stream', [
    newEvent({ type: 'DecisionAdmitted', data: DATA, metadata: METADATA }),
    newEvent({ type: 'ReservationPlaced', data: DATA, metadata: METADATA }),
  ]);
}

/** Appends per second of a file that is written and synced by hand, one append at a time. */
function rawPerSecond(ms) {
  const descriptor = openSync(join(folder, 'raw'), 'a');
  const bytes = Buffer.concat([DATA, METADATA, DATA, METADATA]);
  const start = performance.now();
  let count = 0;
  for (; performance.now() - start < ms; count += 1) {
    writeSync(descriptor, bytes);
    fdatasyncSync(descriptor);
  }
  closeSync(descriptor);
  return (count / (performance.now() - start)) * 1_000;
}

/** Appends per second with so many callers, each with one append under way. */
async function storePerSecond(store, inFlight, ms) {
  const start = performance.now();
  let count = 0;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (performance.now() - start < ms) {
        await appendOne(store);
        count += 1;
      }
    }),
  );
  return (count / (performance.now() - start)) * 1_000;
}

/** Microseconds per lone append, median of many: the disk's own hiccups are not the store's. */
async function loneMicroseconds(store, count) {
  const times = [];
  for (let i = 0; i < count; i += 1) {
    const start = performance.now();
    await appendOne(store);
    times.push((performance.now() - start) * 1_000);
  }
  return times.sort((a, b) => a - b)[count >> 1];
}

async function fillTo(store, executions) {
  while (streams < executions) {
    await Promise.all(Array.from({ length: Math.min(2_048, executions - streams) }, () => appendOne(store)));
  }
}

const store = await openSqliteEventStore({ path: join(folder, 'store.db'), mode: 'create' });
await fillTo(store, 1_000);
const atThousand = { lone: await loneMicroseconds(store, 500), many: await storePerSecond(store, 256, 2_000) };
const figures = { rawAppendsPerSecond: 0, byCallers: [] };
for (const callers of [1, 16, 64, 256]) {
  // Interleaved, because the disk is not equally fast at all times.
  const rounds = [];
  for (let round = 0; round < 3; round += 1)
    rounds.push([rawPerSecond(500), await storePerSecond(store, callers, 700)]);
  const median = (values) => values.sort((a, b) => a - b)[1];
  const raw = median(rounds.map(([first]) => first));
  const ours = median(rounds.map(([, second]) => second));
  figures.rawAppendsPerSecond = Math.round(raw);
  figures.byCallers.push({ callers, appendsPerSecond: Math.round(ours), ratioToRaw: Number((ours / raw).toFixed(2)) });
}
const before = process.memoryUsage().rss;
const filledFrom = streams;
await fillTo(store, Number(values.rows));
const memoryPer100k = ((process.memoryUsage().rss - before) / Math.max(1, streams - filledFrom)) * 100_000;
const rows = streams;
const atEnd = { lone: await loneMicroseconds(store, 500), many: await storePerSecond(store, 256, 2_000) };
await store.close();
const reopen = performance.now();
const again = await openSqliteEventStore({ path: join(folder, 'store.db'), mode: 'existing' });
const reopenMs = performance.now() - reopen;
await again.close();
console.log(
  JSON.stringify(
    {
      ...figures,
      growth: {
        executions: rows,
        loneAppendCostRatio: Number((atEnd.lone / atThousand.lone).toFixed(2)),
        crowdedAppendCostRatio: Number((atThousand.many / atEnd.many).toFixed(2)),
      },
      memoryBytesPer100kExecutions: Math.round(memoryPer100k),
      reopenMs: Math.round(reopenMs),
    },
    undefined,
    2,
  ),
);
rmSync(folder, { recursive: true });
