import { refuse, safeCounterOf } from './counter.js';
import { HASH_BYTES, requireHash, type Hash } from './hash.js';
import { TileNodes } from './tile-nodes.js';
import { nodesOf, type TileReader } from './tile-reader.js';
import { hashesAtLevel, TILE_HEIGHT, TILE_WIDTH, type Tile } from './tile.js';

/** A tile and its content, ready to be written. */
export interface FilledTile extends Tile {
  readonly bytes: Uint8Array;
}

/**
 * The tiles to write when `leafHashes` are appended to a tree of `oldSizeLeaves`: exactly those of `tilesBetween`,
 * level by level, left to right. Reads at most the one partial tile at the end of each level. The same leaves give the
 * same bytes, so writing again after a crash changes nothing. Throws REQUEST_INVALID, TILE_INVALID, and as the reader.
 */
export async function growTiles(
  reader: TileReader,
  oldSizeLeaves: bigint | number,
  leafHashes: readonly Hash[],
): Promise<FilledTile[]> {
  const oldSize = safeCounterOf(oldSizeLeaves, 'oldSizeLeaves');
  if (!Number.isSafeInteger(oldSize + leafHashes.length))
    refuse('leafHashes', 'a tree in tiles stays below 2^53 leaves');
  for (const hash of leafHashes) requireHash(hash, 'leafHashes');
  const tiles: FilledTile[] = [];
  let added = leafHashes;
  for (let level = 0; added.length > 0; level++) {
    const begin = hashesAtLevel(oldSize, level);
    const filled = fill(level, begin, await partialRow(reader, level, begin), added);
    tiles.push(...filled.map(({ tile }) => tile));
    added = filled.flatMap(({ root }) => (root === undefined ? [] : [root]));
  }
  return tiles;
}

/** The hashes that the last, partial tile of a level holds so far; none where it ends with a full one. */
async function partialRow(reader: TileReader, level: number, begin: number): Promise<Hash[]> {
  const width = begin % TILE_WIDTH;
  if (width === 0) return [];
  const answer = await reader.readTile(level, BigInt(Math.floor(begin / TILE_WIDTH)), width);
  const nodes = nodesOf(answer, width);
  return Array.from({ length: width }, (_, position) => nodes.node(0, position));
}

interface FilledWithRoot {
  readonly tile: FilledTile;
  /** Of a full tile only. */
  readonly root: Hash | undefined;
}

function fill(level: number, begin: number, kept: readonly Hash[], added: readonly Hash[]): FilledWithRoot[] {
  const hashes = [...kept, ...added];
  const first = Math.floor(begin / TILE_WIDTH);
  const filled: FilledWithRoot[] = [];
  for (let at = 0; at < hashes.length; at += TILE_WIDTH) {
    const row = hashes.slice(at, at + TILE_WIDTH);
    const bytes = new Uint8Array(row.length * HASH_BYTES);
    row.forEach((hash, position) => bytes.set(hash, position * HASH_BYTES));
    const root = row.length === TILE_WIDTH ? new TileNodes(bytes, TILE_WIDTH).node(TILE_HEIGHT, 0) : undefined;
    filled.push({ tile: { level, index: BigInt(first + at / TILE_WIDTH), width: row.length, bytes }, root });
  }
  return filled;
}
