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

const MAX_CACHE_BYTES = 32 * 1024 * 1024;
const HASH_BYTES = 32;
const ROOM_FOR_VIEWS = 4 * 1024;

interface CachedTile {
  readonly nodes: TileNodes;
  readonly level: number;
  readonly key: number;
  /** As counted last. */
  bytes: number;
  /** Since it was last passed by when something had to go. */
  used: boolean;
}

/**
 * The tiles of the tree for reading, on the thread that serves. Kept within 32 MiB, with the nodes above their hashes;
 * what was not used for longest goes, by second chance, so that a hit changes one flag. A partial tile whose file is
 * gone, or never was, is cut from a wider one.
 */
export class ServedTiles implements TileReader {
  readonly #readFile: ReadTileFile;
  readonly #sizeLeaves: () => bigint;
  readonly #maxBytes: number;
  /** By level, then by index and width as one number: a proof asks for three or four tiles and takes microseconds. */
  readonly #levels: Map<number, CachedTile>[] = [];
  /** All of them, the next to go first. */
  readonly #queue = new Set<CachedTile>();
  #bytes = 0;

  /** @param sizeLeaves of the tree whose tiles are all there */
  constructor(readFile: ReadTileFile, sizeLeaves: () => bigint, maxBytes = MAX_CACHE_BYTES) {
    this.#readFile = readFile;
    this.#sizeLeaves = sizeLeaves;
    this.#maxBytes = maxBytes;
  }

  /** What the cache holds, about. */
  get heldBytes(): number {
    return this.#bytes;
  }

  /** @throws IntegrityError `TILE_INVALID` for a tile that is missing or has another length */
  readTile(level: number, index: bigint, width: number): TileNodes | Promise<TileNodes> {
    const key = Number(index) * (TILE_WIDTH + 1) + width;
    const cached = this.#levels[level]?.get(key);
    if (cached === undefined) return this.#load(level, index, width, key);
    cached.used = true;
    return cached.nodes;
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

  async #load(level: number, index: bigint, width: number, key: number): Promise<TileNodes> {
    const bytes = await this.tile(level, index, width);
    if (bytes === undefined) throw missing(tilePath({ level, index, width: TILE_WIDTH }), width);
    const nodes = new TileNodes(bytes, width);
    this.#keep({ nodes, level, key, bytes: 0, used: false });
    return nodes;
  }

  #keep(tile: CachedTile): void {
    const ofLevel = (this.#levels[tile.level] ??= new Map<number, CachedTile>());
    if (ofLevel.has(tile.key)) return;
    ofLevel.set(tile.key, tile);
    this.#queue.add(tile);
    this.#count(tile);
    for (const oldest of this.#queue) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#queue.delete(oldest);
      // What it takes grew with its use.
      this.#count(oldest);
      if (oldest.used) {
        oldest.used = false;
        this.#queue.add(oldest);
      } else {
        this.#levels[oldest.level]?.delete(oldest.key);
        this.#bytes -= oldest.bytes;
      }
    }
  }

  /** A tile that is used gets its inner rows, and a view for each node that it gave: as much as two tiles, and more. */
  #count(tile: CachedTile): void {
    const bytes = Math.max(tile.nodes.heldBytes, 2 * tile.nodes.width * HASH_BYTES + ROOM_FOR_VIEWS);
    this.#bytes += bytes - tile.bytes;
    tile.bytes = bytes;
  }

  /**
   * Widths of files that hold the wanted one: itself, that of the tree as it is known here, and the full one. The last
   * because the tree may have grown since: partial tiles go when the full one is there, and only then.
   */
  #widthsWith(level: number, index: bigint, width: number): readonly number[] {
    const now = tileWidth(this.#sizeLeaves(), level, index);
    if (width > now) return [];
    return [...new Set([width, now, TILE_WIDTH])];
  }
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
