import { createHash } from 'node:crypto';
import { growTiles } from './grow-tiles.js';
import { leafHash, type Hash } from './hash.js';
import { TileNodes } from './tile-nodes.js';
import { tilePath } from './tile-path.js';
import type { TileReader } from './tile-reader.js';

/** `count` leaf hashes that all differ. */
export function leavesOf(count: number): Hash[] {
  return Array.from({ length: count }, (_, index) => leafHash(new Uint8Array(Buffer.from(`entry ${String(index)}`))));
}

/** Tiles by path, as a folder would hold them: only what was written can be read. */
export class TileFolder implements TileReader {
  readonly files = new Map<string, Uint8Array>();
  readonly #nodes = new Map<string, TileNodes>();

  async readTile(level: number, index: bigint, width: number): Promise<Uint8Array> {
    const path = tilePath({ level, index, width });
    const bytes = this.files.get(path);
    if (bytes === undefined) throw new Error(`no file ${path}`);
    return bytes;
  }

  /** The same tiles, hashed once. */
  cached(): TileReader {
    return {
      readTile: (level, index, width) => {
        const path = tilePath({ level, index, width });
        const known = this.#nodes.get(path);
        if (known !== undefined) return known;
        const nodes = new TileNodes(this.files.get(path) ?? new Uint8Array(0), width);
        this.#nodes.set(path, nodes);
        return nodes;
      },
    };
  }

  async grow(oldSize: number, leafHashes: readonly Hash[]): Promise<void> {
    for (const tile of await growTiles(this, oldSize, leafHashes)) this.files.set(tilePath(tile), tile.bytes);
  }
}

/** RFC 6962 sections 2.1 to 2.1.2 word for word, over another SHA-256; ranges of leaves are remembered. */
export function referenceTree(leaves: readonly Hash[]) {
  const known = new Map<number, Hash>();
  const sha256 = (...parts: Uint8Array[]): Hash => {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return new Uint8Array(hash.digest());
  };
  const split = (size: number): number => 2 ** Math.floor(Math.log2(size - 1));
  const root = (begin: number, end: number): Hash => {
    if (begin === end) return sha256();
    if (end - begin === 1) return leaves[begin]!;
    const key = begin * 2 ** 24 + end;
    const k = begin + split(end - begin);
    const hash = known.get(key) ?? sha256(Uint8Array.of(1), root(begin, k), root(k, end));
    known.set(key, hash);
    return hash;
  };
  const path = (index: number, begin: number, end: number): Hash[] => {
    if (end - begin === 1) return [];
    const k = begin + split(end - begin);
    return index < k ? [...path(index, begin, k), root(k, end)] : [...path(index, k, end), root(begin, k)];
  };
  const subproof = (old: number, begin: number, end: number, whole: boolean): Hash[] => {
    if (old === end) return whole ? [] : [root(begin, end)];
    const k = begin + split(end - begin);
    return old <= k
      ? [...subproof(old, begin, k, whole), root(k, end)]
      : [...subproof(old, k, end, false), root(begin, k)];
  };
  return {
    root: (size: number) => root(0, size),
    path: (index: number, size: number) => path(index, 0, size),
    consistency: (old: number, size: number) => subproof(old, 0, size, true),
  };
}
