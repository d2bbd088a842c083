import { equalBytes, parseInstant, sha256Digest, utf8 } from '@writ/encoding';
import type { EventId, Hash32 } from '@writ/encoding';
import { IntegrityError } from '@writ/errors';

import type { Openings } from './commitment.js';
import { entryText, leafHashOf, parseEntry, type Entry } from './entry.js';
import { parseEventData } from './event-schema.js';
import type { LedgerEvent } from './events.js';
import { parseMetadata, type Attestation } from './metadata.js';
import { isSaltedStream, streamRefOf } from './stream.js';

/** The fields of a stored event that are read here; the store's `RecordedEvent` has them. */
export interface StoredEvent {
  readonly stream: string;
  readonly revision: bigint;
  readonly eventId: string;
  readonly type: string;
  readonly typeVersion: number;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** What a stored event is to the tree: its entry, and the signature over it. */
export interface OpenedEntry {
  readonly entry: Entry;
  readonly entryBytes: Uint8Array;
  readonly leafHash: Hash32;
  /** Its signature is not checked here: `@writ/evidence` does that. */
  readonly attestation: Attestation;
  readonly openings: Openings;
  /** Of a salted stream: pass it on for the revisions that follow. */
  readonly streamSalt: Uint8Array | undefined;
}

export interface OpenedEvent extends OpenedEntry {
  readonly event: LedgerEvent;
}

const RECORDED_AT = /^\{"dataDigest":"[^"]*","eventId":"[^"]*","recordedAt":"([^"]*)",/;

/**
 * Reads a stored event and recomputes its entry; every field must be the one that the attestation's entry names. The
 * time of recording comes from that entry. `streamSalt`: as revision 0 of the stream opened it; at revision 0 it is
 * taken from the event's own metadata (and held to the entry as all else is).
 *
 * Throws IntegrityError: FOREIGN_EVENT where metadata or entry are not ours, ATTESTATION_INVALID where an attestation
 * is malformed, EVENT_INVALID where the attested data do not follow their schema.
 */
export function openEvent(stored: StoredEvent, streamSalt?: Uint8Array): OpenedEvent {
  const opened = openEntry(stored, streamSalt);
  const { fact } = parseEventData(stored.type, stored.typeVersion, stored.data);
  const { eventId, revision, recordedAtMs, dataDigest } = opened.entry;
  return { event: { ...fact, eventId, revision, recordedAtMs, dataDigest }, ...opened };
}

/**
 * As `openEvent` without a look into the data, which the entry names by their digest: enough to give the event a place
 * in the tree, also where its type is newer than this build.
 * Throws IntegrityError: FOREIGN_EVENT, ATTESTATION_INVALID.
 */
export function openEntry(stored: StoredEvent, streamSalt?: Uint8Array): OpenedEntry {
  const { attestation, openings, streamSalt: ownSalt } = parseMetadata(stored.metadata);
  const salt = isSaltedStream(stored.stream) ? saltOf(stored, streamSalt, ownSalt) : undefined;
  const entry = expectedEntry(stored, attestation.entry, salt);
  if (textOf(stored, entry) !== attestation.entry) {
    throw foreign(stored, 'the entry that was attested is not the entry of this event', differing(attestation, entry));
  }
  const entryBytes = utf8(attestation.entry);
  return {
    entry,
    entryBytes,
    leafHash: leafHashOf(entryBytes),
    attestation,
    openings: openings ?? {},
    streamSalt: salt,
  };
}

function saltOf(stored: StoredEvent, given: Uint8Array | undefined, own: Uint8Array | undefined): Uint8Array {
  const salt = stored.revision === 0n ? own : given;
  if (salt === undefined) throw foreign(stored, 'the salt of the stream is missing');
  if (own !== undefined && !equalBytes(own, salt)) throw foreign(stored, 'the event brings another salt');
  return salt;
}

/** The entry that this event must have: all from the event itself, but for the time, which only the entry holds. */
function expectedEntry(stored: StoredEvent, attested: string, salt: Uint8Array | undefined): Entry {
  try {
    return {
      streamRef: streamRefOf(stored.stream, salt),
      revision: stored.revision,
      eventId: stored.eventId as EventId, // checked when the entry is written out
      type: stored.type,
      typeVersion: stored.typeVersion,
      recordedAtMs: parseInstant(RECORDED_AT.exec(attested)?.[1] ?? ''),
      dataDigest: sha256Digest(stored.data),
    };
  } catch (cause) {
    throw foreign(stored, 'the event has no entry', {}, cause);
  }
}

function textOf(stored: StoredEvent, entry: Entry): string {
  try {
    return entryText(entry);
  } catch (cause) {
    throw foreign(stored, 'the event has no entry', {}, cause);
  }
}

/** Which fields differ, for the alarm; slow path. */
function differing(attestation: Attestation, expected: Entry): Readonly<Record<string, unknown>> {
  try {
    const attested = parseEntry(utf8(attestation.entry));
    const fields = Object.keys(expected) as (keyof Entry)[];
    return { differs: fields.filter((field) => attested[field] !== expected[field]) };
  } catch {
    return { differs: ['entry'] };
  }
}

function foreign(
  stored: StoredEvent,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): IntegrityError {
  const place = { stream: stored.stream, revision: String(stored.revision) };
  return new IntegrityError('FOREIGN_EVENT', message, { ...place, ...details }, { cause });
}
