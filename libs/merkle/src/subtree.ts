import { equalBytes } from '@writ/encoding';
import { RejectedError } from '@writ/errors';

import { counterOf, refuse } from './counter.js';
import { nodeHash, requireHash, type Hash } from './hash.js';
import { verifyInclusion } from './inclusion.js';

/** The leaves from `start` up to, not with, `end`, as the tree that they form by themselves. */
export interface Subtree {
  readonly start: bigint | number;
  /** Above `start`; `start` is a multiple of the smallest power of two that is not below `end - start`. */
  readonly end: bigint | number;
}

export interface SubtreeInclusion extends Subtree {
  readonly leafHash: Hash;
  /** In the whole tree: `start` to `end - 1`. */
  readonly index: bigint | number;
  /** Sibling of the leaf first, up to the root of the subtree. */
  readonly path: readonly Hash[];
}

export interface SubtreeConsistency extends Subtree {
  readonly subtreeRootHash: Hash;
  /** Leaves of the whole tree, at least `end`. */
  readonly sizeLeaves: bigint | number;
  readonly rootHash: Hash;
  readonly path: readonly Hash[];
}

/**
 * Returns where `path` shows that a leaf is in a subtree with the root `subtreeRootHash`; nothing follows for the tree
 * around it. Throws PROOF_INVALID where it does not; REQUEST_INVALID for an index outside and for ranges that are no subtree.
 */
export function verifySubtreeInclusion(proof: SubtreeInclusion, subtreeRootHash: Hash): void {
  const { start, end } = rangeOf(proof);
  const index = counterOf(proof.index, 'index');
  if (index < start) refuse('index', `leaf ${String(index)} stands before the subtree`);
  const { leafHash, path } = proof;
  verifyInclusion({ leafHash, index: index - start, sizeLeaves: end - start, path }, subtreeRootHash);
}

/**
 * Returns where `path` shows that a subtree is part of a tree: the consistency proof of RFC 9162 section 2.1.4.2, for
 * ranges that need not begin at 0 (draft-ietf-plants-merkle-tree-certs, whose names are kept). With
 * `start` 0 it is that proof. Stricter than others in one thing: an empty range is refused, since nothing is shown by it.
 * Throws PROOF_INVALID where the path does not show it, REQUEST_INVALID for wrong arguments.
 */
export function verifySubtreeConsistency(proof: SubtreeConsistency): void {
  const { subtreeRootHash, rootHash, path } = proof;
  const { start, end } = rangeOf(proof);
  const size = counterOf(proof.sizeLeaves, 'sizeLeaves');
  if (end > size) refuse('end', `the subtree ends behind the ${String(size)} leaves of the tree`);
  requireHash(subtreeRootHash, 'subtreeRootHash');
  requireHash(rootHash, 'rootHash');
  path.forEach((hash, at) => requireHash(hash, `path[${String(at)}]`));
  const roots = rootsFrom(start, end - 1n, size - 1n, subtreeRootHash, path);
  if (!equalBytes(roots.subtree, subtreeRootHash)) fail('the path leads to another root of the subtree');
  if (!equalBytes(roots.tree, rootHash)) fail('the path leads to another root of the tree');
}

/** `first` and `last` leaf of the subtree, `top` of the tree; each level halves all three. */
function rootsFrom(first: bigint, last: bigint, top: bigint, root: Hash, path: readonly Hash[]) {
  let [fn, sn, tn] = [first, last, top];
  const halve = (): void => {
    fn >>= 1n;
    sn >>= 1n;
    tn >>= 1n;
  };
  // Up to the largest node at the right edge of the subtree that is also a node of the whole tree.
  while (fn !== sn && (sn === tn || (sn & 1n) === 1n)) halve();
  // Where that is all of the subtree, its root is not repeated in the path.
  const [begin, ...rest] = fn === sn ? [root, ...path] : path;
  if (begin === undefined) fail('the path is empty');
  let [fr, sr] = [begin, begin];
  for (const c of rest) {
    if (tn === 0n) fail('the path is longer than the tree is high');
    if ((sn & 1n) === 1n || sn === tn) {
      if (fn < sn) fr = nodeHash(c, fr);
      sr = nodeHash(c, sr);
      // The last node of an odd level is lifted: skip the levels where it has no sibling.
      while ((sn & 1n) === 0n && sn !== 0n) halve();
    } else {
      sr = nodeHash(sr, c);
    }
    halve();
  }
  if (tn !== 0n) fail('the path is shorter than the tree is high');
  return { subtree: fr, tree: sr };
}

function rangeOf(subtree: Subtree): { start: bigint; end: bigint } {
  const start = counterOf(subtree.start, 'start');
  const end = counterOf(subtree.end, 'end');
  if (start >= end) refuse('end', 'a subtree has at least one leaf');
  let width = 1n;
  while (width < end - start) width <<= 1n;
  if (start % width !== 0n)
    refuse('start', `no subtree of a tree begins at ${String(start)} and ends at ${String(end)}`);
  return { start, end };
}

function fail(message: string): never {
  throw new RejectedError('PROOF_INVALID', message);
}
