import { TileNodes } from './tile-nodes.js';
import { hashesAtLevel, TILE_HEIGHT, TILE_WIDTH } from './tile.js';
import { foldRight } from './log-tree.js';
import type { Hash } from './hash.js';

/**
 * Where tiles come from: a folder, a server, a cache. Asked for exactly the width that the tile has in the tree that is
 * proven from; whoever only kept the full tile answers with its first `width` hashes. What it answers is believed:
 * a proof from wrong tiles is a proof that does not verify. An answer as `TileNodes` saves hashing it again.
 */
export interface TileReader {
  readTile(level: number, index: bigint, width: number): TileAnswer | Promise<TileAnswer>;
}

/** The hashes of a tile one after another, or the same with the nodes above them. */
export type TileAnswer = Uint8Array | TileNodes;

/** One subtree: `position` counts the subtrees of 2^`height` leaves from the left. The last one may be incomplete. */
export interface Subtree {
  readonly height: number;
  readonly position: number;
}

/** No tree that is kept in tiles fills a subtree of this height. */
const MAX_HEIGHT = 53;

/** Hashes of subtrees of a tree of `size` leaves, each tile read once. Throws TILE_INVALID, and as the reader does. */
export async function readSubtrees(reader: TileReader, size: number, subtrees: readonly Subtree[]): Promise<Hash[]> {
  const parts = subtrees.map((subtree) => perfectParts(subtree, size));
  const tiles = new Map<string, TileNodes>();
  for (const part of parts.flat()) {
    const { level, index } = placeOf(part);
    const key = keyOf(level, index);
    if (tiles.has(key)) continue;
    const width = Math.min(TILE_WIDTH, hashesAtLevel(size, level) - index * TILE_WIDTH);
    const answer = reader.readTile(level, BigInt(index), width);
    // Tiles that are at hand cost no turn of the event loop.
    const tile = answer instanceof Promise ? await answer : answer;
    tiles.set(key, tile instanceof TileNodes ? tile : new TileNodes(tile, width));
  }
  return parts.map((part) => hashOf(part, tiles));
}

/** The perfect subtrees that a tree of `size` leaves falls into, largest first. */
export function frontierOf(size: number): Subtree[] {
  return perfectParts({ height: MAX_HEIGHT, position: 0 }, size);
}

/** The subtree itself where it is complete, else the perfect ones that its leaves fall into, largest first. */
function perfectParts({ height, position }: Subtree, size: number): Subtree[] {
  const begin = position * 2 ** height;
  if (begin + 2 ** height <= size) return [{ height, position }];
  const parts: Subtree[] = [];
  let at = begin;
  for (let part = height - 1; part >= 0; part--) {
    if (at + 2 ** part > size) continue;
    parts.push({ height: part, position: at / 2 ** part });
    at += 2 ** part;
  }
  return parts;
}

function hashOf(parts: readonly Subtree[], tiles: ReadonlyMap<string, TileNodes>): Hash {
  const hashes = parts.map((part) => {
    const { level, index, row, position } = placeOf(part);
    const tile = tiles.get(keyOf(level, index));
    if (tile === undefined) throw new Error('every tile was read before');
    return tile.node(row, position);
  });
  const root = foldRight(hashes);
  if (root === undefined) throw new Error('every subtree has leaves');
  return root;
}

/** The tile that holds a perfect subtree, and the row and the position in it. */
function placeOf({ height, position }: Subtree): { level: number; index: number; row: number; position: number } {
  const row = height % TILE_HEIGHT;
  const perTile = TILE_WIDTH / 2 ** row;
  return {
    level: (height - row) / TILE_HEIGHT,
    index: Math.floor(position / perTile),
    row,
    position: position % perTile,
  };
}

function keyOf(level: number, index: number): string {
  return `${String(level)}/${String(index)}`;
}
