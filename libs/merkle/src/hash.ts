import { sha256 } from '@writ/encoding';
import { RejectedError } from '@writ/errors';

/** 32 bytes of SHA-256: a leaf hash, an inner node or a root. */
export type Hash = Uint8Array;

export const HASH_BYTES = 32;

// RFC 6962 section 2.1: the prefixes keep a leaf from being taken for an inner node (second preimage).
const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

/** SHA-256(0x00 || entry). Throws REQUEST_INVALID unless `entry` is a Uint8Array; of any length, also 0. */
export function leafHash(entry: Uint8Array): Hash {
  if (!(entry instanceof Uint8Array)) throw new RejectedError('REQUEST_INVALID', 'an entry must be a Uint8Array');
  const input = new Uint8Array(1 + entry.length);
  input[0] = LEAF_PREFIX;
  input.set(entry, 1);
  return sha256(input);
}

/** SHA-256(0x01 || left || right). Throws REQUEST_INVALID unless both have 32 bytes. */
export function nodeHash(left: Hash, right: Hash): Hash {
  requireHash(left, 'left');
  requireHash(right, 'right');
  const input = new Uint8Array(1 + 2 * HASH_BYTES);
  input[0] = NODE_PREFIX;
  input.set(left, 1);
  input.set(right, 1 + HASH_BYTES);
  return sha256(input);
}

/**
 * `nodeHash` for many pairs that lie side by side, 64 bytes each (not checked): one buffer serves all of them. The
 * function that is returned is for one loop, not to be kept.
 */
export function pairHasher(): (pair64: Uint8Array) => Hash {
  const input = new Uint8Array(1 + 2 * HASH_BYTES);
  input[0] = NODE_PREFIX;
  return (pair64) => {
    input.set(pair64, 1);
    return sha256(input);
  };
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
