/**
 * One more leaf, and the root known: our `LogTree` at growing sizes against merkletreejs `addLeaf` at `--oracle` leaves.
 * Also how much memory a tree of any size takes. Prints JSON.
 */
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { MerkleTree } from 'merkletreejs';
import { LogTree } from '../../libs/merkle/dist/index.js';
import { installOpensslSha256 } from '../../libs/signing/dist/index.js';
import { median, round } from '../figures.mjs';
import { processorNanoseconds } from './cpu-time.mjs';

const { values } = parseArgs({ options: { largest: { type: 'string' }, oracle: { type: 'string' } } });
installOpensslSha256();
const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const leaf = (n) => sha256(Buffer.from(`\0leaf ${n}`));
const leaves = Array.from({ length: 2_000 }, (_, n) => leaf(n));

/** Nanoseconds for each of so many leaves appended from here on; `withRoot`: the root asked for after each. */
function nanosecondsEach(tree, count, withRoot) {
  const start = processorNanoseconds();
  for (let n = 0; n < count; n += 1) {
    tree.append(leaves[n % leaves.length]);
    if (withRoot) tree.root();
  }
  return (processorNanoseconds() - start) / count;
}

const tree = new LogTree();
for (let warm = 0; warm < 5; warm += 1) nanosecondsEach(new LogTree(), 20_000, true);
const sizes = [1_000, 10_000, 100_000, 1_000_000, 10_000_000].filter((size) => size <= Number(values.largest));
const ours = {};
const oursWithRoot = {};
let frontierHashes = {};
for (const size of sizes) {
  while (Number(tree.sizeLeaves) < size) tree.append(leaves[Number(tree.sizeLeaves) % leaves.length]);
  const { hashes } = tree.frontier();
  // Over 32,768 leaves every pattern of carries comes, so that no size is lucky.
  const each = (withRoot) =>
    round(median(Array.from({ length: 9 }, () => nanosecondsEach(LogTree.from(tree.frontier()), 32_768, withRoot))));
  ours[size] = each(false);
  oursWithRoot[size] = each(true);
  frontierHashes = { ...frontierHashes, [size]: hashes.length };
}

const oracleSize = Number(values.oracle);
const rfc6962 = (data) => sha256(data.length === 64 ? Buffer.concat([Buffer.of(1), data]) : data);
const oracle = new MerkleTree(
  Array.from({ length: oracleSize }, (_, n) => leaf(n)),
  rfc6962,
  { hashLeaves: false, sortPairs: false, duplicateOdd: false },
);
const times = [];
for (let n = 0; n < 5; n += 1) {
  const start = processorNanoseconds();
  oracle.addLeaf(leaf(oracleSize + n));
  oracle.getRoot();
  times.push(processorNanoseconds() - start);
}
const check = new LogTree();
for (let n = 0; n < oracleSize + 5; n += 1) check.append(leaf(n));
if (!Buffer.from(check.root()).equals(oracle.getRoot())) throw new Error('void: the roots differ');

const theirs = median(times);
const atOracle = oursWithRoot[oracleSize] ?? oursWithRoot[sizes.at(-1)];
console.log(
  JSON.stringify({
    nanosecondsPerLeaf: ours,
    nanosecondsPerLeafAndRoot: oursWithRoot,
    largestToSmallest: round(ours[sizes.at(-1)] / ours[sizes[0]], 2),
    frontierHashes,
    merkletreejs: { leaves: oracleSize, nanosecondsPerLeaf: round(theirs), timesOurs: round(theirs / atOracle) },
  }),
);
