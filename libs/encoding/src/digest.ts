import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { RejectedError } from '@writ/errors';

import { concatBytes } from './bytes.js';
import { canonicalise, type CanonicalOptions } from './canonical.js';
import { parseHex, toHex } from './hex.js';
import type { Digest, Hash32 } from './names.js';
import { utf8, utf8Into, utf8OfWellFormed } from './utf8.js';

const PREFIX = 'sha256:';

/** SHA-256 of one input: 32 fresh bytes. */
export type Sha256 = (input: Uint8Array) => Uint8Array;
/** SHA-256 of one input in lower-case hex. */
export type Sha256Hex = (input: Uint8Array) => string;

/** FIPS 180-4: the empty message, one block, and a message whose padding needs a block of its own (RFC 6234 section 8.5). */
const KNOWN_HASHES: readonly (readonly [string, string])[] = [
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
];

let implementation: Sha256 = nobleSha256;
let hexImplementation: Sha256Hex = (input) => toHex(implementation(input));

/**
 * Puts another implementation of the same function in the place of noble's, for a process that has a faster one at
 * hand, and one that writes hex where that is faster still. Each is proven on known hashes first; throws REQUEST_INVALID
 * when one of them differs.
 */
export function installSha256(candidate: Sha256, hexCandidate: Sha256Hex = (input) => toHex(candidate(input))): void {
  for (const [message, expected] of KNOWN_HASHES) {
    const input = utf8(message);
    if (toHex(candidate(input)) !== expected || hexCandidate(input) !== expected) {
      throw new RejectedError('REQUEST_INVALID', 'the implementation of SHA-256 is wrong', { message });
    }
  }
  implementation = candidate;
  hexImplementation = hexCandidate;
}

/** SHA-256 over the concatenation of `parts`. */
export function sha256(...parts: readonly Uint8Array[]): Hash32 {
  return implementation(joined(parts)) as Hash32;
}

/** As `sha256`, written as a digest. */
export function sha256Digest(...parts: readonly Uint8Array[]): Digest {
  return (PREFIX + hexImplementation(joined(parts))) as Digest;
}

/** SHA-256 over `prefix` and the UTF-8 of `text`, which must hold no lone surrogate. */
export function sha256OfText(prefix: Uint8Array, text: string): Hash32 {
  return implementation(prefixed(prefix, text)) as Hash32;
}

/** As `sha256OfText`, written as a digest. */
export function sha256DigestOfText(prefix: Uint8Array, text: string): Digest {
  return (PREFIX + hexImplementation(prefixed(prefix, text))) as Digest;
}

/** What is hashed is short and comes often, and its bytes are wanted for a moment only. */
const scratch = new Uint8Array(8_192);

/** The bytes to hash; good until the next call. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  let sizeBytes = 0;
  for (const part of parts) sizeBytes += part.length;
  if (sizeBytes > scratch.length) return concatBytes(...parts);
  let at = 0;
  for (const part of parts) {
    scratch.set(part, at);
    at += part.length;
  }
  return scratch.subarray(0, sizeBytes);
}

/** UTF-8 takes at most three bytes for a UTF-16 code unit. */
const MOST_BYTES_PER_UNIT = 3;

/** The bytes to hash; good until the next call. */
function prefixed(prefix: Uint8Array, text: string): Uint8Array {
  if (prefix.length + text.length * MOST_BYTES_PER_UNIT > scratch.length) {
    return concatBytes(prefix, utf8OfWellFormed(text));
  }
  scratch.set(prefix);
  return scratch.subarray(0, prefix.length + utf8Into(text, scratch.subarray(prefix.length)));
}

/** SHA-256 of the canonical form. Throws as `canonicalise`. */
export function digestOf(value: unknown, options: CanonicalOptions = {}): Digest {
  return sha256Digest(canonicalise(value, options));
}

/** `sha256:` and 64 lower-case hex digits. Throws REQUEST_INVALID unless `hash` has 32 bytes. */
export function formatDigest(hash: Uint8Array): Digest {
  if (!(hash instanceof Uint8Array) || hash.length !== 32) {
    throw new RejectedError('REQUEST_INVALID', 'a hash must be 32 bytes');
  }
  return (PREFIX + toHex(hash)) as Digest;
}

/** The 32 bytes of a written digest (or commitment). Throws ENCODING_HEX. */
export function parseDigest(text: string): Hash32 {
  if (typeof text !== 'string' || !text.startsWith(PREFIX)) {
    throw new RejectedError('ENCODING_HEX', 'a digest is `sha256:` and 64 lower-case hex digits');
  }
  return parseHex(text.slice(PREFIX.length), 32) as Hash32;
}
