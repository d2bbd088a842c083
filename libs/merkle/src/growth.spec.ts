import { verifyConsistency, verifyGrowthFromEmpty } from './consistency.js';
import { emptyRoot, nodeHash, type Hash } from './hash.js';
import { verifyInclusion } from './inclusion.js';
import { LogTree } from './log-tree.js';
import { leavesOf, referenceTree } from './tiles.fixture.js';
import { inclusionPath, rootOf } from './tree.js';

const leaves = leavesOf(8);
const reference = referenceTree(leaves);
const growth = {
  oldSizeLeaves: 3,
  oldRootHash: reference.root(3),
  newSizeLeaves: 7,
  newRootHash: reference.root(7),
  path: reference.consistency(3, 7),
};

function expectCode(code: string, act: () => unknown): void {
  expect(act).toThrow(expect.objectContaining({ code }));
}

describe('verifyConsistency', () => {
  test('takes counters as number and as bigint, up to 64 bits', () => {
    verifyConsistency(growth);
    verifyConsistency({ ...growth, oldSizeLeaves: 3n, newSizeLeaves: 7n });
    const path = Array.from({ length: 63 }, () => emptyRoot());
    const largest = { ...growth, oldSizeLeaves: 2n ** 63n, newSizeLeaves: 2n ** 64n - 1n, path };
    expectCode('PROOF_INVALID', () => verifyConsistency(largest));
    expectCode('REQUEST_INVALID', () => verifyConsistency({ ...largest, newSizeLeaves: 2n ** 64n }));
  });

  test('refuses to be asked about an old tree without leaves', () => {
    for (const newSizeLeaves of [0, 1, 7]) {
      const proof = { ...growth, oldSizeLeaves: 0, oldRootHash: emptyRoot(), newSizeLeaves, path: [] };
      expectCode('REQUEST_INVALID', () => verifyConsistency(proof));
    }
  });

  test('refuses a tree that shrinks, and sizes that are none', () => {
    expectCode('REQUEST_INVALID', () => verifyConsistency({ ...growth, oldSizeLeaves: 8 }));
    for (const size of [-1, 0.5, Number.NaN, 2 ** 53, '3']) {
      expectCode('REQUEST_INVALID', () => verifyConsistency({ ...growth, oldSizeLeaves: size as number }));
      expectCode('REQUEST_INVALID', () => verifyConsistency({ ...growth, newSizeLeaves: size as number }));
    }
  });

  test('two roots for one size are never consistent', () => {
    const same = { ...growth, newSizeLeaves: 3, newRootHash: growth.oldRootHash, path: [] };
    verifyConsistency(same);
    expectCode('PROOF_INVALID', () => verifyConsistency({ ...same, newRootHash: growth.newRootHash }));
    expectCode('PROOF_INVALID', () => verifyConsistency({ ...same, path: growth.path }));
  });

  test('refuses hashes of another length and paths that are none', () => {
    const short = new Uint8Array(31);
    expectCode('REQUEST_INVALID', () => verifyConsistency({ ...growth, oldRootHash: short }));
    expectCode('REQUEST_INVALID', () => verifyConsistency({ ...growth, newRootHash: short }));
    expectCode('PROOF_INVALID', () => verifyConsistency({ ...growth, path: [short] }));
    expectCode('PROOF_INVALID', () => verifyConsistency({ ...growth, path: [] }));
    expectCode('REQUEST_INVALID', () => verifyConsistency({ ...growth, path: 'path' as unknown as Hash[] }));
  });
});

describe('verifyGrowthFromEmpty', () => {
  test('asks for no path, and for the root of nothing where there is nothing', () => {
    verifyGrowthFromEmpty(7, growth.newRootHash, []);
    verifyGrowthFromEmpty(0, emptyRoot(), []);
    expectCode('PROOF_INVALID', () => verifyGrowthFromEmpty(7, growth.newRootHash, [emptyRoot()]));
    expectCode('PROOF_INVALID', () => verifyGrowthFromEmpty(0, growth.newRootHash, []));
    expectCode('REQUEST_INVALID', () => verifyGrowthFromEmpty(7, new Uint8Array(31), []));
  });
});

