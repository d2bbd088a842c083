import { equalBytes } from '@writ/encoding';
import { RejectedError } from '@writ/errors';

import { counterOf, refuse } from './counter.js';
import { emptyRoot, HASH_BYTES, nodeHash, requireHash, type Hash } from './hash.js';

export interface Consistency {
  readonly oldSizeLeaves: bigint | number;
  readonly oldRootHash: Hash;
  readonly newSizeLeaves: bigint | number;
  readonly newRootHash: Hash;
  /** As RFC 6962 section 2.1.2 orders them; empty where the sizes are equal. */
  readonly path: readonly Hash[];
}

/**
 * Returns where `path` shows that the new tree begins with all leaves of the old one (RFC 9162 section 2.1.4.2).
 * Both roots must be known from elsewhere: the proof only ties them together.
 * Throws PROOF_INVALID where it does not show it, REQUEST_INVALID for wrong arguments. An old size of 0 is refused:
 * every tree extends the empty one, so such a proof says nothing, and one that is let through would pass for a check
 * (`verifyGrowthFromEmpty` is for those who mean it).
 */
export function verifyConsistency(proof: Consistency): void {
  const { oldRootHash, newRootHash, path } = proof;
  const oldSize = counterOf(proof.oldSizeLeaves, 'oldSizeLeaves');
  const newSize = counterOf(proof.newSizeLeaves, 'newSizeLeaves');
  if (oldSize === 0n) refuse('oldSizeLeaves', 'nothing can be inconsistent with the empty tree');
  if (oldSize > newSize) refuse('oldSizeLeaves', `${String(oldSize)} leaves cannot grow to ${String(newSize)}`);
  requireHash(oldRootHash, 'oldRootHash');
  requireHash(newRootHash, 'newRootHash');
  requirePath(path);
  if (oldSize === newSize) {
    if (path.length > 0) fail('trees of one size need no path');
    if (!equalBytes(oldRootHash, newRootHash)) fail('two roots for one size');
    return;
  }
  const roots = rootsFrom(oldSize, newSize, oldRootHash, path);
  if (!equalBytes(roots.old, oldRootHash)) fail('the path leads to another old root');
  if (!equalBytes(roots.new, newRootHash)) fail('the path leads to another new root');
}

/**
 * The one place where an old size of 0 has a meaning: the first checkpoint that a witness sees ("old 0"). The proof
 * must be empty, and a new tree without leaves must have the root of nothing. Throws as `verifyConsistency`.
 */
export function verifyGrowthFromEmpty(newSizeLeaves: bigint | number, newRootHash: Hash, path: readonly Hash[]): void {
  const newSize = counterOf(newSizeLeaves, 'newSizeLeaves');
  requireHash(newRootHash, 'newRootHash');
  requirePath(path);
  if (path.length > 0) fail('growth from nothing needs no path');
  if (newSize === 0n && !equalBytes(newRootHash, emptyRoot())) fail('a tree without leaves has another root');
}

/** Steps 1 to 6 of RFC 9162 section 2.1.4.2, with its names; `old < new`, and `old` is not 0. */
function rootsFrom(old: bigint, size: bigint, oldRoot: Hash, path: readonly Hash[]): { old: Hash; new: Hash } {
  // An old tree that is one perfect subtree is not repeated in the path.
  const [first, ...rest] = (old & (old - 1n)) === 0n ? [oldRoot, ...path] : path;
  if (first === undefined || path.length === 0) fail('the path is empty');
  let fn = old - 1n;
  let sn = size - 1n;
  while ((fn & 1n) === 1n) {
    fn >>= 1n;
    sn >>= 1n;
  }
  let fr = first;
  let sr = first;
  for (const c of rest) {
    if (sn === 0n) fail('the path is longer than the tree is high');
    if ((fn & 1n) === 1n || fn === sn) {
      fr = nodeHash(c, fr);
      sr = nodeHash(c, sr);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      sr = nodeHash(sr, c);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn !== 0n) fail('the path is shorter than the tree is high');
  return { old: fr, new: sr };
}

function requirePath(path: readonly Hash[]): void {
  const steps: unknown = path;
  if (!Array.isArray(steps)) refuse('path', '`path` must be an array');
  const isHash = (hash: unknown): boolean => hash instanceof Uint8Array && hash.length === HASH_BYTES;
  if (!steps.every(isHash)) fail('`path` must hold hashes of 32 bytes');
}

function fail(message: string): never {
  throw new RejectedError('PROOF_INVALID', message);
}
