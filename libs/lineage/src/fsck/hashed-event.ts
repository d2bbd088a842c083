import {
  formatDigest,
  parseBase64,
  parseInstant,
  sha256,
  type Commitment,
  type EventId,
  type Hash32,
  type KeyId,
} from '@writ/encoding';
import { IntegrityError } from '@writ/errors';
import type { RecordedEvent } from '@writ/event-store';
import {
  encodeMetadata,
  entryOf,
  opens,
  parseEventData,
  parseMetadata,
  type Attestation,
  type CommitmentName,
  type EventMetadata,
  type Fact,
  type Openings,
} from '@writ/ledger';

/** A stored event, hashed again: its entry is made from the event itself and is the one that its attestation names. */
export interface HashedEvent {
  readonly fact: Fact;
  readonly recordedAtMs: number;
  readonly entryBytes: Uint8Array;
  readonly leafHash: Hash32;
  readonly attestation: Attestation;
}

/**
 * Canonical metadata without openings or salt: by far the most, and read here at a fifth of the price. An entry has no
 * character that needs an escape but the quotes of its names.
 */
const PLAIN =
  /^\{"attestation":\{"batch":\{"index":(0|[1-9][0-9]{0,9}),"path":\[((?:"[A-Za-z0-9+/]{43}=",?){0,32})\],"size":([1-9][0-9]{0,9})\},"entry":"((?:[^"\\]|\\"){1,4096})","keyId":"([0-9a-f]{16})","signature":"([A-Za-z0-9+/]{86}==)"\},(?:"openings":\{\},)?(?:"trace":"[0-9a-f-]{1,64}",)?"v":1\}$/;
const SALT_BYTES = 16;
const RECORDED_AT = /^\{"dataDigest":"[^"]*","eventId":"[^"]*","recordedAt":"([^"]*)",/;

/**
 * Does what `openEvent` of `@writ/ledger` does, for reading a whole store: cheaper, and stricter, since openings are held
 * to the commitments that they open, and metadata to their one spelling.
 * @param streamRefOf the stream's name in entries, for the salt that the event brought, if any
 * @throws IntegrityError `FOREIGN_EVENT`, `ATTESTATION_INVALID`, `EVENT_INVALID`
 */
export function hashEvent(
  stored: RecordedEvent,
  streamRefOf: (streamSalt: Uint8Array | undefined) => string,
): HashedEvent {
  const metadata = readMetadata(stored.metadata);
  const { attestation } = metadata;
  const recordedAtMs = recordedAtOf(stored, attestation.entry);
  const entry = orForeign(stored, () =>
    entryOf({
      streamRef: streamRefOf(metadata.streamSalt),
      revision: stored.revision,
      eventId: stored.eventId as EventId, // checked when the entry is written out
      type: stored.type,
      typeVersion: stored.typeVersion,
      recordedAtMs,
      dataDigest: formatDigest(sha256(stored.data)),
    }),
  );
  if (entry.text !== attestation.entry) {
    throw foreign(stored, 'the entry that was attested is not the entry of this event');
  }
  const { fact } = parseEventData(stored.type, stored.typeVersion, stored.data);
  if (metadata.openings !== undefined) requireOpenings(stored, fact, metadata.openings);
  return { fact, recordedAtMs, entryBytes: entry.bytes, leafHash: entry.leafHash, attestation };
}

function readMetadata(bytes: Uint8Array): EventMetadata {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  const [, index, path, size, entry, keyId, signature] = PLAIN.exec(text) ?? [];
  if (entry !== undefined && path !== undefined && keyId !== undefined && signature !== undefined) {
    const batch = { index: Number(index), size: Number(size), path: pathOf(path) };
    if (batch.path !== undefined) {
      const attestation = { entry: entry.replaceAll('\\"', '"'), keyId: keyId as KeyId, batch, signature };
      return { attestation: attestation as Attestation };
    }
  }
  return respelled(text, bytes) ?? strictly(bytes);
}

/**
 * What the platform's parser reads is believed only where writing it out gives the very same bytes: a name that it
 * dropped or a number that it rounded would not come back.
 */
function respelled(text: string, bytes: Uint8Array): EventMetadata | undefined {
  try {
    const { attestation, openings, streamSalt, trace } = JSON.parse(text) as StoredMetadata;
    const metadata: EventMetadata = {
      attestation,
      ...(openings === undefined ? {} : { openings }),
      ...(streamSalt === undefined ? {} : { streamSalt: parseBase64(streamSalt, SALT_BYTES) }),
      ...(trace === undefined ? {} : { trace }),
    };
    const { index, size } = attestation.batch;
    if (!Number.isInteger(index) || !Number.isInteger(size) || index < 0 || size > 0xffff_ffff) return undefined;
    return Buffer.compare(encodeMetadata(metadata), bytes) === 0 ? metadata : undefined;
  } catch {
    return undefined;
  }
}

/** As they stand in the store; nothing of it is checked yet. */
type StoredMetadata = Omit<EventMetadata, 'streamSalt'> & { readonly streamSalt?: string };

/** The strict reader: it knows what is wrong. It allows other spellings of the same members; nobody of ours writes one. */
function strictly(bytes: Uint8Array): EventMetadata {
  const metadata = parseMetadata(bytes);
  if (Buffer.compare(encodeMetadata(metadata), bytes) === 0) return metadata;
  throw new IntegrityError('FOREIGN_EVENT', 'the event metadata are not in the spelling in which they are written');
}

/** `"…","…"` to its items; `undefined` where a comma is missing or too many. */
function pathOf(list: string): readonly string[] | undefined {
  if (list === '') return [];
  const items = list.slice(1, -1).split('","');
  return items.every((item) => item.length === 44) && list.length === items.length * 47 - 1 ? items : undefined;
}

function recordedAtOf(stored: RecordedEvent, attested: string): number {
  return orForeign(stored, () => parseInstant(RECORDED_AT.exec(attested)?.[1] ?? ''));
}

/** Each opening opens a commitment of this very event. */
function requireOpenings(stored: RecordedEvent, fact: Fact, openings: Openings): void {
  for (const [name, opening] of Object.entries(openings)) {
    const commitment = commitmentNamed(name, fact.data as unknown as Committing);
    // All events of one report carry the opening of its result, also those that do not commit to it.
    if (commitment === undefined && name === 'result') continue;
    if (commitment === undefined || !opens(commitment, name as CommitmentName, opening)) {
      throw foreign(stored, `the opening \`${name}\` does not open what was committed to`);
    }
  }
}

/** The members of event data that hold commitments; those of one event type or another. */
interface Committing {
  readonly intent?: {
    readonly subject: Commitment;
    readonly parameters: Commitment;
    readonly signals: Readonly<Record<string, Commitment>>;
  };
  readonly result?: Commitment | null;
}

const SIGNAL = 'signal:';

function commitmentNamed(name: string, { intent, result }: Committing): Commitment | undefined {
  if (name === 'subject') return intent?.subject;
  if (name === 'parameters') return intent?.parameters;
  if (name === 'result') return result ?? undefined;
  if (!name.startsWith(SIGNAL) || intent === undefined) return undefined;
  const signal = name.slice(SIGNAL.length);
  return Object.hasOwn(intent.signals, signal) ? intent.signals[signal] : undefined;
}

function orForeign<T>(stored: RecordedEvent, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw foreign(stored, 'the event has no entry', cause);
  }
}

function foreign({ stream, revision }: RecordedEvent, message: string, cause?: unknown): IntegrityError {
  return new IntegrityError('FOREIGN_EVENT', message, { stream, revision: revision.toString() }, { cause });
}
