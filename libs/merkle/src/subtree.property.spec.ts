import fc from 'fast-check';

import { verifyConsistency } from './consistency.js';
import { leafHash, type Hash } from './hash.js';
import { verifySubtreeConsistency, verifySubtreeInclusion } from './subtree.js';
import { inclusionPath, rootOf } from './tree.js';

const leaves = Array.from({ length: 96 }, (_, at) => leafHash(Uint8Array.of(at)));

/**
 * Reference: hashes of the nodes that make the tree beside the subtree, straight from the definition. `known`: that the
 * subtree itself is one of the nodes of the tree, so that its hash needs no repeating.
 */
function pathOf(start: number, end: number, all: readonly Hash[], known: boolean): Hash[] {
  const size = all.length;
  if (start === 0 && end === size) return known ? [] : [rootOf(all)];
  let split = 1;
  while (split * 2 < size) split *= 2;
  const left = all.slice(0, split);
  const right = all.slice(split);
  if (end <= split) return [...pathOf(start, end, left, known), rootOf(right)];
  if (start >= split) return [...pathOf(start - split, end - split, right, known), rootOf(left)];
  return [...pathOf(0, end - split, right, false), rootOf(left)];
}

const codeOf = (act: () => void): unknown => {
  try {
    act();
    return 'shown';
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

/** A tree and one of its subtrees. */
const cases = fc
  .record({ size: fc.integer({ min: 1, max: leaves.length }), bits: fc.nat(7), at: fc.nat(1000), cut: fc.nat(1000) })
  .map(({ size, bits, at, cut }) => {
    const width = Math.min(2 ** bits, 2 ** Math.floor(Math.log2(size)));
    const start = (at % Math.ceil(size / width)) * width;
    const longest = Math.min(width, size - start);
    // The start is a multiple of `width`, so any end up to `width` on makes a subtree.
    return { size, start, end: start + 1 + (cut % longest) };
  });

describe('a subtree', () => {
  it('is shown to be part of its tree, by that path alone', () => {
    fc.assert(
      fc.property(cases, fc.nat(1000), ({ size, start, end }, flip) => {
        const all = leaves.slice(0, size);
        const path = pathOf(start, end, all, true);
        const proof = {
          start,
          end,
          sizeLeaves: size,
          subtreeRootHash: rootOf(leaves.slice(start, end)),
          rootHash: rootOf(all),
          path,
        };
        expect(codeOf(() => verifySubtreeConsistency(proof))).toBe('shown');
        const lies = [{ ...proof, path: [...path, path[0] ?? proof.rootHash] }];
        if (path.length > 0) {
          lies.push({ ...proof, path: path.slice(1) });
          lies.push({ ...proof, path: path.map((hash, at) => (at === flip % path.length ? changed(hash) : hash)) });
        }
        for (const lie of lies) {
          expect(codeOf(() => verifySubtreeConsistency(lie))).toBe('PROOF_INVALID');
        }
      }),
    );
  });

  it('from 0 on is an old tree', () => {
    fc.assert(
      fc.property(cases, ({ size, end }) => {
        const all = leaves.slice(0, size);
        const path = pathOf(0, end, all, true);
        const old = { subtreeRootHash: rootOf(leaves.slice(0, end)), rootHash: rootOf(all) };
        verifySubtreeConsistency({ start: 0, end, sizeLeaves: size, ...old, path });
        const { subtreeRootHash: oldRootHash, rootHash: newRootHash } = old;
        verifyConsistency({ oldSizeLeaves: end, oldRootHash, newSizeLeaves: size, newRootHash, path });
      }),
    );
  });

  it('holds its leaves and no others', () => {
    fc.assert(
      fc.property(cases, fc.nat(1000), ({ start, end }, pick) => {
        const own = leaves.slice(start, end);
        const at = pick % own.length;
        const root = rootOf(own);
        const proof = { start, end, leafHash: own[at]!, index: start + at, path: inclusionPath(own, at) };
        expect(codeOf(() => verifySubtreeInclusion(proof, root))).toBe('shown');
        expect(codeOf(() => verifySubtreeInclusion({ ...proof, index: end }, root))).toBe('REQUEST_INVALID');
        expect(codeOf(() => verifySubtreeInclusion({ ...proof, leafHash: root }, changed(root)))).toBe('PROOF_INVALID');
      }),
    );
  });

  it.each([
    [1, 3],
    [2, 5],
    [3, 3],
    [4, 9],
    [2, 1],
  ])('does not begin at %d and end at %d', (start, end) => {
    const proof = { start, end, sizeLeaves: 96, subtreeRootHash: leaves[0]!, rootHash: leaves[0]!, path: [] };
    expect(codeOf(() => verifySubtreeConsistency(proof))).toBe('REQUEST_INVALID');
    const leaf = { start, end, leafHash: leaves[0]!, index: start, path: [] };
    expect(codeOf(() => verifySubtreeInclusion(leaf, leaves[0]!))).toBe('REQUEST_INVALID');
  });
});

function changed(hash: Hash): Hash {
  const other = hash.slice();
  other[7] = (other[7] ?? 0) ^ 1;
  return other;
}
