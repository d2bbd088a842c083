import { sha256 } from '@writ/encoding';
import { RejectedError } from '@writ/errors';

/** 32 bytes of SHA-256: a leaf hash, an inner node or a root. */
export type Hash = Uint8Array;

export const HASH_BYTES = 32;

// RFC 6962 section 2.1: the prefixes keep a leaf from being taken for an inner node (second preimage).
const LEAF_PREFIX = Uint8Array.of(0x00);
const NODE_PREFIX = 0x01;

/** SHA-256(0x00 || entry). Throws REQUEST_INVALID unless `entry` is a Uint8Array; of any length, also 0. */
export function leafHash(entry: Uint8Array): Hash {
  if (!(entry instanceof Uint8Array)) throw new RejectedError('REQUEST_INVALID', 'an entry must be a Uint8Array');
  return sha256(LEAF_PREFIX, entry);
}

/** SHA-256(0x01 || left || right). Throws REQUEST_INVALID unless both have 32 bytes. */
export function nodeHash(left: Hash, right: Hash): Hash {
  requireHash(left, 'left');
  requireHash(right, 'right');
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + HASH_BYTES);
  return sha256(nodeInput);
}

/** What is hashed for a node. One for all: a tree is little else than nodes, and the bytes are wanted for a moment only. */
const nodeInput = new Uint8Array(1 + 2 * HASH_BYTES);
nodeInput[0] = NODE_PREFIX;

/** `nodeHash` of a pair that lies side by side, 64 bytes (not checked). */
export function pairHash(pair64: Uint8Array): Hash {
  nodeInput.set(pair64, 1);
  return sha256(nodeInput);
}

/** MTH({}) = SHA-256() (RFC 6962 section 2.1). A fresh array on every call. */
export function emptyRoot(): Hash {
  return sha256(new Uint8Array(0));
}

/** Throws REQUEST_INVALID, with `details.field`, unless `hash` has 32 bytes. */
export function requireHash(hash: Hash, field: string): void {
  if (!(hash instanceof Uint8Array) || hash.length !== HASH_BYTES) {
    throw new RejectedError('REQUEST_INVALID', `\`${field}\` must be a hash of 32 bytes`, { field });
  }
}
