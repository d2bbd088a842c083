import { createHash } from 'node:crypto';

import { inclusionPaths, rootFromInclusion, rootOf, type Hash } from '@writ/merkle';

import { batchTree } from './batch-tree.js';

const leavesOf = (size: number): Hash[] =>
  Array.from({ length: size }, (_, n) => Uint8Array.from(createHash('sha256').update(`leaf ${n}`).digest()) as Hash);

describe('batchTree', () => {
  it('is RFC 6962 for every size up to 257: root and every path', () => {
    for (let size = 1; size <= 257; size++) {
      const leaves = leavesOf(size);
      const tree = batchTree(Buffer.concat(leaves));
      expect(Buffer.compare(tree.root, rootOf(leaves))).toBe(0);
      const expected = inclusionPaths(leaves);
      for (let index = 0; index < size; index++) {
        const path = tree.path(index);
        expect(Buffer.compare(Buffer.concat(path), Buffer.concat(expected[index]!))).toBe(0);
        // Every path of the small trees, and the corners of the others, lead to the root; the rest equal a proven one.
        if (size > 40 && index > 0 && index < size - 1) continue;
        const root = rootFromInclusion({ leafHash: leaves[index]!, index, sizeLeaves: size, path: path });
        expect(Buffer.compare(root, tree.root)).toBe(0);
      }
    }
  });

  it('gives equal leaves their own paths', () => {
    const [leaf] = leavesOf(1);
    const leaves = [leaf!, ...leavesOf(3), leaf!];
    const tree = batchTree(Buffer.concat(leaves));
    for (const index of [0, 1, 4]) {
      const path = tree.path(index) as Hash[];
      const root = rootFromInclusion({ leafHash: leaf!, index, sizeLeaves: 5, path });
      expect(Buffer.compare(root, tree.root)).toBe(0);
    }
  });

  it('does not double an odd leaf (CVE-2012-2459)', () => {
    const leaves = leavesOf(3);
    const once = batchTree(Buffer.concat(leaves)).root;
    const twice = batchTree(Buffer.concat([...leaves, leaves[2]!])).root;
    expect(Buffer.compare(once, twice)).not.toBe(0);
  });

  it.each([0, 31, 33, 63])('refuses %d bytes of leaves', (length) => {
    expect(() => batchTree(new Uint8Array(length))).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });
});
