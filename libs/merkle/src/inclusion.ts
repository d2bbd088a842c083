import { equalBytes } from '@writ/encoding';
import { LedgerError, RejectedError } from '@writ/errors';

import { counterOf, refuse } from './counter.js';
import { nodeHash, requireHash, type Hash } from './hash.js';

export interface Inclusion {
  /** Computed by the caller from the entry itself; a leaf hash that came with the proof proves nothing. */
  readonly leafHash: Hash;
  /** 0-based; a `number` must be a safe integer. */
  readonly index: bigint | number;
  /** Leaves in the tree that the root belongs to. */
  readonly sizeLeaves: bigint | number;
  /** Sibling of the leaf first. */
  readonly path: readonly Hash[];
}

/**
 * The root that an inclusion proof leads to (RFC 9162 section 2.1.3.2, equal to RFC 6962's). The caller compares it
 * with a root that it trusts for exactly `sizeLeaves`; a wrong leaf, index or path leads to another root.
 * Throws REQUEST_INVALID when the index lies outside the tree or the path has not the one length that fits.
 */
export function rootFromInclusion({ leafHash, index, sizeLeaves, path }: Inclusion): Hash {
  requireHash(leafHash, 'leafHash');
  let node = counterOf(index, 'index');
  const size = counterOf(sizeLeaves, 'sizeLeaves');
  if (node >= size) refuse('index', `no leaf ${String(node)} in a tree of ${String(size)}`);
  const steps: unknown = path;
  if (!Array.isArray(steps)) refuse('path', '`path` must be an array');
  // `node` and `last` are the positions, level by level, of our node and of the last one.
  let last = size - 1n;
  let root = leafHash;
  path.forEach((sibling, at) => {
    if (last === 0n) refuse('path', 'the path is longer than the tree is high');
    requireHash(sibling, `path[${String(at)}]`);
    if ((node & 1n) === 1n || node === last) {
      root = nodeHash(sibling, root);
      // The last node of an odd level is lifted: skip the levels where it has no sibling.
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      root = nodeHash(root, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  });
  if (last !== 0n) refuse('path', 'the path is shorter than the tree is high');
  return root.slice();
}

/**
 * Returns where `proof` shows that the leaf is in the tree of `proof.sizeLeaves` leaves under `rootHash`.
 * Throws PROOF_INVALID where it does not, also for a path of another shape; REQUEST_INVALID for an index outside the
 * tree and for wrong arguments.
 */
export function verifyInclusion(proof: Inclusion, rootHash: Hash): void {
  requireHash(rootHash, 'rootHash');
  if (!equalBytes(rootOfProof(proof), rootHash)) {
    throw new RejectedError('PROOF_INVALID', 'the inclusion proof leads to another root');
  }
}

/** A path that does not fit is what a forged proof looks like, not a mistake of the caller. */
function rootOfProof(proof: Inclusion): Hash {
  try {
    return rootFromInclusion(proof);
  } catch (error) {
    if (!(error instanceof LedgerError) || !String(error.details['field']).startsWith('path')) throw error;
    throw new RejectedError('PROOF_INVALID', error.message, error.details, { cause: error });
  }
}
