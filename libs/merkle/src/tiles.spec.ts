import { decodeEntryBundle, encodeEntryBundle } from './entry-bundle.js';
import { growTiles } from './grow-tiles.js';
import { emptyRoot, leafHash, type Hash } from './hash.js';
import { verifyInclusion } from './inclusion.js';
import { rootOfFullTile, TileNodes } from './tile-nodes.js';
import { entriesPath, parseTilePath, tilePath } from './tile-path.js';
import { TileProver } from './tile-prover.js';
import { tilesBetween, tilesOf, tileWidth } from './tile.js';
import { leavesOf, TileFolder } from './tiles.fixture.js';
import { rootOf } from './tree.js';

function expectCode(code: string, act: () => unknown): void {
  expect(act).toThrow(expect.objectContaining({ code }));
}

const rejects = (promise: Promise<unknown>, code: string): Promise<void> =>
  expect(promise).rejects.toMatchObject({ code });

describe('which tiles there are', () => {
  const fills = (size: bigint | number): string[] => [...tilesOf(size)].map(tilePath);

  test('of a tree of 70,000 leaves: full and partial ones on three levels', () => {
    const tiles = fills(70_000);
    expect(tiles.filter((path) => path.startsWith('tile/0/'))).toHaveLength(274);
    expect(tiles.filter((path) => path.includes('.p/'))).toEqual([
      'tile/0/273.p/112',
      'tile/1/001.p/17',
      'tile/2/000.p/1',
    ]);
  });

  test.each([
    [0, []],
    [1, ['tile/0/000.p/1']],
    [255, ['tile/0/000.p/255']],
    [256, ['tile/0/000', 'tile/1/000.p/1']],
    [257, ['tile/0/000', 'tile/0/001.p/1', 'tile/1/000.p/1']],
  ])('of %i leaves', (size, paths) => {
    expect(fills(size)).toEqual(paths);
  });

  test('growing writes what was not there, and nothing else', () => {
    for (const [from, to] of [
      [0, 1],
      [1, 255],
      [255, 256],
      [256, 256],
      [256, 511],
      [300, 600],
      [65_535, 65_537],
    ] as const) {
      const before = new Set(fills(from));
      expect([...tilesBetween(from, to)].map(tilePath)).toEqual(fills(to).filter((path) => !before.has(path)));
    }
  });

  test('widths agree with the list, and are 0 beyond it', () => {
    const size = 66_000;
    for (const { level, index, width } of tilesOf(size)) expect(tileWidth(size, level, index)).toBe(width);
    expect(tileWidth(size, 0, 258)).toBe(0);
    expect(tileWidth(size, 3, 0)).toBe(0);
    expect(tileWidth(size, 63, 0)).toBe(0);
  });

  test('trees up to 2^53 - 1 leaves are counted exactly, larger ones refused', () => {
    const largest = 2n ** 53n - 1n;
    expect(tileWidth(largest, 0, largest / 256n)).toBe(255);
    expect(tileWidth(largest, 6, 0n)).toBe(31);
    expect([...tilesBetween(largest - 1n, largest)].map(tilePath)).toEqual(['tile/0/x035/x184/x372/x088/831.p/255']);
    for (const size of [largest + 1n, 2n ** 64n, -1n, 1.5, Number.NaN]) {
      expectCode('REQUEST_INVALID', () => [...tilesOf(size)]);
      expectCode('REQUEST_INVALID', () => new TileProver(new TileFolder(), size));
    }
    expectCode('REQUEST_INVALID', () => [...tilesBetween(2, 1)]);
  });
});

