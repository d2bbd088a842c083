import { canonicalise, formatDigest, parseBase64, sha256, utf8 } from '@writ/encoding';
import type { Commitment, Digest, JsonValue } from '@writ/encoding';
import { RejectedError } from '@writ/errors';

import type { Outcome } from './events.js';

/** First byte of what a commitment hashes, so that it is no leaf, no node and no stream reference. */
const COMMITMENT_PREFIX = Uint8Array.of(0x02);
const HOLDER_PREFIX = utf8('writ/holder/v1\n');

/** Salts, nonces and holders are 128 random bits. */
export const SALT_BYTES = 16;

/**
 * Values are wrapped (`[name, value]`, `{salt, value}` in `openings` in metadata) on their way into bytes: what
 * was accepted at the edge with depth 32 must still fit.
 */
export const WRAPPED_DEPTH = { maxDepth: 40 } as const;

/** What a commitment may be about: the four names of docs/spec/events.md; a signal's name is prefixed. */
export type CommitmentName = 'subject' | 'parameters' | 'result' | 'commit' | `signal:${string}`;

/** Reveals a committed value. `salt`: base64, 16 bytes. */
export interface Opening {
  readonly salt: string;
  readonly value: JsonValue;
}

/** Name → opening, as the metadata of an event carries them. A missing one was withheld or erased. */
export type Openings = Readonly<Record<string, Opening>>;

/**
 * `SHA-256(0x02 ‖ salt ‖ canonical([name, value]))` (docs/spec/events.md, "Commitments").
 * Throws REQUEST_INVALID unless `salt16` has 16 bytes, JSON_* when `value` has no canonical form.
 */
export function commit(salt16: Uint8Array, name: CommitmentName, value: unknown): Commitment {
  requireSalt(salt16);
  return formatDigest(sha256(COMMITMENT_PREFIX, salt16, canonicalise([name, value], WRAPPED_DEPTH)));
}

/** `true` when `opening` reveals what `commitment` binds. Never throws: a malformed opening opens nothing. */
export function opens(commitment: Commitment, name: CommitmentName, opening: Opening): boolean {
  try {
    return commit(parseBase64(opening.salt, SALT_BYTES), name, opening.value) === commitment;
  } catch {
    return false;
  }
}

/** What is stored of a holder: `SHA-256("writ/holder/v1\n" ‖ holder)`. Throws REQUEST_INVALID unless it has 16 bytes. */
export function holderHashOf(holder16: Uint8Array): Digest {
  requireSalt(holder16);
  return formatDigest(sha256(HOLDER_PREFIX, holder16));
}

/**
 * Digest by which a retried Commit is told from another one. Salted with the grant's parameters salt, which holder and
 * ledger both have, so that a guessable result cannot be read off the public digest.
 */
export function commitBodyDigest(
  salt16: Uint8Array,
  body: { readonly outcome: Outcome; readonly parameters: Commitment; readonly result: JsonValue | null },
): Digest {
  return commit(salt16, 'commit', body);
}

function requireSalt(bytes: Uint8Array): void {
  if (!(bytes instanceof Uint8Array) || bytes.length !== SALT_BYTES) {
    throw new RejectedError('REQUEST_INVALID', 'a salt, nonce or holder must be 16 bytes', { lengthBytes: SALT_BYTES });
  }
}
