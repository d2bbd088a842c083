import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { emptyRoot, leafHash, nodeHash, type Hash } from './hash.js';
import { rootFromInclusion } from './inclusion.js';
import { inclusionPath, inclusionPaths, rootOf } from './tree.js';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

function leavesOf(size: number): Hash[] {
  return Array.from({ length: size }, (_, index) => leafHash(bytes(`entry ${String(index)}`)));
}

function expectInvalid(act: () => unknown, field?: string): void {
  const details = field === undefined ? {} : { details: expect.objectContaining({ field }) };
  expect(act).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID', ...details }));
}

/** The tree of eight leaves that the reference implementation of Certificate Transparency tests itself with. */
const CT_LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((hex) => leafHash(hexToBytes(hex)));
const CT_ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('hashes (RFC 6962 section 2.1)', () => {
  test('of nothing, of an empty leaf', () => {
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect(bytesToHex(emptyRoot())).toBe(empty);
    expect(bytesToHex(rootOf([]))).toBe(empty);
    expect(bytesToHex(leafHash(new Uint8Array(0)))).toBe(CT_ROOTS[0]);
  });

  test.each(CT_ROOTS.map((root, index) => [index + 1, root] as const))(
    'of the first %i well-known leaves',
    (size, root) => {
      expect(bytesToHex(rootOf(CT_LEAVES.slice(0, size)))).toBe(root);
    },
  );

  test.each([undefined, null, 'a', [1], new Uint16Array(1)])('no leaf of %p', (entry) => {
    expectInvalid(() => leafHash(entry as unknown as Uint8Array));
  });

  test.each([undefined, null, 'a'.repeat(32), new Uint8Array(31), new Uint8Array(33)])('no hash in %p', (hash) => {
    const wrong = hash as unknown as Hash;
    expectInvalid(() => nodeHash(wrong, emptyRoot()), 'left');
    expectInvalid(() => nodeHash(emptyRoot(), wrong), 'right');
    expectInvalid(() => rootOf([emptyRoot(), wrong]), 'leafHashes');
    expectInvalid(() => inclusionPath([emptyRoot(), wrong], 0), 'leafHashes');
  });

  test('results are fresh arrays: to write into one changes nothing else', () => {
    const [leaf] = leavesOf(1) as [Hash];
    rootOf([leaf]).fill(0);
    rootFromInclusion({ leafHash: leaf, index: 0, sizeLeaves: 1, path: [] }).fill(0);
    emptyRoot().fill(0);
    expect(leaf).toEqual(leafHash(bytes('entry 0')));
    expect(rootOf([])).toEqual(emptyRoot());
  });
});

describe('inclusion paths', () => {
  test('there is none outside the tree', () => {
    for (const index of [-1, 3, 0.5, Number.NaN, '0'])
      expectInvalid(() => inclusionPath(leavesOf(3), index as number), 'index');
    expectInvalid(() => inclusionPath([], 0), 'index');
    expect(inclusionPaths([])).toEqual([]);
  });

  test('all paths at once are those asked for one by one', () => {
    const leaves = leavesOf(13);
    expect(inclusionPaths(leaves)).toEqual(leaves.map((_, index) => inclusionPath(leaves, index)));
  });
});

describe('rootFromInclusion', () => {
  const leaves = leavesOf(5);
  const proof = { leafHash: leaves[4]!, index: 4, sizeLeaves: 5, path: inclusionPath(leaves, 4) };

  test('takes counters as number and as bigint', () => {
    expect(rootFromInclusion(proof)).toEqual(rootOf(leaves));
    expect(rootFromInclusion({ ...proof, index: 4n, sizeLeaves: 5n })).toEqual(rootOf(leaves));
  });

  test('works in trees of any size that 64 bits can count', () => {
    const path = Array.from({ length: 64 }, () => emptyRoot());
    const largest = 2n ** 64n - 1n;
    expect(rootFromInclusion({ leafHash: leaves[0]!, index: 0n, sizeLeaves: largest, path })).toHaveLength(32);
    expectInvalid(
      () => rootFromInclusion({ leafHash: leaves[0]!, index: 0n, sizeLeaves: largest + 1n, path }),
      'sizeLeaves',
    );
  });

  test.each([-1, -1n, 5, 5n, 1.5, Number.NaN, 2 ** 53, '4', null, undefined])('refuses the index %p', (index) => {
    expectInvalid(() => rootFromInclusion({ ...proof, index: index as number }), 'index');
  });

  test.each([-1, -1n, 5.5, Infinity, '5', null, undefined])('refuses the size %p', (sizeLeaves) => {
    expectInvalid(() => rootFromInclusion({ ...proof, sizeLeaves: sizeLeaves as number }), 'sizeLeaves');
  });

  test('refuses a tree of none', () => {
    expectInvalid(() => rootFromInclusion({ ...proof, index: 0, sizeLeaves: 0, path: [] }), 'index');
  });

  test('refuses a path of another length, of wrong hashes, or that is no array', () => {
    expectInvalid(() => rootFromInclusion({ ...proof, path: [] }), 'path');
    expectInvalid(() => rootFromInclusion({ ...proof, path: [...proof.path, emptyRoot()] }), 'path');
    expectInvalid(() => rootFromInclusion({ ...proof, path: [new Uint8Array(31)] }), 'path[0]');
    expectInvalid(() => rootFromInclusion({ ...proof, path: 'path' as unknown as Hash[] }), 'path');
    expectInvalid(() => rootFromInclusion({ ...proof, leafHash: new Uint8Array(0) }), 'leafHash');
  });
});
