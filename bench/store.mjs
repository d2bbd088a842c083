/**
 * How fast the embedded store is, against what the disk allows: raw append and fdatasync of the same bytes, measured in
 * the same run. Prints JSON. `--rows N` sets how many executions the growth figure reaches (default 100,000;
 * 1,000,000 takes a minute), `--path` a folder on the disk to measure.
 */
import { randomBytes } from 'node:crypto';
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
/** Whether ids ascend with time, as the ledger's do, or fall anywhere in the index. */
let ordered = true;

function appendOne(store) {
  streams += 1;
  return store.append(`execution-bench.${streams.toString().padStart(12, '0')}`, 'no_stream', [
    sample('DecisionAdmitted'),
    sample('ReservationPlaced'),
  ]);
}

function sample(type) {
  return newEvent({ type, data: DATA, metadata: METADATA, ...(ordered ? {} : { eventId: randomId() }) });
}

/** The form of a UUIDv7 without its order. */
function randomId() {
  const hex = randomBytes(16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
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

/** What one append costs: median time alone, and processor time of all threads alone and in a crowd. */
async function costs(store) {
  const count = 500;
  const times = [];
  const lone = await processorTime(count, async () => {
    for (let i = 0; i < count; i += 1) {
      const start = performance.now();
      await appendOne(store);
      times.push((performance.now() - start) * 1_000);
    }
  });
  const crowd = 16_384;
  const crowded = await processorTime(crowd, () => fillTo(store, streams + crowd, 256));
  return { loneMicroseconds: times.sort((a, b) => a - b)[count >> 1], loneProcessor: lone, crowdedProcessor: crowded };
}

/** Microseconds of processor time for each of `count`. */
async function processorTime(count, work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

async function fillTo(store, executions, atATime = 1_024) {
  while (streams < executions) {
    await Promise.all(Array.from({ length: Math.min(atATime, executions - streams) }, () => appendOne(store)));
  }
}

/** Resident bytes, after a collection where node was started with `--expose-gc`. */
function residentBytes() {
  globalThis.gc?.();
  return process.memoryUsage().rss;
}

function ratio(value, reference) {
  return Number((value / reference).toFixed(2));
}

/** The same growth in another store, with ids in no order. */
async function randomIds(executions) {
  ordered = false;
  streams = 0;
  const other = await openSqliteEventStore({ path: join(folder, 'random.db'), mode: 'create' });
  await fillTo(other, 1_000);
  const before = await costs(other);
  await fillTo(other, executions);
  const after = await costs(other);
  await other.close();
  return {
    executions: streams,
    crowdedProcessorRatio: ratio(after.crowdedProcessor, before.crowdedProcessor),
    processorRatioToOrdered: ratio(after.crowdedProcessor, atEnd.crowdedProcessor),
  };
}

const store = await openSqliteEventStore({ path: join(folder, 'store.db'), mode: 'create' });
await fillTo(store, 1_000);
const atThousand = await costs(store);
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
  figures.byCallers.push({ callers, appendsPerSecond: Math.round(ours), ratioToRaw: ratio(ours, raw) });
}
// The second half of the growth: by then caches and heaps have the size that they keep.
await fillTo(store, Number(values.rows) / 2);
const halfway = { streams, bytes: residentBytes() };
await fillTo(store, Number(values.rows));
const bytesPerExecution = (residentBytes() - halfway.bytes) / Math.max(1, streams - halfway.streams);
const rows = streams;
const atEnd = await costs(store);
await store.close();
const random = await randomIds(rows);
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
        loneTimeRatio: ratio(atEnd.loneMicroseconds, atThousand.loneMicroseconds),
        loneProcessorRatio: ratio(atEnd.loneProcessor, atThousand.loneProcessor),
        crowdedProcessorRatio: ratio(atEnd.crowdedProcessor, atThousand.crowdedProcessor),
      },
      randomIds: random,
      memoryBytesPerExecution: Math.round(bytesPerExecution),
      reopenMs: Math.round(reopenMs),
    },
    undefined,
    2,
  ),
);
rmSync(folder, { recursive: true });
