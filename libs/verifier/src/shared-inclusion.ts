import { equalBytes } from '@writ/encoding';
import { nodeHash, verifyInclusion, type Hash, type Inclusion } from '@writ/merkle';

const DEFAULT_CAPACITY = 131_072;
const HASH_BYTES = 32;

/**
 * Verifies many leaves of one tree, and hashes what they share once. A path that was shown to lead to the root makes
 * known all nodes on it and beside it; another path that meets a known node goes on by comparing. What passes and what
 * does not is exactly as with `verifyInclusion`. Keeps about 150 bytes for each known node, `capacity` of them at most.
 */
export class SharedInclusion {
  readonly #sizeLeaves: bigint;
  readonly #last: number;
  readonly #rootHash: Hash;
  readonly #capacity: number;
  /** By level from the leaves up, by place in the level. A node without sibling is lifted: the same on several levels. */
  #known: Map<number, Hash>[] = [];
  #count = 0;

  constructor(sizeLeaves: bigint, rootHash: Hash, capacity: number = DEFAULT_CAPACITY) {
    this.#sizeLeaves = sizeLeaves;
    this.#last = sizeLeaves < BigInt(Number.MAX_SAFE_INTEGER) ? Number(sizeLeaves) - 1 : -1;
    this.#rootHash = rootHash;
    this.#capacity = capacity;
  }

  /** Throws as `verifyInclusion`. */
  verify(leafHash: Hash, index: bigint, path: readonly Hash[]): void {
    const at = index <= BigInt(this.#last) && index >= 0n ? Number(index) : -1;
    if (at >= 0 && this.#last > 0 && this.#leads(leafHash, at, path)) return;
    // Also what cannot be told here: it is refused, or let through, by the one rule.
    const inclusion: Inclusion = { leafHash, index, sizeLeaves: this.#sizeLeaves, path };
    verifyInclusion(inclusion, this.#rootHash);
  }

  /** The walk of RFC 9162 section 2.1.3.2; `false` where it does not lead to the root, or a node was forgotten. */
  #leads(leafHash: Hash, index: number, path: readonly Hash[]): boolean {
    const walked: [number, number, Hash][] = [];
    let [node, last, level] = [index, this.#last, 0];
    let hash = leafHash;
    let isKnown = false;
    for (const sibling of path) {
      if (last === 0 || sibling.length !== HASH_BYTES) return false;
      const known = this.#known[level];
      const beside = node % 2 === 1 || node === last ? node - 1 : node + 1;
      if (!isKnown) {
        const own = known?.get(node);
        if (own !== undefined && !equalBytes(own, hash)) return false;
        isKnown = own !== undefined;
      }
      if (isKnown) {
        // A known node's sibling is known with it, unless this was forgotten in between.
        const expected = known?.get(beside);
        if (expected === undefined || !equalBytes(expected, sibling)) return false;
      } else {
        walked.push([level, node, hash], [level, beside, sibling]);
        hash = beside < node ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
      }
      if (beside < node) {
        // The last node of an odd level is lifted: skip the levels where it has no sibling.
        while (node % 2 === 0 && node !== 0) [node, last, level] = [node / 2, Math.floor(last / 2), level + 1];
      }
      [node, last, level] = [Math.floor(node / 2), Math.floor(last / 2), level + 1];
    }
    if (last !== 0 || !(isKnown || equalBytes(hash, this.#rootHash))) return false;
    this.#learn(walked);
    return true;
  }

  #learn(walked: readonly (readonly [number, number, Hash])[]): void {
    if (this.#count + walked.length > this.#capacity) [this.#known, this.#count] = [[], 0];
    for (const [level, node, hash] of walked) {
      const known = (this.#known[level] ??= new Map<number, Hash>());
      if (!known.has(node)) this.#count += 1;
      known.set(node, hash);
    }
  }
}
