import { formatInstant, isUuid, parseCanonical, parseInstant, sha256, sha256OfText, utf8 } from '@writ/encoding';
import type { Digest, EventId, Hash32, JsonValue } from '@writ/encoding';
import { RejectedError } from '@writ/errors';

/** The small record of one event that becomes a leaf of the lineage tree (docs/spec/entry.md). */
export interface Entry {
  /** Salted hash or clear name: `streamRefOf`. */
  readonly streamRef: string;
  readonly revision: bigint;
  readonly eventId: EventId;
  readonly type: string;
  readonly typeVersion: number;
  readonly recordedAtMs: number;
  readonly dataDigest: Digest;
}

export interface EncodedEntry {
  /** Canonical JSON, as signed and hashed. */
  readonly text: string;
  readonly bytes: Uint8Array;
  /** SHA-256(0x00 ‖ bytes), RFC 6962 section 2.1. */
  readonly leafHash: Hash32;
}

/** C2SP tlog-tiles stores the length of an entry in 16 bits. */
export const MAX_ENTRY_BYTES = 65_535;
const ENTRY_VERSION = 1;
const LEAF_PREFIX = Uint8Array.of(0x00);
const TYPE = /^[A-Z][A-Za-z0-9]{0,63}$/;
const STREAM_REF = /^[A-Za-z0-9._:/-]{1,512}$/;
const REVISION = /^(?:0|[1-9][0-9]{0,18})$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const MEMBERS = ['dataDigest', 'eventId', 'recordedAt', 'revision', 'streamRef', 'type', 'typeVersion', 'v'];

/** Encodes an entry. Throws REQUEST_INVALID when a field is outside its range. */
export function entryOf(entry: Entry): EncodedEntry {
  const text = entryText(entry);
  const bytes = utf8(text);
  return { text, bytes, leafHash: leafHashOfText(text) };
}

/** The leaf of an entry's bytes. */
export function leafHashOf(entryBytes: Uint8Array): Hash32 {
  return sha256(LEAF_PREFIX, entryBytes);
}

/** The leaf of an entry's text. */
export function leafHashOfText(text: string): Hash32 {
  return sha256OfText(LEAF_PREFIX, text);
}

/** The canonical text of an entry. */
export function entryText(entry: Entry): string {
  requireEntry(entry);
  // Spelled out because it is on the hot path. RFC 8785 order; every value is within a pattern that needs no escape.
  return (
    `{"dataDigest":"${entry.dataDigest}","eventId":"${entry.eventId}","recordedAt":"${formatInstant(entry.recordedAtMs)}",` +
    `"revision":"${String(entry.revision)}","streamRef":"${entry.streamRef}","type":"${entry.type}",` +
    `"typeVersion":${String(entry.typeVersion)},"v":${String(ENTRY_VERSION)}}`
  );
}

/** Reads an entry back. Throws REQUEST_INVALID (or JSON_*) unless the bytes are exactly what `entryOf` would write. */
export function parseEntry(bytes: Uint8Array): Entry {
  if (bytes.length > MAX_ENTRY_BYTES) {
    throw new RejectedError('REQUEST_INVALID', 'an entry is at most 65,535 bytes', { field: 'entry' });
  }
  const value = parseCanonical(bytes);
  if (!isObject(value) || Object.keys(value).join() !== MEMBERS.join()) refuse('members');
  if (value['v'] !== ENTRY_VERSION) refuse('v');
  const revision = value['revision'];
  if (typeof revision !== 'string' || !REVISION.test(revision)) refuse('revision');
  const recordedAt = value['recordedAt'];
  if (typeof recordedAt !== 'string') refuse('recordedAt');
  const entry = {
    streamRef: value['streamRef'],
    revision: BigInt(revision),
    eventId: value['eventId'],
    type: value['type'],
    typeVersion: value['typeVersion'],
    recordedAtMs: parseInstant(recordedAt),
    dataDigest: value['dataDigest'],
  } as Entry; // requireEntry checks every field against its pattern
  requireEntry(entry);
  return entry;
}

function requireEntry(entry: Entry): void {
  if (typeof entry.streamRef !== 'string' || !STREAM_REF.test(entry.streamRef)) refuse('streamRef');
  if (entry.revision < 0n || entry.revision > 0x7fff_ffff_ffff_ffffn) refuse('revision');
  if (!isUuid(entry.eventId)) refuse('eventId');
  if (typeof entry.type !== 'string' || !TYPE.test(entry.type)) refuse('type');
  if (!Number.isInteger(entry.typeVersion) || entry.typeVersion < 1 || entry.typeVersion > 65_535) {
    refuse('typeVersion');
  }
  if (typeof entry.dataDigest !== 'string' || !DIGEST.test(entry.dataDigest)) refuse('dataDigest');
}

function isObject(value: JsonValue): value is Readonly<Record<string, JsonValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(field: string): never {
  throw new RejectedError('REQUEST_INVALID', `an entry's \`${field}\` is not as specified`, {
    field: `entry.${field}`,
  });
}
