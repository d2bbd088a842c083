import { IntegrityError, RejectedError } from '@writ/errors';
import {
  decodeEntryBundle,
  encodeEntryBundle,
  entriesPath,
  TILE_WIDTH,
  TileNodes,
  tilePath,
  tileWidth,
  type TileReader,
} from '@writ/merkle';

import type { ReadTileFile } from './tile-store.js';

/** A tile with all the nodes above it, and what Map and views take. */
const TILE_COST_BYTES = 80 * 1024;
const MAX_CACHE_BYTES = 32 * 1024 * 1024;
const HASH_BYTES = 32;

/**
 * The tiles of the tree for reading, on the thread that serves: full tiles are kept, the least recently used out first,
 * within 32 MiB. A partial tile whose file is gone, or never was, is cut from a wider one.
 */
export class ServedTiles implements TileReader {
  readonly #readFile: ReadTileFile;
  readonly #sizeLeaves: () => bigint;
  readonly #capacity: number;
  /** A Map keeps the order of insertion: the first is the one used longest ago. */
  readonly #full = new Map<string, TileNodes>();

  /** @param sizeLeaves of the tree whose tiles are all there */
  constructor(readFile: ReadTileFile, sizeLeaves: () => bigint, maxBytes = MAX_CACHE_BYTES) {
    this.#readFile = readFile;
    this.#sizeLeaves = sizeLeaves;
    this.#capacity = Math.max(1, Math.floor(maxBytes / TILE_COST_BYTES));
  }

  /** @throws IntegrityError `TILE_INVALID` for a tile that is missing or has another length */
  readTile(level: number, index: bigint, width: number): TileNodes | Promise<TileNodes> {
    const path = tilePath({ level, index, width: TILE_WIDTH });
    const known = this.#full.get(path);
    if (known !== undefined) {
      if (width === TILE_WIDTH) {
        this.#full.delete(path);
        this.#full.set(path, known);
        return known;
      }
      return cut(known, width);
    }
    return this.#load(level, index, width, path);
  }

  /** The bytes of a hash tile; `undefined` where no tree of ours has it. */
  async tile(level: number, index: bigint, width: number): Promise<Uint8Array | undefined> {
    for (const held of this.#widthsWith(level, index, width)) {
      const bytes = await this.#readFile(tilePath({ level, index, width: held }));
      if (bytes !== undefined) return held === width ? bytes : bytes.slice(0, width * HASH_BYTES);
    }
    return undefined;
  }

  /** The bytes of an entry bundle; likewise. */
  async entries(index: bigint, width: number): Promise<Uint8Array | undefined> {
    for (const held of this.#widthsWith(0, index, width)) {
      const bytes = await this.#readFile(entriesPath(index, held));
      if (bytes === undefined) continue;
      return held === width ? bytes : encodeEntryBundle(decodeEntryBundle(bytes, held).slice(0, width));
    }
    return undefined;
  }

  async #load(level: number, index: bigint, width: number, fullPath: string): Promise<TileNodes> {
    const full = await this.#readFile(fullPath);
    if (full === undefined) {
      const bytes = await this.tile(level, index, width);
      if (bytes === undefined) throw missing(fullPath, width);
      return new TileNodes(bytes, width);
    }
    const nodes = new TileNodes(full, TILE_WIDTH);
    if (this.#full.size >= this.#capacity) {
      for (const oldest of this.#full.keys()) {
        this.#full.delete(oldest);
        break;
      }
    }
    this.#full.set(fullPath, nodes);
    return width === TILE_WIDTH ? nodes : cut(nodes, width);
  }

  /** Widths of files that hold the wanted one: itself, the full tile, and the one of the tree as it is now. */
  #widthsWith(level: number, index: bigint, width: number): readonly number[] {
    const now = tileWidth(this.#sizeLeaves(), level, index);
    if (width > now) return [];
    return [...new Set([width, now])];
  }
}

function cut(full: TileNodes, width: number): TileNodes {
  const bytes = new Uint8Array(width * HASH_BYTES);
  for (let position = 0; position < width; position++) bytes.set(full.node(0, position), position * HASH_BYTES);
  return new TileNodes(bytes, width);
}

function missing(path: string, width: number): IntegrityError {
  return new IntegrityError('TILE_INVALID', 'a tile of the tree is missing', { path, width });
}

/** @throws RejectedError `ENTRY_NOT_FOUND` unless `index` is below `sizeLeaves` */
export function requireIndexBelow(index: bigint, sizeLeaves: bigint): void {
  if (index >= 0n && index < sizeLeaves) return;
  throw new RejectedError('ENTRY_NOT_FOUND', 'the tree has no such index', {
    index: String(index),
    sizeLeaves: String(sizeLeaves),
  });
}
