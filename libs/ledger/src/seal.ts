import { canonicaliseOwn, sha256Digest, toBase64 } from '@writ/encoding';
import type { EventId, Hash32 } from '@writ/encoding';
import { RejectedError } from '@writ/errors';

import { SALT_BYTES } from './commitment.js';
import { entryOf } from './entry.js';
import { CURRENT_TYPE_VERSION } from './event-schema.js';
import type { EventType, Fact, LedgerEvent } from './events.js';
import { streamRefOf } from './stream.js';

/** Where and when an event will stand. Everything random or clocked comes from here. */
export interface SealOptions {
  readonly stream: string;
  /** `streamRefOf(stream, salt)`; the same for all events of a stream, so the caller keeps it. */
  readonly streamRef: string;
  readonly revision: bigint;
  readonly eventId: EventId;
  /** 16 random bytes, fresh for each event. */
  readonly nonce: Uint8Array;
  readonly recordedAtMs: number;
}

/** An event with all its bytes but the attestation: what is signed, and then appended with its metadata. */
export interface PreparedEvent<T extends EventType = EventType> {
  readonly stream: string;
  readonly type: T;
  readonly typeVersion: number;
  /** Canonical JSON. */
  readonly data: Uint8Array;
  readonly entry: Uint8Array;
  readonly entryText: string;
  readonly leafHash: Hash32;
  /** The event as it will be read back, for folding without a read. */
  readonly event: LedgerEvent<T>;
}

/**
 * Turns a fact into bytes. Canonicalises once; what is signed, stored and hashed are those bytes.
 * Throws REQUEST_INVALID on a nonce of another length or a field that no entry can hold, JSON_* on data without canonical form.
 */
export function prepare<T extends EventType>(fact: Fact<T>, options: SealOptions): PreparedEvent<T> {
  const { stream, streamRef, revision, eventId, nonce, recordedAtMs } = options;
  if (nonce.length !== SALT_BYTES) {
    throw new RejectedError('REQUEST_INVALID', 'a nonce must be 16 bytes', { lengthBytes: SALT_BYTES });
  }
  // A fact is ours: `decide` made it of literals and of what parsers and schemas returned.
  const data = canonicaliseOwn({ ...fact.data, nonce: toBase64(nonce) });
  const dataDigest = sha256Digest(data);
  const entry = entryOf({
    streamRef,
    revision,
    eventId,
    type: fact.type,
    typeVersion: CURRENT_TYPE_VERSION,
    recordedAtMs,
    dataDigest,
  });
  return {
    stream,
    type: fact.type,
    typeVersion: CURRENT_TYPE_VERSION,
    data,
    entry: entry.bytes,
    entryText: entry.text,
    leafHash: entry.leafHash,
    event: { ...fact, eventId, revision, recordedAtMs, dataDigest },
  };
}

/** `prepare` for the facts of one append: consecutive revisions, one instant, an event id and a nonce for each. */
export function prepareAll<T extends EventType>(
  facts: readonly Fact<T>[],
  options: {
    readonly stream: string;
    readonly streamSalt?: Uint8Array;
    readonly firstRevision: bigint;
    readonly recordedAtMs: number;
    readonly identify: (at: number) => { readonly eventId: EventId; readonly nonce: Uint8Array };
  },
): PreparedEvent<T>[] {
  const { stream, streamSalt, firstRevision, recordedAtMs, identify } = options;
  const streamRef = streamRefOf(stream, streamSalt);
  return facts.map((fact, at) =>
    prepare(fact, { stream, streamRef, revision: firstRevision + BigInt(at), recordedAtMs, ...identify(at) }),
  );
}
