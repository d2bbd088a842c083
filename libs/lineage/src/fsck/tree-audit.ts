import { LogTree, TILE_HEIGHT, TILE_WIDTH, TileNodes, type Hash } from '@writ/merkle';

const HASH_BYTES = 32;

/** A tile that has become full while the tree was rebuilt, or the rest of one at its end. */
export interface RebuiltTile {
  readonly level: number;
  readonly index: number;
  readonly width: number;
  readonly bytes: Uint8Array;
}

/** What a rebuild goes on from, as JSON. */
export interface TreeState {
  readonly sizeLeaves: number;
  /** Base64 of the hashes of the last tile of each level, as far as it is filled. */
  readonly rows: readonly string[];
  /** Roots that were asked for, by size; base64. */
  readonly roots: readonly (readonly [number, string])[];
}

/**
 * Rebuilds a tree leaf by leaf, with its tiles and its roots at sizes of interest. The hashes come from the store alone;
 * whatever else there is of the tree is compared with this.
 */
export class TreeAudit {
  readonly #tree: LogTree;
  /** By level, the hashes of the tile that is being filled. */
  readonly #rows: Uint8Array[];
  readonly #filled: number[];
  readonly #wanted: ReadonlySet<number>;
  readonly #roots = new Map<number, Hash>();
  readonly #onTile: (tile: RebuiltTile) => void;
  /** The leaf that is appended. */
  readonly #leaf = Buffer.alloc(HASH_BYTES);
  #size: number;

  /** @param wanted sizes whose roots are kept */
  constructor(wanted: ReadonlySet<number>, onTile: (tile: RebuiltTile) => void, from?: TreeState) {
    this.#wanted = wanted;
    this.#onTile = onTile;
    this.#size = from?.sizeLeaves ?? 0;
    const rows = (from?.rows ?? []).map((row) => Buffer.from(row, 'base64'));
    this.#filled = rows.map((row) => row.length / HASH_BYTES);
    this.#rows = rows.map((row) => {
      const tile = new Uint8Array(TILE_WIDTH * HASH_BYTES);
      tile.set(row);
      return tile;
    });
    this.#tree = LogTree.from({ sizeLeaves: BigInt(this.#size), hashes: this.#frontier() });
    for (const [size, root] of from?.roots ?? []) this.#roots.set(size, Buffer.from(root, 'base64'));
    if (wanted.has(this.#size)) this.#roots.set(this.#size, this.#tree.root());
  }

  get sizeLeaves(): number {
    return this.#size;
  }

  root(): Hash {
    return this.#tree.root();
  }

  /** The root at a wanted size that was reached; `undefined` for any other. */
  rootAt(sizeLeaves: number): Hash | undefined {
    return this.#roots.get(sizeLeaves);
  }

  /** @param leafHash base64 */
  append(leafHash: string): void {
    this.#leaf.write(leafHash, 'base64');
    this.#size += 1;
    this.#push(0, this.#leaf);
    // The root of a full tile is a hash of the level above.
    this.#tree.append(this.#leaf, (height, root) => {
      if (height % TILE_HEIGHT === 0) this.#push(height / TILE_HEIGHT, root);
    });
    if (this.#wanted.has(this.#size)) this.#roots.set(this.#size, this.#tree.root());
  }

  /** The tiles at the right end that are not full. */
  partialTiles(): RebuiltTile[] {
    return this.#rows.flatMap((row, level) => {
      const width = this.#filled[level] ?? 0;
      if (width === 0) return [];
      return [{ level, index: this.#indexAt(level), width, bytes: row.subarray(0, width * HASH_BYTES) }];
    });
  }

  state(): TreeState {
    const rows = this.#rows.map((row, level) => {
      return Buffer.from(row.subarray(0, (this.#filled[level] ?? 0) * HASH_BYTES)).toString('base64');
    });
    const roots = [...this.#roots].map(([size, root]) => [size, Buffer.from(root).toString('base64')] as const);
    return { sizeLeaves: this.#size, rows, roots };
  }

  #push(level: number, hash: Hash): void {
    const row = (this.#rows[level] ??= new Uint8Array(TILE_WIDTH * HASH_BYTES));
    const at = this.#filled[level] ?? 0;
    row.set(hash, at * HASH_BYTES);
    if (at + 1 < TILE_WIDTH) {
      this.#filled[level] = at + 1;
      return;
    }
    this.#filled[level] = 0;
    const tile = { level, index: this.#indexAt(level) - 1, width: TILE_WIDTH, bytes: row };
    this.#onTile(tile);
  }

  /** Index of the tile that is being filled. */
  #indexAt(level: number): number {
    return Math.floor(this.#size / TILE_WIDTH ** (level + 1));
  }

  /** One perfect subtree for each bit of the size, largest first. */
  #frontier(): Hash[] {
    const hashes: Hash[] = [];
    for (let level = this.#rows.length - 1; level >= 0; level--) {
      const width = this.#filled[level] ?? 0;
      const row = this.#rows[level];
      if (row === undefined || width === 0) continue;
      const nodes = new TileNodes(row.slice(0, width * HASH_BYTES), width);
      for (let height = TILE_HEIGHT - 1, done = 0; height >= 0; height--) {
        if ((width & (1 << height)) === 0) continue;
        hashes.push(nodes.node(height, done >> height));
        done += 1 << height;
      }
    }
    return hashes;
  }
}
