import { counterOf, refuse } from './counter.js';
import { emptyRoot, leafHash, nodeHash, requireHash, type Hash } from './hash.js';

/** All that is needed to go on appending: O(log n) hashes. */
export interface Frontier {
  readonly sizeLeaves: bigint;
  /** Roots of the perfect subtrees that the leaves fall into, largest first: one for each bit set in `sizeLeaves`. */
  readonly hashes: readonly Hash[];
}

/**
 * The append-only tree of RFC 6962, without its leaves. To append costs one hash on average and keeps O(log n) hashes;
 * the root costs at most log2(n) hashes, and only when it is asked for. Changes in place: `frontier()` is a value.
 */
export class LogTree {
  readonly #hashes: Hash[] = [];
  /** Of those subtrees, each lower than the one before. */
  readonly #heights: number[] = [];
  #size = 0n;

  /** Goes on from a frontier; throws REQUEST_INVALID unless it has one hash for each bit of its size. */
  static from({ sizeLeaves, hashes }: Frontier): LogTree {
    const tree = new LogTree();
    tree.#size = counterOf(sizeLeaves, 'sizeLeaves');
    if (hashes.length !== bitsIn(tree.#size).length)
      refuse('hashes', 'a frontier has one hash for each bit of its size');
    for (const hash of hashes) {
      requireHash(hash, 'hashes');
      tree.#hashes.push(copyOf(hash));
    }
    tree.#heights.push(...bitsIn(tree.#size));
    return tree;
  }

  get sizeLeaves(): bigint {
    return this.#size;
  }

  /**
   * Appends one leaf by its hash; the index that it got is the size before.
   * @param onJoined called, from below, for each perfect subtree that this leaf completes: its height, above 0, and root
   */
  append(hash: Hash, onJoined?: (height: number, root: Hash) => void): void {
    requireHash(hash, 'hash');
    let node: Hash = copyOf(hash);
    let height = 0;
    // Two perfect subtrees of equal height are one of the next.
    for (; this.#heights.at(-1) === height; height++) {
      const left = this.#hashes.pop();
      this.#heights.pop();
      if (left === undefined) throw new Error('a frontier has one hash for each bit of its size');
      node = nodeHash(left, node);
      onJoined?.(height + 1, node);
    }
    this.#hashes.push(node);
    this.#heights.push(height);
    this.#size += 1n;
  }

  /** `append` of the entry's leaf hash. */
  appendEntry(entry: Uint8Array): void {
    this.append(leafHash(entry));
  }

  /** The root over all leaves so far; SHA-256 of nothing for none. A fresh array. */
  root(): Hash {
    let root = this.#hashes.at(-1);
    // The smaller subtrees hang together on the right.
    for (let at = this.#hashes.length - 2; at >= 0; at--) {
      const left = this.#hashes[at];
      if (left !== undefined && root !== undefined) root = nodeHash(left, root);
    }
    return root?.slice() ?? emptyRoot();
  }

  /** A copy that later appends do not change. */
  frontier(): Frontier {
    return { sizeLeaves: this.#size, hashes: this.#hashes.map((hash) => hash.slice()) };
  }
}

/** `slice` would do, but where the caller's is a `Buffer`, whose `slice` is a view. */
function copyOf(hash: Hash): Hash {
  return new Uint8Array(hash);
}

/** Which bits are set, highest first. */
function bitsIn(size: bigint): number[] {
  const bits: number[] = [];
  let bit = 0;
  for (let rest = size; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) bits.unshift(bit);
    bit += 1;
  }
  return bits;
}
