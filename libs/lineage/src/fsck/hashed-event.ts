import {
  canonicalText,
  formatDigest,
  parseBase64,
  parseInstant,
  sha256,
  textOf,
  type Commitment,
  type EventId,
  type Hash32,
  type KeyId,
} from '@writ/encoding';
import { IntegrityError } from '@writ/errors';
import type { RecordedEvent } from '@writ/event-store';
import { entryOf, opens, parseMetadata, type Attestation, type CommitmentName, type Openings } from '@writ/ledger';

/** A stored event, hashed again: its entry is made from the event itself and is the one that its attestation names. */
export interface HashedEvent {
  readonly entryBytes: Uint8Array;
  readonly leafHash: Hash32;
  readonly attestation: Attestation;
}

/** What stands in metadata beside the attestation. */
interface Beside {
  readonly openings?: Openings;
  readonly streamSalt?: string;
  readonly trace?: string;
  readonly v: number;
}

/**
 * The attestation at the beginning of canonical metadata. An entry has no character that needs an escape but the quotes
 * of its names.
 */
const ATTESTATION =
  /^\{"attestation":\{"batch":\{"index":(0|[1-9][0-9]{0,9}),"path":\[([^\]]{0,1600})\],"size":([1-9][0-9]{0,9})\},"entry":"((?:[^"\\]|\\")+)","keyId":"([0-9a-f]{16})","signature":"([^"]{88})"\},/;
const SIBLING = /^"[A-Za-z0-9+/]{43}="$/;
const RECORDED_AT = /^\{"dataDigest":"[^"]*","eventId":"[^"]*","recordedAt":"([^"]*)",/;
const MEMBERS_BESIDE = new Set(['openings', 'streamSalt', 'trace', 'v']);
const NOTHING_BESIDE: Beside = { v: 1 };
const SALT_BYTES = 16;
/** As `encodeMetadata` allows for the openings. */
const DEPTH = { maxDepth: 44 } as const;

/**
 * Does what `openEvent` of `@writ/ledger` does, for reading a whole store: at a third of the price, and stricter about
 * metadata, which must have their one spelling, and whose openings must open commitments of this very event. The data are
 * hashed and not parsed: what they mean was judged by who attested them.
 * @param streamRefOf the stream's name in entries, for the salt that the event brought, if any
 * @throws IntegrityError `FOREIGN_EVENT`, `ATTESTATION_INVALID`
 */
export function hashEvent(
  stored: RecordedEvent,
  streamRefOf: (streamSalt: Uint8Array | undefined) => string,
): HashedEvent {
  const { attestation, beside } = readMetadata(stored);
  const { streamSalt, openings } = beside;
  const recordedAtMs = recordedAtOf(stored, attestation.entry);
  const entry = orForeign(stored, () =>
    entryOf({
      streamRef: streamRefOf(streamSalt === undefined ? undefined : parseBase64(streamSalt, SALT_BYTES)),
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
  if (openings !== undefined) requireOpenings(stored, openings);
  return { entryBytes: entry.bytes, leafHash: entry.leafHash, attestation };
}

function readMetadata(stored: RecordedEvent): { readonly attestation: Attestation; readonly beside: Beside } {
  const { metadata } = stored;
  const text = Buffer.from(metadata.buffer, metadata.byteOffset, metadata.length).toString('utf8');
  const match = ATTESTATION.exec(text);
  if (match !== null) {
    const [matched, index = '', list = '', size = '', entry = '', keyId = '', signature = ''] = match;
    const path = pathOf(list);
    const beside = besideOf(text.slice(matched.length - 1));
    if (path !== undefined && beside !== undefined) {
      const batch = { index: Number(index), size: Number(size), path };
      const attestation = { entry: entry.replaceAll('\\"', '"'), keyId: keyId as KeyId, batch, signature };
      return { attestation, beside };
    }
  }
  // The strict reader knows what is wrong. It allows other spellings; nobody of ours writes one.
  parseMetadata(metadata);
  throw foreign(stored, 'the event metadata are not in the spelling in which they are written');
}

/** `"…","…"` to its items. Their last characters are judged where they are decoded. */
function pathOf(list: string): readonly string[] | undefined {
  if (list === '') return [];
  const items = list.split(',');
  return items.every((item) => SIBLING.test(item)) ? items.map((item) => item.slice(1, -1)) : undefined;
}

/**
 * The members after the attestation; `rest` begins with the comma before them. What the platform's parser reads is
 * believed only where writing it out gives the very same text: a name that it dropped or a number that it rounded would
 * not come back.
 */
function besideOf(rest: string): Beside | undefined {
  if (rest === ',"v":1}') return NOTHING_BESIDE;
  try {
    const text = `{${rest.slice(1)}`;
    const beside = JSON.parse(text) as Beside;
    const known = Object.keys(beside).every((name) => MEMBERS_BESIDE.has(name));
    return known && beside.v === 1 && canonicalText(beside, DEPTH) === text ? beside : undefined;
  } catch {
    return undefined;
  }
}

function recordedAtOf(stored: RecordedEvent, attested: string): number {
  return orForeign(stored, () => parseInstant(RECORDED_AT.exec(attested)?.[1] ?? ''));
}

/** Each opening opens a commitment of this very event. */
function requireOpenings(stored: RecordedEvent, openings: Openings): void {
  const names = Object.keys(openings);
  if (names.length === 0) return;
  const data = orForeign(stored, () => JSON.parse(textOf(stored.data)) as Committing);
  for (const name of names) {
    const commitment = commitmentNamed(name, data);
    // All events of one report carry the opening of its result, also those that do not commit to it.
    if (commitment === undefined && name === 'result') continue;
    const opening = openings[name];
    if (commitment === undefined || opening === undefined || !opens(commitment, name as CommitmentName, opening)) {
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
