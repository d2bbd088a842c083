import { createHash } from 'node:crypto';

import { RejectedError } from '@writ/errors';
import { MerkleTree } from 'merkletreejs';

const NODE_PREFIX = Buffer.from([1]);
const HASH_BYTES = 32;

/** The tree over one micro-batch: RFC 6962 section 2.1, built by merkletreejs. */
export interface BatchTree {
  readonly root: Uint8Array;
  /** The siblings of leaf `index`, from the leaf upwards. */
  path(index: number): Uint8Array[];
}

/**
 * Builds the tree over `leafHashes`: at least one, each 32 bytes, one behind the other. The leaves are hashed already
 * (with their 0x00 prefix), an odd node moves up unchanged instead of being doubled, and pairs keep their order: so
 * configured, merkletreejs yields the roots and paths of RFC 6962. Throws REQUEST_INVALID for any other length.
 */
export function batchTree(leafHashes: Uint8Array): BatchTree {
  if (leafHashes.length === 0 || leafHashes.length % HASH_BYTES !== 0) {
    throw new RejectedError('REQUEST_INVALID', 'a batch is one or more hashes of 32 bytes', {
      lengthBytes: leafHashes.length,
    });
  }
  const leaves: Buffer[] = [];
  for (let at = 0; at < leafHashes.length; at += HASH_BYTES) {
    leaves.push(Buffer.from(leafHashes.subarray(at, at + HASH_BYTES)));
  }
  const tree = new MerkleTree(leaves, hashNode, { hashLeaves: false, sortPairs: false, duplicateOdd: false });
  return {
    root: tree.getRoot(),
    // By index, never by value: a leaf that occurs twice has two paths.
    path: (index) => tree.getProof(leaves[index] ?? Buffer.alloc(0), index).map((step) => step.data),
  };
}

/** merkletreejs hands over the two children as one buffer of 64 bytes. */
function hashNode(children: Buffer): Buffer {
  return createHash('sha256').update(NODE_PREFIX).update(children).digest();
}
