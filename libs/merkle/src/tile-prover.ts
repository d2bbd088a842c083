import { refuse, safeCounterOf } from './counter.js';
import { emptyRoot, nodeHash, type Hash } from './hash.js';
import { LogTree } from './log-tree.js';
import { TileNodes } from './tile-nodes.js';
import { nodesOf, type TileReader } from './tile-reader.js';
import { hashesAtLevel, TILE_HEIGHT, TILE_WIDTH } from './tile.js';

/** No tree that is kept in tiles fills a subtree of this height. */
const MAX_HEIGHT = 53;

/**
 * Proofs from the tiles of one tree, of the first `sizeLeaves` leaves of a log (below 2^53). Reads O(log n / 8) tiles
 * for a proof and keeps none: a cache of tiles is the reader's. Kept are the hashes along the right edge, which all
 * proofs of one size share, so who makes many proofs at one size keeps the prover. All methods throw REQUEST_INVALID for
 * what lies outside the tree, TILE_INVALID for a tile of another shape, and whatever the reader throws. The hashes that
 * they return are shared and not to be written to.
 */
export class TileProver {
  readonly #reader: TileReader;
  readonly #size: number;
  /** By height, the hash of the last subtree where it is incomplete. */
  readonly #edge = new Map<number, Hash>();

  constructor(reader: TileReader, sizeLeaves: bigint | number) {
    this.#reader = reader;
    this.#size = safeCounterOf(sizeLeaves, 'sizeLeaves');
  }

  /** The inclusion path of a leaf, sibling first (RFC 6962 section 2.1.1). */
  async inclusion(index: bigint | number): Promise<Hash[]> {
    const leaf = safeCounterOf(index, 'index');
    if (leaf >= this.#size) refuse('index', `no leaf ${String(leaf)} in a tree of ${String(this.#size)}`);
    return this.#climb(0, leaf);
  }

  /** The path from the tree of `oldSizeLeaves`, at least 1, to this one (RFC 6962 section 2.1.2); empty for equal sizes. */
  async consistency(oldSizeLeaves: bigint | number): Promise<Hash[]> {
    const old = safeCounterOf(oldSizeLeaves, 'oldSizeLeaves');
    if (old === 0) refuse('oldSizeLeaves', 'nothing can be inconsistent with the empty tree');
    if (old > this.#size) refuse('oldSizeLeaves', `${String(old)} leaves cannot grow to ${String(this.#size)}`);
    if (old === this.#size) return [];
    // From the largest perfect subtree that ends with the last old leaf.
    let height = 0;
    while (Number.isInteger(old / 2 ** (height + 1))) height += 1;
    const position = old / 2 ** height - 1;
    const path = await this.#climb(height, position);
    // Where it is the whole old tree, the verifier has its root already.
    return position === 0 ? path : [await this.#perfect(height, position), ...path];
  }

  /** The root over all leaves; SHA-256 of nothing for none. */
  async root(): Promise<Hash> {
    return this.#size === 0 ? emptyRoot() : (await this.#edgeAt(MAX_HEIGHT)).slice();
  }

  /** The tree itself, ready to go on from. */
  async logTree(): Promise<LogTree> {
    const hashes: Hash[] = [];
    for (let height = MAX_HEIGHT - 1; height >= 0; height--) {
      const position = Math.floor(this.#size / 2 ** height) - 1;
      if (position % 2 === 0) hashes.push(await this.#perfect(height, position));
    }
    return LogTree.from({ sizeLeaves: BigInt(this.#size), hashes });
  }

  /**
   * The siblings on the way from a complete subtree to the root, lowest first. Level by level a node has the one beside
   * it, and the last of an odd level is lifted without; only the last of a level can be incomplete.
   */
  async #climb(fromHeight: number, fromPosition: number): Promise<Hash[]> {
    const path: Hash[] = [];
    let tile: TileNodes | undefined;
    let position = fromPosition;
    let complete = Math.floor(this.#size / 2 ** fromHeight);
    let last = Math.ceil(this.#size / 2 ** fromHeight) - 1;
    for (let height = fromHeight; last > 0; height++) {
      const row = height % TILE_HEIGHT;
      if (row === 0) tile = undefined;
      const sibling = position % 2 === 0 ? position + 1 : position - 1;
      if (sibling < complete) {
        const perTile = TILE_WIDTH >> row;
        // Siblings below one node of the next level lie in one tile.
        if (tile === undefined) {
          const answer = this.#tile((height - row) / TILE_HEIGHT, Math.floor(sibling / perTile));
          tile = answer instanceof TileNodes ? answer : await answer;
        }
        path.push(tile.node(row, sibling % perTile));
      } else if (sibling === last) {
        path.push(this.#edge.get(height) ?? (await this.#edgeAt(height)));
      }
      position = Math.floor(position / 2);
      complete = Math.floor(complete / 2);
      last = Math.floor(last / 2);
    }
    return path;
  }

  /** The incomplete subtree of this height at the right end: a perfect half, if it has one, and the smaller rest. */
  async #edgeAt(height: number): Promise<Hash> {
    const known = this.#edge.get(height);
    if (known !== undefined) return known;
    const half = height - 1;
    const halves = Math.floor(this.#size / 2 ** half);
    const rest = this.#size % 2 ** half;
    let hash: Hash;
    if (halves % 2 === 0) {
      hash = await this.#edgeAt(half);
    } else {
      const left = await this.#perfect(half, halves - 1);
      hash = rest === 0 ? left : nodeHash(left, await this.#edgeAt(half));
    }
    this.#edge.set(height, hash);
    return hash;
  }

  async #perfect(height: number, position: number): Promise<Hash> {
    const row = height % TILE_HEIGHT;
    const perTile = TILE_WIDTH >> row;
    const tile = await this.#tile((height - row) / TILE_HEIGHT, Math.floor(position / perTile));
    return tile.node(row, position % perTile);
  }

  /** A tile that is at hand is answered at once: to wait for it would cost more than the proof. */
  #tile(level: number, index: number): TileNodes | Promise<TileNodes> {
    const width = Math.min(TILE_WIDTH, hashesAtLevel(this.#size, level) - index * TILE_WIDTH);
    const answer = this.#reader.readTile(level, BigInt(index), width);
    return answer instanceof Promise ? answer.then((tile) => nodesOf(tile, width)) : nodesOf(answer, width);
  }
}
