/**
 * What the tree costs those who decide: decisions a second of a ledger on disk with and without sequencing and anchoring,
 * in rounds that take turns. Each round ends when its own events are anchored, so that none works for another's count.
 * Prints JSON.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median, ratio, round } from '../figures.mjs';
import { newApplication, openLedger, openWithoutTree } from '../ledger.mjs';

const { values } = parseArgs({
  options: {
    path: { type: 'string', default: tmpdir() },
    ms: { type: 'string', default: '4000' },
    rounds: { type: 'string', default: '5' },
    callers: { type: 'string', default: '64' },
  },
});
const ms = Number(values.ms);
const folder = mkdtempSync(join(values.path, 'writ-bench-write-path-'));
const withTree = await openLedger(join(folder, 'with'));
mkdirSync(join(folder, 'without', 'state'), { recursive: true });
const without = await openWithoutTree(join(folder, 'without'));

async function decisionsPerSecond({ operations, context }) {
  const start = performance.now();
  let count = 0;
  await Promise.all(
    Array.from({ length: Number(values.callers) }, async () => {
      for (; performance.now() - start < ms; count += 1) await operations.evaluate(context, newApplication());
    }),
  );
  return (count / (performance.now() - start)) * 1_000;
}

/** Until nothing waits for an index any more: how far the tree was behind when the load ended. */
async function settle({ instance }) {
  const start = performance.now();
  for (;;) {
    const { fault, sizeLeaves, checkpointSizeLeaves, behind } = await instance.lineageStatus();
    if (fault !== undefined) throw new Error(`void: ${fault.message}`);
    if (behind === 0 && sizeLeaves === checkpointSizeLeaves) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const again = await instance.lineageStatus();
      if (again.sizeLeaves === sizeLeaves) return performance.now() - start - 500;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

await decisionsPerSecond(withTree);
await decisionsPerSecond(without);
await settle(withTree);
const rounds = [];
for (let n = 0; n < Number(values.rounds); n += 1) {
  const one = async () => ({ without: await decisionsPerSecond(without) });
  const other = async () => {
    const figure = await decisionsPerSecond(withTree);
    return { with: figure, settledAfterMs: await settle(withTree) };
  };
  // Neither is always the second.
  const parts = n % 2 === 0 ? [await one(), await other()] : [await other(), await one()];
  rounds.push({ ...parts[0], ...parts[1] });
}
await withTree.instance.close();
await without.close();
rmSync(folder, { recursive: true });
const [ours, theirs] = [median(rounds.map((each) => each.with)), median(rounds.map((each) => each.without))];
console.log(
  JSON.stringify({
    callers: Number(values.callers),
    withTreePerSecond: round(ours),
    withoutTreePerSecond: round(theirs),
    ratio: ratio(ours, theirs),
    ratioOfRounds: rounds.map((each) => ratio(each.with, each.without)),
    settledAfterMs: round(median(rounds.map((each) => each.settledAfterMs))),
  }),
);
