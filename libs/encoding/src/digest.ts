import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { RejectedError } from '@writ/errors';

import { concatBytes } from './bytes.js';
import { canonicalise, type CanonicalOptions } from './canonical.js';
import { parseHex, toHex } from './hex.js';
import type { Digest, Hash32 } from './names.js';

const PREFIX = 'sha256:';

/** SHA-256 over the concatenation of `parts`. */
export function sha256(...parts: readonly Uint8Array[]): Hash32 {
  const [first] = parts;
  const input = parts.length === 1 && first !== undefined ? first : concatBytes(...parts);
  return nobleSha256(input) as Uint8Array as Hash32;
}

/** SHA-256 of the canonical form. Throws as `canonicalise`. */
export function digestOf(value: unknown, options: CanonicalOptions = {}): Digest {
  return formatDigest(sha256(canonicalise(value, options)));
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