describe('paths', () => {
  test.each([
    [{ kind: 'hashes', level: 0, index: 1_234_067n, width: 256 }, 'tile/0/x001/x234/067'],
    [{ kind: 'hashes', level: 63, index: 0n, width: 1 }, 'tile/63/000.p/1'],
    [{ kind: 'hashes', level: 1, index: 999n, width: 255 }, 'tile/1/999.p/255'],
    [{ kind: 'hashes', level: 2, index: 1000n, width: 256 }, 'tile/2/x001/000'],
    [{ kind: 'entries', index: 1_234_067n, width: 8 }, 'tile/entries/x001/x234/067.p/8'],
    [{ kind: 'entries', index: 2n ** 56n - 1n, width: 256 }, 'tile/entries/x072/x057/x594/x037/x927/935'],
  ] as const)('%p is %s', (name, path) => {
    expect(parseTilePath(path)).toEqual(name);
    expect(name.kind === 'entries' ? entriesPath(name.index, name.width) : tilePath(name)).toBe(path);
  });

  test.each([
    ...['', 'tile', 'tile/0', 'tile/0/', '/tile/0/000', 'tile/0/000/', 'tile/0/0', 'tile/0/0000', 'tile/0/x001'],
    ...[
      'tile/0/x000/001',
      'tile/0/001/002',
      'tile/0/x1/002',
      'tile/00/000',
      'tile/01/000',
      'tile/64/000',
      'tile/-1/000',
    ],
    ...['tile/0/000.p', 'tile/0/000.p/', 'tile/0/000.p/0', 'tile/0/000.p/01', 'tile/0/000.p/256', 'tile/0/000.p/1000'],
    ...['tile/0/000.p/1/', 'tile/0/../000', 'tile/0/%30%30%30', 'tile/0/000\n', 'tile/entry/000', 'tile/0/٠٠٠'],
    `tile/0/${'x999/'.repeat(8)}999`,
  ])('%p is refused', (path) => {
    expectCode('REQUEST_INVALID', () => parseTilePath(path));
  });

  test('no path is written for what no tile can be', () => {
    for (const bad of [{ level: -1 }, { level: 64 }, { level: 0.5 }, { index: -1n }, { width: 0 }, { width: 257 }]) {
      expectCode('REQUEST_INVALID', () => tilePath({ level: 0, index: 0n, width: 1, ...bad }));
    }
  });
});

describe('entry bundles', () => {
  const entries = [new Uint8Array(0), Uint8Array.of(1, 2, 3), new Uint8Array(65_535).fill(7)];

  test('come back as they were; each entry has its length in front', () => {
    expect(encodeEntryBundle([Uint8Array.of(1, 2, 3)])).toEqual(Uint8Array.of(0, 3, 1, 2, 3));
    expect(decodeEntryBundle(encodeEntryBundle(entries), 3)).toEqual(entries);
    const full = Array.from({ length: 256 }, (_, at) => Uint8Array.of(at));
    expect(decodeEntryBundle(encodeEntryBundle(full), 256)).toEqual(full);
  });

  test('fewer, more and cut off entries are refused', () => {
    const bundle = encodeEntryBundle(entries);
    for (const width of [1, 2, 4]) expectCode('TILE_INVALID', () => decodeEntryBundle(bundle, width));
    for (const cut of [1, 2, 3, bundle.length - 1]) {
      expectCode('TILE_INVALID', () => decodeEntryBundle(bundle.slice(0, cut), 3));
    }
    expectCode('TILE_INVALID', () => decodeEntryBundle(new Uint8Array([...bundle, 0]), 3));
    for (const width of [0, 257]) expectCode('REQUEST_INVALID', () => decodeEntryBundle(bundle, width));
  });

  test('no bundle of none, of 257, or with an entry of 65,536 bytes', () => {
    const one = new Uint8Array(1);
    for (const bad of [[], Array.from({ length: 257 }, () => one), [new Uint8Array(65_536)]]) {
      expectCode('REQUEST_INVALID', () => encodeEntryBundle(bad));
    }
  });
});

