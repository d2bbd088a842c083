import { RejectedError } from '@writ/errors';

import { emptyRoot, nodeHash, requireHash, type Hash } from './hash.js';

/** The Merkle tree hash of `leafHashes` (RFC 6962 section 2.1); for no leaves, SHA-256 of nothing. O(n) hashes. */
export function rootOf(leafHashes: readonly Hash[]): Hash {
  const [top] = levelsOf(leafHashes).slice(-1);
  return top?.[0]?.slice() ?? emptyRoot();
}

/**
 * The audit path of one leaf (RFC 6962 section 2.1.1), sibling of the leaf first; empty for a tree of one.
 * O(n) hashes: for the paths of a whole tree take `inclusionPaths`. Throws REQUEST_INVALID when `index` is outside.
 */
export function inclusionPath(leafHashes: readonly Hash[], index: number): Hash[] {
  if (!Number.isInteger(index) || index < 0 || index >= leafHashes.length) {
    throw new RejectedError('REQUEST_INVALID', `no leaf ${String(index)} in a tree of ${String(leafHashes.length)}`, {
      field: 'index',
    });
  }
  return pathIn(levelsOf(leafHashes), index);
}

/** The audit paths of all leaves, in leaf order, from one pass of O(n) hashes. */
export function inclusionPaths(leafHashes: readonly Hash[]): Hash[][] {
  if (leafHashes.length === 0) return [];
  const levels = levelsOf(leafHashes);
  return leafHashes.map((_, index) => pathIn(levels, index));
}

/**
 * The tree from the leaves up. RFC 6962 splits at the largest power of two; level by level that is the same as
 * pairing neighbours and lifting a last odd node unchanged. It is never paired with itself: a tree that does so
 * has the same root as one with its last leaf repeated (CVE-2012-2459).
 */
function levelsOf(leafHashes: readonly Hash[]): readonly (readonly Hash[])[] {
  for (const hash of leafHashes) requireHash(hash, 'leafHashes');
  const levels: (readonly Hash[])[] = [leafHashes];
  for (let level = leafHashes; level.length > 1; levels.push(level)) level = parentsOf(level);
  return levels;
}

function parentsOf(level: readonly Hash[]): Hash[] {
  const parents: Hash[] = [];
  level.forEach((left, at) => {
    if (at % 2 === 1) return;
    const right = level[at + 1];
    parents.push(right === undefined ? left : nodeHash(left, right));
  });
  return parents;
}

function pathIn(levels: readonly (readonly Hash[])[], index: number): Hash[] {
  const path: Hash[] = [];
  levels.forEach((level, height) => {
    // The sibling differs in the last bit; the lifted node and the root have none.
    const sibling = level[Math.floor(index / 2 ** height) ^ 1];
    if (sibling !== undefined) path.push(sibling);
  });
  return path;
}
