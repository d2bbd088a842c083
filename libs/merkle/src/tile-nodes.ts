import { IntegrityError } from '@writ/errors';

import { HASH_BYTES, pairHash, type Hash } from './hash.js';
import { requireWidth, tileSizeBytes, TILE_HEIGHT, TILE_WIDTH } from './tile.js';

/** A view of bytes and its place in a map. */
const VIEW_BYTES = 200;

/**
 * One tile with the inner nodes above its hashes. A file holds the lowest row only; the rows above are hashed when one
 * of them is first asked for, and kept: who makes many proofs keeps these objects, not the bytes. Takes up to 16 KiB,
 * and about 200 bytes for each node that was handed out.
 */
export class TileNodes {
  readonly width: number;
  /** Row r holds the nodes over 2^r hashes of the tile, as far as they are complete. */
  readonly #rows: Uint8Array[];
  /** Nodes that were asked for, by `position * 16 + row`: to make a view costs more than all else in a proof. */
  readonly #views = new Map<number, Hash>();

  /** Copies `bytes`; throws TILE_INVALID unless they are `width` hashes of 32 bytes, REQUEST_INVALID for no width. */
  constructor(bytes: Uint8Array, width: number) {
    requireWidth(width);
    if (!(bytes instanceof Uint8Array) || bytes.length !== tileSizeBytes(width)) {
      throw new IntegrityError('TILE_INVALID', `a tile of width ${String(width)} has another length`, { width });
    }
    this.width = width;
    this.#rows = [bytes.slice()];
  }

  /** What this object takes in memory, about: it grows as nodes are asked for. */
  get heldBytes(): number {
    return this.#rows.reduce((sum, row) => sum + row.length, 0) + this.#views.size * VIEW_BYTES;
  }

  /**
   * Node `position` of row `row` (0 to 8); not to be written to, all callers get the same. Throws TILE_INVALID where the
   * tile does not complete it.
   */
  node(row: number, position: number): Hash {
    const key = position * 16 + row;
    const known = this.#views.get(key);
    if (known !== undefined) return known;
    const nodes = this.#rowAt(row);
    const begin = position * HASH_BYTES;
    if (begin + HASH_BYTES > nodes.length) {
      throw new IntegrityError('TILE_INVALID', 'the tile is not wide enough for this node', { row, position });
    }
    const node = nodes.subarray(begin, begin + HASH_BYTES);
    this.#views.set(key, node);
    return node;
  }

  #rowAt(row: number): Uint8Array {
    const known = this.#rows[row];
    if (known !== undefined) return known;
    const below = this.#rowAt(row - 1);
    const nodes = new Uint8Array(Math.floor(below.length / HASH_BYTES / 2) * HASH_BYTES);
    for (let at = 0; at < nodes.length; at += HASH_BYTES) {
      nodes.set(pairHash(below.subarray(2 * at, 2 * at + 2 * HASH_BYTES)), at);
    }
    this.#rows[row] = nodes;
    return nodes;
  }
}

/** The root of a full tile, which is one hash of the level above. Partial tiles are never hashed upward. Throws TILE_INVALID. */
export function rootOfFullTile(bytes: Uint8Array): Hash {
  return new TileNodes(bytes, TILE_WIDTH).node(TILE_HEIGHT, 0);
}
