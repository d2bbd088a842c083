import { hash } from 'node:crypto';
import { installSha256 } from '@writ/encoding';
import fc from 'fast-check';
import { MerkleTree } from 'merkletreejs';
import { verifyConsistency } from './consistency.js';
import { nodeHash, type Hash } from './hash.js';
import { verifyInclusion } from './inclusion.js';
import { LogTree } from './log-tree.js';
import { TileProver } from './tile-prover.js';
import { leavesOf, referenceTree, TileFolder } from './tiles.fixture.js';
import { rootOf } from './tree.js';

const INCLUSION_SIZES = 512;
/** `WRIT_LONG_PROPERTIES=1` tries every pair of sizes up to 512 instead of 128. */
const CONSISTENCY_SIZES = process.env['WRIT_LONG_PROPERTIES'] === '1' ? 512 : 128;
const leaves = leavesOf(2 * INCLUSION_SIZES);
const reference = referenceTree(leaves);
const folder = new TileFolder();

// Trees of every size: what is tried here is their shape, and OpenSSL makes the same hashes in a fraction of the time.
installSha256((input) => hash('sha256', input, 'buffer'));

const hex = (hash: Hash): string => Buffer.from(hash).toString('hex');
const same = (left: readonly Hash[], right: readonly Hash[]): boolean =>
  left.length === right.length && left.every((hash, at) => Buffer.compare(hash, right[at]!) === 0);

beforeAll(async () => {
  for (let size = 0; size < leaves.length; size++) await folder.grow(size, [leaves[size]!]);
});

test(`inclusion for every size up to ${String(INCLUSION_SIZES)} and every index equals the reference and verifies`, async () => {
  const reader = folder.cached();
  for (let size = 1; size <= INCLUSION_SIZES; size++) {
    const root = reference.root(size);
    const prover = new TileProver(reader, size);
    for (let index = 0; index < size; index++) {
      const path = await prover.inclusion(index);
      if (!same(path, reference.path(index, size))) throw new Error(`${String(index)} in ${String(size)}`);
      verifyInclusion({ leafHash: leaves[index]!, index, sizeLeaves: size, path }, root);
    }
  }
}, 300_000);

test('consistency for every pair of sizes equals the reference and verifies', async () => {
  const reader = folder.cached();
  for (let size = 1; size <= CONSISTENCY_SIZES; size++) {
    for (let old = 1; old <= size; old++) {
      const path = await new TileProver(reader, size).consistency(old);
      if (!same(path, reference.consistency(old, size))) throw new Error(`${String(old)} to ${String(size)}`);
      verifyConsistency({
        oldSizeLeaves: old,
        oldRootHash: reference.root(old),
        newSizeLeaves: BigInt(size),
        newRootHash: reference.root(size),
        path,
      });
    }
  }
}, 300_000);

test('the growing tree, the tiles and the list have one root at every size, and the tree can go on from tiles', async () => {
  const reader = folder.cached();
  const tree = new LogTree();
  for (let size = 0; size <= leaves.length; size++) {
    const root = hex(tree.root());
    expect(root).toBe(hex(reference.root(size)));
    expect(hex(await new TileProver(reader, size).root())).toBe(root);
    expect(tree.sizeLeaves).toBe(BigInt(size));
    const reopened = await new TileProver(reader, size).logTree();
    expect(reopened.frontier()).toEqual(tree.frontier());
    expect(LogTree.from(tree.frontier()).frontier()).toEqual(tree.frontier());
    if (size < leaves.length) tree.append(leaves[size]!);
  }
  expect(hex(tree.root())).toBe(hex(rootOf(leaves)));
});

test('roots and paths equal those of merkletreejs set up for RFC 6962', async () => {
  const hash = (node: Buffer): Buffer =>
    Buffer.from(nodeHash(new Uint8Array(node.subarray(0, 32)), new Uint8Array(node.subarray(32))));
  for (const size of [1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 700, 1024]) {
    const list = leaves.slice(0, size).map((leaf) => Buffer.from(leaf));
    const tree = new MerkleTree(list, hash, { hashLeaves: false, sortPairs: false, duplicateOdd: false });
    expect(tree.getRoot().toString('hex')).toBe(hex(await new TileProver(folder.cached(), size).root()));
    for (let index = 0; index < size; index += 17) {
      const theirs = tree.getProof(list[index]!, index).map(({ data }) => data.toString('hex'));
      expect((await new TileProver(folder.cached(), size).inclusion(index)).map(hex)).toEqual(theirs);
    }
  }
});

test('tiles depend on the leaves only, never on how they were batched', async () => {
  const cuts = fc.array(fc.integer({ min: 0, max: leaves.length }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(cuts, async (places) => {
      const batched = new TileFolder();
      const sizes = [...new Set([0, ...places, leaves.length])].sort((left, right) => left - right);
      for (const [at, end] of sizes.entries()) {
        const begin = sizes[at - 1];
        if (begin !== undefined) await batched.grow(begin, leaves.slice(begin, end));
      }
      for (const [path, bytes] of batched.files) expect(hex(bytes)).toBe(hex(folder.files.get(path)!));
      for (const end of sizes) expect(hex(await new TileProver(batched, end).root())).toBe(hex(reference.root(end)));
    }),
    { numRuns: 30 },
  );
});

test('a changed, dropped, added or swapped hash of a consistency proof is refused, and so are other sizes and roots', async () => {
  const pair = fc
    .integer({ min: 2, max: leaves.length })
    .chain((size) => fc.tuple(fc.nat(size - 2), fc.constant(size)));
  await fc.assert(
    fc.asyncProperty(pair, fc.nat(), fc.nat(255), async ([smaller, newSizeLeaves], where, bit) => {
      const oldSizeLeaves = smaller + 1;
      const path = await new TileProver(folder.cached(), newSizeLeaves).consistency(oldSizeLeaves);
      const proof = {
        oldSizeLeaves,
        oldRootHash: reference.root(oldSizeLeaves),
        newSizeLeaves,
        newRootHash: reference.root(newSizeLeaves),
        path,
      };
      verifyConsistency(proof);
      const at = where % path.length;
      const mutants = [
        { ...proof, path: path.map((hash, step) => (step === at ? withBitFlipped(hash, bit) : hash)) },
        { ...proof, path: path.filter((_, step) => step !== at) },
        { ...proof, path: path.flatMap((hash, step) => (step === at ? [hash, hash] : [hash])) },
        { ...proof, path: [...path, proof.newRootHash] },
        { ...proof, oldRootHash: withBitFlipped(proof.oldRootHash, bit) },
        { ...proof, newRootHash: withBitFlipped(proof.newRootHash, bit) },
        { ...proof, oldRootHash: proof.newRootHash, newRootHash: proof.oldRootHash },
        { ...proof, newSizeLeaves: oldSizeLeaves },
        { ...proof, oldSizeLeaves: newSizeLeaves },
        { ...proof, path: path.map((hash, step) => (step === at ? hash.slice(1) : hash)) },
      ];
      for (const mutant of mutants) {
        expect(() => verifyConsistency(mutant)).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^(PROOF|REQUEST)_INVALID$/) }),
        );
      }
    }),
    { numRuns: 200 },
  );
});

function withBitFlipped(hash: Hash, bit: number): Hash {
  const copy = hash.slice();
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}
