import {
  canonicalText,
  canonicalTextOfOwn,
  parseBase64,
  sha256Digest,
  sha256DigestOfText,
  toBase64,
  utf8,
} from '@writ/encoding';
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
/** What is left of it for a value inside `openings`, which wrap deepest. */
const VALUE_DEPTH = { maxDepth: WRAPPED_DEPTH.maxDepth - 2 } as const;

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
  return commitToText(salt16, name, canonicalText(value, VALUE_DEPTH));
}

/** A value that is committed to, and what opens it. */
export interface SealedValue {
  readonly commitment: Commitment;
  readonly opening: Opening;
  /** Canonical text of the opening, for the metadata; the value was written out already. */
  readonly openingText: string;
}

/** `commit`, with all that is stored of it. Throws as `commit`. */
export function sealValue(salt16: Uint8Array, name: CommitmentName, value: JsonValue): SealedValue {
  const valueText = canonicalText(value, VALUE_DEPTH);
  const commitment = commitToText(salt16, name, valueText);
  const salt = toBase64(salt16);
  return { commitment, opening: { salt, value }, openingText: `{"salt":"${salt}","value":${valueText}}` };
}

/** Canonical text of an `Openings`, from the texts of its members. */
export function openingsText(openingTexts: Readonly<Record<string, string>>): string {
  const members = Object.keys(openingTexts).sort();
  return `{${members.map((name) => `${canonicalTextOfOwn(name)}:${openingTexts[name] ?? ''}`).join()}}`;
}

function commitToText(salt16: Uint8Array, name: CommitmentName, valueText: string): Commitment {
  requireSalt(salt16);
  const prefix = new Uint8Array(COMMITMENT_PREFIX.length + SALT_BYTES);
  prefix.set(COMMITMENT_PREFIX);
  prefix.set(salt16, COMMITMENT_PREFIX.length);
  return sha256DigestOfText(prefix, `[${canonicalTextOfOwn(name)},${valueText}]`);
}

/** `true` when `opening` reveals what `commitment` binds. Never throws: a malformed opening opens nothing. */
export function opens(commitment: Commitment, name: CommitmentName, opening: Opening): boolean {
  try {
    return commit(parseBase64(opening.salt, SALT_BYTES), name, opening.value) === commitment;
  } catch {
    return false;
  }
}

/** As `opens`, of an opening whose value is at hand in canonical form. */
export function opensText(commitment: Commitment, name: CommitmentName, salt: string, valueText: string): boolean {
  try {
    return commitToText(parseBase64(salt, SALT_BYTES), name, valueText) === commitment;
  } catch {
    return false;
  }
}

/** Canonical text of the value of an opening, for one that this process has read from JSON. Throws as `commit`. */
export function openingValueText(value: JsonValue): string {
  return canonicalTextOfOwn(value, VALUE_DEPTH);
}

/** What is stored of a holder: `SHA-256("writ/holder/v1\n" ‖ holder)`. Throws REQUEST_INVALID unless it has 16 bytes. */
export function holderHashOf(holder16: Uint8Array): Digest {
  requireSalt(holder16);
  return sha256Digest(HOLDER_PREFIX, holder16);
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
