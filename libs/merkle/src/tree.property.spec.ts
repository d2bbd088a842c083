import { createHash, hash } from 'node:crypto';
import { installSha256 } from '@writ/encoding';
import { bytesToHex as toHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { MerkleTree } from 'merkletreejs';
import { leafHash, nodeHash, type Hash } from './hash.js';
import { rootFromInclusion } from './inclusion.js';
import { inclusionPath, inclusionPaths, rootOf } from './tree.js';

// Trees of every size: what is tried here is their shape, and OpenSSL makes the same hashes in a fraction of the time.
installSha256((input) => hash('sha256', input, 'buffer'));

const MAX_SIZE = 128;
const leaves = Array.from({ length: 2 * MAX_SIZE }, (_, index) => leafHash(Uint8Array.of(index, index >> 8)));
const roots = Array.from({ length: 2 * MAX_SIZE + 1 }, (_, size) => toHex(rootOf(leaves.slice(0, size))));
const sizes = Array.from({ length: MAX_SIZE }, (_, index) => index + 1);

/** RFC 6962 sections 2.1 and 2.1.1, word for word, over another SHA-256. */
const reference = {
  hash: (...parts: Uint8Array[]): Hash => new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest()),
  split: (size: number): number => 2 ** Math.floor(Math.log2(size - 1)),
  root(list: readonly Hash[]): Hash {
    if (list.length === 0) return reference.hash();
    if (list.length === 1) return list[0]!;
    const k = reference.split(list.length);
    return reference.hash(Uint8Array.of(1), reference.root(list.slice(0, k)), reference.root(list.slice(k)));
  },
  path(index: number, list: readonly Hash[]): Hash[] {
    if (list.length === 1) return [];
    const k = reference.split(list.length);
    return index < k
      ? [...reference.path(index, list.slice(0, k)), reference.root(list.slice(k))]
      : [...reference.path(index - k, list.slice(k)), reference.root(list.slice(0, k))];
  },
};

/** The root that a proof leads to, in hex, or `refused` where its shape is. */
function rootOrRefused(proof: Parameters<typeof rootFromInclusion>[0]): string {
  try {
    return toHex(rootFromInclusion(proof));
  } catch (error) {
    expect(error).toMatchObject({ code: 'REQUEST_INVALID' });
    return 'refused';
  }
}

test('roots, paths and proofs equal the reference for every size up to 128 and every index', () => {
  for (const size of sizes) {
    const list = leaves.slice(0, size);
    expect(roots[size]).toBe(toHex(reference.root(list)));
    inclusionPaths(list).forEach((path, index) => {
      expect(path.map(toHex)).toEqual(reference.path(index, list).map(toHex));
      expect(rootOrRefused({ leafHash: list[index]!, index, sizeLeaves: size, path })).toBe(roots[size]);
    });
  }
});

test('roots and proofs equal those of merkletreejs set up for RFC 6962', () => {
  // Inner nodes are the only inputs of 64 bytes that it hashes: the leaves come hashed.
  const hash = (node: Buffer) => Buffer.from(reference.hash(Uint8Array.of(1), new Uint8Array(node)));
  for (const size of sizes) {
    const list = leaves.slice(0, size);
    const tree = new MerkleTree(
      list.map((leaf) => Buffer.from(leaf)),
      hash,
      { hashLeaves: false, sortPairs: false, duplicateOdd: false },
    );
    expect(tree.getRoot().toString('hex')).toBe(roots[size]);
    const index = 37 % size;
    const path = tree.getProof(Buffer.from(list[index]!), index).map(({ data }) => data.toString('hex'));
    expect(path).toEqual(inclusionPath(list, index).map(toHex));
  }
});

test('a last leaf or subtree that is repeated gives another root, and no phantom leaf is included', () => {
  for (const size of sizes) {
    const list = leaves.slice(0, size);
    for (let repeated = 1; repeated <= size; repeated *= 2) {
      const longer = rootOf([...list, ...list.slice(size - repeated)]);
      expect(toHex(longer)).not.toBe(roots[size]);
    }
    const last = size - 1;
    const path = inclusionPath(list, last);
    for (const phantom of [size, size + 1]) {
      expect(rootOrRefused({ leafHash: list[last]!, index: phantom, sizeLeaves: size, path })).toBe('refused');
    }
  }
});

test('an inner node never passes for a leaf (second preimage)', () => {
  for (const size of sizes.slice(1)) {
    const list = leaves.slice(0, size);
    for (let index = 0; index + 1 < size; index += 2) {
      // The entry whose naive hash would be the inner node above two leaves, with the path above that node.
      const entry = new Uint8Array([...list[index]!, ...list[index + 1]!]);
      const path = inclusionPath(list, index).slice(1);
      const parents = Math.ceil(size / 2);
      const proof = { leafHash: leafHash(entry), index: index / 2, sizeLeaves: parents, path };
      expect(rootOrRefused(proof)).not.toBe(roots[size]);
      // Where the verifier would take a leaf hash on trust the node itself fits, but only for another tree size.
      const inner = nodeHash(list[index]!, list[index + 1]!);
      expect(toHex(leafHash(entry))).not.toBe(toHex(inner));
      expect(rootOrRefused({ ...proof, leafHash: inner, index, sizeLeaves: size })).not.toBe(roots[size]);
    }
  }
});

test('a proof for one index fails for every other index', () => {
  for (const size of sizes.slice(0, 33)) {
    const list = leaves.slice(0, size);
    list.forEach((leaf, index) => {
      const path = inclusionPath(list, index);
      for (let other = 0; other < size; other++) {
        if (other === index) continue;
        expect(rootOrRefused({ leafHash: leaf, index: other, sizeLeaves: size, path })).not.toBe(roots[size]);
      }
    });
  }
});

test('every flipped bit, dropped, added or swapped hash leads to another root or is refused', () => {
  const position = fc
    .integer({ min: 2, max: 2 * MAX_SIZE })
    .chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)));
  fc.assert(
    fc.property(position, fc.nat(), fc.nat(255), ([size, index], where, bit) => {
      const list = leaves.slice(0, size);
      const path = inclusionPath(list, index);
      const proof = { leafHash: list[index]!, index, sizeLeaves: size, path };
      const at = where % path.length;
      const flipped = path.map((hash, step) => (step === at ? withBitFlipped(hash, bit) : hash));
      const mutants = [
        { ...proof, leafHash: withBitFlipped(proof.leafHash, bit) },
        { ...proof, path: flipped },
        { ...proof, path: path.filter((_, step) => step !== at) },
        { ...proof, path: path.flatMap((hash, step) => (step === at ? [hash, hash] : [hash])) },
        { ...proof, path: [...path, proof.leafHash] },
      ];
      for (const mutant of mutants) expect(rootOrRefused(mutant)).not.toBe(roots[size]);
    }),
    { numRuns: 300 },
  );
});

function withBitFlipped(hash: Hash, bit: number): Hash {
  const copy = hash.slice();
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}
