import {
  decodeEntryBundle,
  encodeEntryBundle,
  entriesPath,
  growTiles,
  leafHash,
  tilePath,
  TileProver,
} from '@writ/merkle';

import { ServedTiles } from './served-tiles.js';
import { MemoryTiles } from './tile-store.js';

const entries = Array.from({ length: 700 }, (_, n) => Buffer.from(`entry ${String(n)}`));
const hashes = entries.map((entry) => leafHash(entry));
const nothing = { readTile: () => Promise.reject(new Error('nothing is there')) };

/** The files of a tree of so many leaves, as a writer leaves them that wrote it at once. */
async function filesOf(sizeLeaves: number): Promise<MemoryTiles> {
  const tiles = new MemoryTiles();
  for (const tile of await growTiles(nothing, 0, hashes.slice(0, sizeLeaves))) tiles.write(tilePath(tile), tile.bytes);
  for (let first = 0; first < sizeLeaves; first += 256) {
    const bundle = entries.slice(first, Math.min(first + 256, sizeLeaves));
    tiles.write(entriesPath(first / 256, bundle.length), encodeEntryBundle(bundle));
  }
  return tiles;
}

function served(tiles: MemoryTiles, sizeLeaves: number, maxBytes?: number): ServedTiles {
  const read = async (path: string) => tiles.read(path);
  return new ServedTiles(read, () => BigInt(sizeLeaves), maxBytes);
}

describe('tiles as they are served', () => {
  it('are cut from wider ones where their file never was, at every size', async () => {
    const tiles = served(await filesOf(700), 700);
    for (const size of [1, 5, 255, 256, 257, 511, 512, 513, 699, 700]) {
      const expected = new TileProver(served(await filesOf(size), size), size);
      const prover = new TileProver(tiles, size);
      expect(await prover.root()).toEqual(await expected.root());
      expect(await prover.inclusion(size - 1)).toEqual(await expected.inclusion(size - 1));
    }
  });

  it('are cut from the full one where the tree has grown and nobody has said so yet', async () => {
    const tiles = served(await filesOf(512), 300);
    expect(await tiles.tile(0, 1n, 44)).toHaveLength(44 * 32);
    expect(decodeEntryBundle((await tiles.entries(1n, 44)) ?? Buffer.of(), 44)).toEqual(
      entries.slice(256, 300).map((entry) => Uint8Array.from(entry)),
    );
    expect(await tiles.tile(0, 1n, 45)).toBeUndefined();
    expect(await tiles.entries(2n, 1)).toBeUndefined();
  });

  it('are kept within a bound', async () => {
    const files = await filesOf(700);
    const bound = 48 * 1024;
    const tiles = served(files, 700, bound);
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 700; index++) await new TileProver(tiles, 700).inclusion(index);
    }
    expect(tiles.heldBytes).toBeLessThanOrEqual(bound);
    expect(tiles.heldBytes).toBeGreaterThan(0);
  });

  it('that are missing or torn are told of', async () => {
    const files = await filesOf(700);
    files.write('tile/0/001', new Uint8Array(31));
    await expect(new TileProver(served(files, 700), 700).inclusion(300)).rejects.toMatchObject({
      code: 'TILE_INVALID',
    });
    const none = served(new MemoryTiles(), 700);
    await expect(new TileProver(none, 700).inclusion(3)).rejects.toMatchObject({ code: 'TILE_INVALID' });
  });
});
