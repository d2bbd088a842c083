import { refuse, safeCounterOf } from './counter.js';
import { HASH_BYTES } from './hash.js';

/** Hashes in a full tile: eight levels of the tree (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;
/** Levels of the tree that one level of tiles spans. */
export const TILE_HEIGHT = 8;
/** 256^6 leaves are more than 2^53 - 1 below one hash of level 6; a level 7 cannot hold any. */
const TILE_LEVELS = 7;

/** Place and fill of one tile. */
export interface Tile {
  /** 0 holds the leaf hashes; each hash of level l + 1 is the root of a full tile of level l. */
  readonly level: number;
  /** 0-based from the left. */
  readonly index: bigint;
  /** Hashes in it: 256 when it is full, 1 to 255 when it is partial. */
  readonly width: number;
}

/** Hashes that all tiles of one level hold together in a tree of `size` leaves. */
export function hashesAtLevel(size: number, level: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/**
 * Width of one tile in a tree of `sizeLeaves` (below 2^53); 0 where it does not exist. Throws REQUEST_INVALID.
 */
export function tileWidth(sizeLeaves: bigint | number, level: number, index: bigint | number): number {
  const size = safeCounterOf(sizeLeaves, 'sizeLeaves');
  requireLevel(level);
  const before = safeCounterOf(index, 'index') * TILE_WIDTH;
  return Math.max(0, Math.min(TILE_WIDTH, hashesAtLevel(size, level) - before));
}

/** All tiles of a tree of `sizeLeaves`, level by level, left to right; the last of a level may be partial. */
export function tilesOf(sizeLeaves: bigint | number): Iterable<Tile> {
  return tilesBetween(0, sizeLeaves);
}

/**
 * The tiles that a tree of `oldSizeLeaves` does not have and one of `newSizeLeaves` has: those to write when it grows.
 * A partial tile that filled up further is a new tile. Throws REQUEST_INVALID when the tree would shrink.
 */
export function* tilesBetween(oldSizeLeaves: bigint | number, newSizeLeaves: bigint | number): Generator<Tile> {
  const oldSize = safeCounterOf(oldSizeLeaves, 'oldSizeLeaves');
  const newSize = safeCounterOf(newSizeLeaves, 'newSizeLeaves');
  if (oldSize > newSize) refuse('newSizeLeaves', 'a tree never shrinks');
  for (let level = 0; level < TILE_LEVELS; level++) {
    const begin = hashesAtLevel(oldSize, level);
    const end = hashesAtLevel(newSize, level);
    if (begin === end) return;
    for (let index = Math.floor(begin / TILE_WIDTH); index * TILE_WIDTH < end; index++) {
      yield { level, index: BigInt(index), width: Math.min(TILE_WIDTH, end - index * TILE_WIDTH) };
    }
  }
}

/** Bytes of a tile of that width. */
export function tileSizeBytes(width: number): number {
  return width * HASH_BYTES;
}

/** Throws REQUEST_INVALID unless `level` is one that the path of a tile can name (0 to 63). */
export function requireLevel(level: number): void {
  if (!Number.isInteger(level) || level < 0 || level > 63)
    refuse('level', '`level` must be a whole number from 0 to 63');
}

/** Throws REQUEST_INVALID unless `width` is one that a tile can have (1 to 256). */
export function requireWidth(width: number): void {
  if (!Number.isInteger(width) || width < 1 || width > TILE_WIDTH) {
    refuse('width', '`width` must be a whole number from 1 to 256');
  }
}