describe('tiles', () => {
  const leaves = leavesOf(600);
  const bytesOf = (hashes: readonly Hash[]): Uint8Array => new Uint8Array(Buffer.concat(hashes));

  test('a full tile is hashed to one node of the level above', () => {
    expect(rootOfFullTile(bytesOf(leaves.slice(0, 256)))).toEqual(rootOf(leaves.slice(0, 256)));
    expectCode('TILE_INVALID', () => rootOfFullTile(bytesOf(leaves.slice(0, 255))));
  });

  test('another length than the width is refused', () => {
    for (const [count, width] of [
      [1, 2],
      [2, 1],
      [256, 255],
    ] as const) {
      expectCode('TILE_INVALID', () => new TileNodes(bytesOf(leaves.slice(0, count)), width));
    }
    expectCode('TILE_INVALID', () => new TileNodes(new Uint8Array(33), 1));
    expectCode('REQUEST_INVALID', () => new TileNodes(new Uint8Array(0), 0));
  });

  test('a partial tile has no nodes that it does not complete', () => {
    const nodes = new TileNodes(bytesOf(leaves.slice(0, 5)), 5);
    expect(nodes.node(0, 4)).toEqual(leaves[4]);
    expect(nodes.node(2, 0)).toEqual(rootOf(leaves.slice(0, 4)));
    for (const [row, position] of [
      [0, 5],
      [1, 2],
      [3, 0],
      [8, 0],
    ] as const) {
      expectCode('TILE_INVALID', () => nodes.node(row, position));
    }
  });

  test('growing asks for the partial tile of each level only, and in its old width', async () => {
    const folder = new TileFolder();
    await folder.grow(0, leaves.slice(0, 300));
    const asked: string[] = [];
    const reader = {
      readTile: (level: number, index: bigint, width: number) => {
        asked.push(tilePath({ level, index, width }));
        return folder.readTile(level, index, width);
      },
    };
    const tiles = await growTiles(reader, 300, leaves.slice(300));
    expect(asked).toEqual(['tile/0/001.p/44', 'tile/1/000.p/1']);
    expect(tiles.map(tilePath)).toEqual([...tilesBetween(300, 600)].map(tilePath));
    expect(await growTiles(reader, 300, [])).toEqual([]);
  });

  test('tiles of another width than was asked for are refused', async () => {
    const wide = { readTile: () => bytesOf(leaves.slice(0, 256)) };
    const nodes = { readTile: () => new TileNodes(bytesOf(leaves.slice(0, 6)), 6) };
    for (const reader of [wide, nodes]) {
      await rejects(new TileProver(reader, 5).inclusion(0), 'TILE_INVALID');
      await rejects(growTiles(reader, 5, leaves.slice(0, 1)), 'TILE_INVALID');
    }
  });

  test('a wrong tile leads to a proof that does not verify', async () => {
    const folder = new TileFolder();
    await folder.grow(0, leaves);
    const root = await new TileProver(folder, 600).root();
    const wrong = folder.files.get('tile/0/001')!.slice();
    wrong[0]! ^= 1;
    folder.files.set('tile/0/001', wrong);
    const path = await new TileProver(folder, 600).inclusion(300);
    expectCode('PROOF_INVALID', () =>
      verifyInclusion({ leafHash: leaves[300]!, index: 300, sizeLeaves: 600, path }, root),
    );
  });
});

describe('a prover', () => {
  test('refuses what lies outside the tree', async () => {
    const folder = new TileFolder();
    await folder.grow(0, leavesOf(5));
    const prover = new TileProver(folder, 5);
    for (const index of [5, 5n, -1, 0.5]) await rejects(prover.inclusion(index), 'REQUEST_INVALID');
    for (const old of [0, 6, -1n]) await rejects(prover.consistency(old), 'REQUEST_INVALID');
    await rejects(new TileProver(folder, 0).inclusion(0), 'REQUEST_INVALID');
  });

  test('knows the empty tree', async () => {
    const prover = new TileProver(new TileFolder(), 0);
    expect(await prover.root()).toEqual(emptyRoot());
    expect((await prover.logTree()).frontier()).toEqual({ sizeLeaves: 0n, hashes: [] });
  });

  test('reads each tile that it needs once, and what the reader throws is thrown', async () => {
    const folder = new TileFolder();
    await folder.grow(0, leavesOf(600));
    const asked: string[] = [];
    const prover = new TileProver(
      {
        readTile: (level, index, width) => {
          asked.push(tilePath({ level, index, width }));
          return folder.readTile(level, index, width);
        },
      },
      512,
    );
    await prover.inclusion(3);
    expect(asked).toEqual(['tile/0/000', 'tile/1/000.p/2']);
    folder.files.clear();
    await expect(prover.inclusion(3)).rejects.toThrow('no file');
  });

  test('a leaf alone needs no tile', async () => {
    expect(await new TileProver(new TileFolder(), 1).inclusion(0)).toEqual([]);
    expect(leafHash(new Uint8Array(0))).toHaveLength(32);
  });
});
