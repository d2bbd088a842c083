/**
 * Inclusion proofs at `--leaves` leaves for the same 1,000 indices: from our tiles in a cache of at most 32 MiB, from
 * tiles on disk that nobody has read yet, and from merkletreejs `getProof` with the index given. Prints JSON.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MerkleTree } from 'merkletreejs';
import { ServedTiles } from '../../libs/lineage/dist/tiles/served-tiles.js';
import { TileFolder, tileFileReader } from '../../libs/lineage/dist/tiles/tile-folder.js';
import { growTiles, tilePath, TileProver, verifyInclusion } from '../../libs/merkle/dist/index.js';
import { installOpensslSha256 } from '../../libs/signing/dist/index.js';
import { median, ratio, round } from '../figures.mjs';
import { processorNanoseconds } from './cpu-time.mjs';

const { values } = parseArgs({
  options: {
    path: { type: 'string', default: tmpdir() },
    leaves: { type: 'string' },
    rounds: { type: 'string', default: '5' },
  },
});
installOpensslSha256();
const sizeLeaves = Number(values.leaves);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const leaves = Array.from({ length: sizeLeaves }, (_, n) => sha256(Buffer.from(`\0leaf ${n}`)));
const indices = Array.from({ length: 1_000 }, (_, n) => (n * 7_919 + 13) % sizeLeaves);

const folder = mkdtempSync(join(values.path, 'writ-bench-tiles-'));
const files = new TileFolder(folder);
const none = { readTile: () => Promise.reject(new Error('an empty tree has no tile')) };
for (const tile of await growTiles(none, 0, leaves)) files.write(tilePath(tile), tile.bytes);

const served = () => new ServedTiles(tileFileReader(folder), () => BigInt(sizeLeaves));
const prover = new TileProver(served(), sizeLeaves);
const root = await prover.root();
const oracle = new MerkleTree(
  leaves,
  (data) => sha256(data.length === 64 ? Buffer.concat([Buffer.of(1), data]) : data),
  { hashLeaves: false, sortPairs: false, duplicateOdd: false },
);
if (!Buffer.from(root).equals(oracle.getRoot())) throw new Error('void: the roots differ');

async function microsecondsEach(prove) {
  const start = processorNanoseconds();
  for (const index of indices) await prove(index);
  return (processorNanoseconds() - start) / 1_000 / indices.length;
}

async function tenTimes(prove) {
  let sum = 0;
  for (let n = 0; n < 10; n += 1) sum += await microsecondsEach(prove);
  return sum / 10;
}

for (const index of indices) {
  verifyInclusion({ index, sizeLeaves, leafHash: leaves[index], path: await prover.inclusion(index) }, root);
}
const warm = [];
const theirs = [];
for (let n = 0; n < Number(values.rounds) + 1; n += 1) {
  // Ten times the 1,000: one pass takes few milliseconds, which is what the clock can tell.
  warm.push(await tenTimes((index) => prover.inclusion(index)));
  theirs.push(await tenTimes((index) => oracle.getProof(leaves[index], index)));
}
// A reader of its own for each proof: nothing is kept from one to the next.
const cold = await microsecondsEach((index) => new TileProver(served(), sizeLeaves).inclusion(index));
rmSync(folder, { recursive: true });
console.log(
  JSON.stringify({
    leaves: sizeLeaves,
    cachedMicroseconds: round(median(warm.slice(1)), 2),
    coldMicroseconds: round(cold),
    merkletreejsMicroseconds: round(median(theirs.slice(1)), 2),
    cachedToMerkletreejs: ratio(median(warm.slice(1)), median(theirs.slice(1))),
  }),
);