describe('verifyInclusion', () => {
  const proof = { leafHash: leaves[2]!, index: 2, sizeLeaves: 7, path: inclusionPath(leaves.slice(0, 7), 2) };

  test('tells a proof that fails from a question that makes no sense', () => {
    verifyInclusion(proof, reference.root(7));
    expectCode('PROOF_INVALID', () => verifyInclusion(proof, reference.root(6)));
    expectCode('PROOF_INVALID', () => verifyInclusion({ ...proof, leafHash: leaves[3]! }, reference.root(7)));
    expectCode('PROOF_INVALID', () => verifyInclusion({ ...proof, path: proof.path.slice(1) }, reference.root(7)));
    expectCode('PROOF_INVALID', () => verifyInclusion({ ...proof, path: [new Uint8Array(31)] }, reference.root(7)));
    expectCode('REQUEST_INVALID', () => verifyInclusion({ ...proof, index: 7 }, reference.root(7)));
    expectCode('REQUEST_INVALID', () => verifyInclusion(proof, new Uint8Array(31)));
  });

  test('an inner node is no leaf: the tree size says how long its path is', () => {
    const inner = nodeHash(leaves[2]!, leaves[3]!);
    const shortened = { leafHash: inner, index: 1, sizeLeaves: 7, path: proof.path.slice(1) };
    expectCode('PROOF_INVALID', () => verifyInclusion(shortened, reference.root(7)));
  });
});

describe('LogTree', () => {
  test('keeps one hash for each bit of its size, as values', () => {
    const tree = new LogTree();
    for (const leaf of leaves.slice(0, 7)) tree.append(leaf);
    const frontier = tree.frontier();
    expect(frontier.hashes).toHaveLength(3);
    frontier.hashes[0]?.fill(0);
    tree.root().fill(0);
    expect(tree.root()).toEqual(rootOf(leaves.slice(0, 7)));
    expect(LogTree.from(tree.frontier()).root()).toEqual(tree.root());
  });

  test('tells of each perfect subtree that a leaf completes', () => {
    const tree = new LogTree();
    const joined: [number, Uint8Array][] = [];
    for (const leaf of leaves.slice(0, 6)) tree.append(leaf, (height, root) => joined.push([height, root]));
    const expected = [leaves.slice(0, 2), leaves.slice(2, 4), leaves.slice(0, 4), leaves.slice(4, 6)];
    expect(joined).toEqual(expected.map((part) => [Math.log2(part.length), rootOf(part)]));
  });

  test('keeps a copy of a leaf, also where the caller has it in a buffer', () => {
    const tree = new LogTree();
    const buffer = Buffer.alloc(32);
    for (const leaf of leaves.slice(0, 5)) {
      buffer.set(leaf);
      tree.append(buffer);
    }
    buffer.fill(0);
    expect(tree.root()).toEqual(rootOf(leaves.slice(0, 5)));
  });

  test('hashes entries as leaves', () => {
    const tree = new LogTree();
    tree.appendEntry(new Uint8Array(Buffer.from('entry 0')));
    expect(tree.root()).toEqual(leaves[0]);
  });

  test('refuses what is no hash, and frontiers that do not fit their size', () => {
    const tree = new LogTree();
    expectCode('REQUEST_INVALID', () => tree.append(new Uint8Array(31)));
    expect(tree.sizeLeaves).toBe(0n);
    const [hash] = leaves;
    for (const [sizeLeaves, hashes] of [
      [1n, []],
      [2n, [hash!, hash!]],
      [3n, [hash!]],
      [1n, [new Uint8Array(31)]],
      [-1n, []],
      [2n ** 64n, [hash!]],
    ] as const) {
      expectCode('REQUEST_INVALID', () => LogTree.from({ sizeLeaves, hashes }));
    }
  });
});
