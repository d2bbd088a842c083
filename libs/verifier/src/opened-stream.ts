import { equalBytes, formatDigest, sha256, utf8 } from '@writ/encoding';
import { LedgerError } from '@writ/errors';
import type { BundleEvent, BundleStream } from '@writ/evidence';
import {
  entryOf,
  leafHashOf,
  parseEntry,
  parseEventData,
  streamRefOf,
  type Attestation,
  type Entry,
  type LedgerEvent,
  type Openings,
} from '@writ/ledger';
import type { Hash } from '@writ/merkle';

import { codeOfError } from './check-codes.js';
import type { Findings } from './check-list.js';
import type { Subject } from './report.js';

/** An event of a bundle, read as far as it can be read. */
export interface OpenedEvent {
  readonly subject: Subject;
  readonly attestation: Attestation;
  /** Hashed here, from the attested entry; never taken from the file. */
  readonly leafHash: Hash;
  readonly index: bigint;
  readonly path: readonly Hash[];
  readonly openings: Openings;
  /** `undefined` where the attested text is no entry. */
  readonly entry: Entry | undefined;
  /** `undefined` where the data were left out, or are not those of the entry. */
  readonly event: LedgerEvent | undefined;
}

export interface OpenedStream {
  readonly stream: string;
  readonly streamRef: string;
  readonly head: BundleStream['head'];
  readonly events: readonly OpenedEvent[];
}

/**
 * Opens a stream of a bundle: recomputes each entry from the event and holds it to the one that was attested. From that
 * entry come only what the event itself does not say: its id, its revision and its time.
 */
export function openStream(bundled: BundleStream, found: Findings): OpenedStream {
  const { stream, salt, head, events } = bundled;
  const streamRef = streamRefOf(stream, salt);
  return { stream, streamRef, head, events: events.map((event) => openOne(stream, streamRef, event, found)) };
}

/** `undefined` unless every event could be read; for checks that fold the whole stream. */
export function wholeHistory({ events }: OpenedStream): readonly LedgerEvent[] | undefined {
  const whole = events.flatMap(({ event }) => (event === undefined ? [] : [event]));
  return whole.length === events.length ? whole : undefined;
}

function openOne(stream: string, streamRef: string, bundled: BundleEvent, found: Findings): OpenedEvent {
  const { attestation, index, path, openings = {} } = bundled;
  const bytes = utf8(attestation.entry);
  const base = { attestation, leafHash: leafHashOf(bytes), index, path, openings };
  let entry: Entry;
  try {
    entry = parseEntry(bytes);
  } catch {
    const subject = { stream, index: String(index) };
    found.fail('FOREIGN_EVENT', subject, 'what was attested is not an entry');
    return { ...base, subject, entry: undefined, event: undefined };
  }
  const subject = { stream, revision: String(entry.revision), index: String(index) };
  if (!isEntryOf(entry, bytes, streamRef, bundled)) {
    found.fail('FOREIGN_EVENT', subject);
    return { ...base, subject, entry, event: undefined };
  }
  return { ...base, subject, entry, event: eventOf(entry, bundled, subject, found) };
}

/** Is `entry` what the ledger would have written for this event at that place? */
function isEntryOf(entry: Entry, attested: Uint8Array, streamRef: string, bundled: BundleEvent): boolean {
  const { type, typeVersion, data } = bundled;
  const dataDigest = data === undefined ? entry.dataDigest : formatDigest(sha256(utf8(data)));
  return equalBytes(entryOf({ ...entry, streamRef, type, typeVersion, dataDigest }).bytes, attested);
}

function eventOf(entry: Entry, bundled: BundleEvent, subject: Subject, found: Findings): LedgerEvent | undefined {
  const { type, typeVersion, data } = bundled;
  if (data === undefined) return undefined;
  const { eventId, revision, recordedAtMs, dataDigest } = entry;
  try {
    const { fact } = parseEventData(type, typeVersion, utf8(data));
    return { ...fact, eventId, revision, recordedAtMs, dataDigest };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    found.fail(codeOfError(error, 'EVENT_INVALID'), subject);
    return undefined;
  }
}
