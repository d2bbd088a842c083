import { attestationMessage, grantMessage } from '@writ/evidence';

import { batchTree } from './batch-tree.js';
import type { Signer } from './signer.js';

/** What a batch root vouches for. Kinds never share a batch: each has its own domain. */
export type BatchDomain = 'attestation' | 'grant';

const SIGNATURE_BYTES = 64;
const NODE_BYTES = 32;

/**
 * Signs one batch: builds the tree over `leafHashes` (n × 32 bytes), signs its root in `domain`, and returns everything
 * in one buffer, because it crosses from a worker in one piece:
 * `signature (64) ‖ length of path i, one byte each (n) ‖ the paths' nodes, 32 bytes each`.
 */
export function signBatch(signer: Signer, domain: BatchDomain, origin: string, leafHashes: Uint8Array): Uint8Array {
  const tree = batchTree(leafHashes);
  const sizeLeaves = leafHashes.length / NODE_BYTES;
  const signature = signer.sign(rootMessage(domain, origin, sizeLeaves, tree.root));
  const paths = Array.from({ length: sizeLeaves }, (_, index) => tree.path(index));

  const nodes = paths.reduce((sum, path) => sum + path.length, 0);
  const signed = new Uint8Array(SIGNATURE_BYTES + sizeLeaves + nodes * NODE_BYTES);
  signed.set(signature, 0);
  let at = SIGNATURE_BYTES + sizeLeaves;
  for (const [index, path] of paths.entries()) {
    signed[SIGNATURE_BYTES + index] = path.length;
    for (const node of path) {
      signed.set(node, at);
      at += NODE_BYTES;
    }
  }
  return signed;
}

/** The proof of one leaf: base64 throughout, as attestations and grants carry it. */
export interface SignedLeaf {
  readonly batch: { readonly index: number; readonly size: number; readonly path: readonly string[] };
  readonly signature: string;
}

/** Takes apart what `signBatch` made for a batch of `sizeLeaves`. */
export function signedLeaves(signed: Uint8Array, sizeLeaves: number): SignedLeaf[] {
  // Buffer's own base64: the canonical form that `@writ/encoding` reads, and many times faster on this hot path.
  const bytes = Buffer.from(signed.buffer, signed.byteOffset, signed.byteLength);
  const signature = bytes.toString('base64', 0, SIGNATURE_BYTES);
  const leaves: SignedLeaf[] = [];
  let at = SIGNATURE_BYTES + sizeLeaves;
  for (let index = 0; index < sizeLeaves; index++) {
    const path: string[] = [];
    for (let left = bytes[SIGNATURE_BYTES + index] ?? 0; left > 0; left--) {
      path.push(bytes.toString('base64', at, at + NODE_BYTES));
      at += NODE_BYTES;
    }
    leaves.push({ batch: { index, size: sizeLeaves, path }, signature });
  }
  return leaves;
}

function rootMessage(domain: BatchDomain, origin: string, sizeLeaves: number, root: Uint8Array): Uint8Array {
  switch (domain) {
    case 'attestation':
      return attestationMessage(origin, sizeLeaves, root);
    case 'grant':
      return grantMessage(origin, sizeLeaves, root);
  }
}
