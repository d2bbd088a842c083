import { parseBase64, sha256Digest, textOf } from '@writ/encoding';
import type { EventId, Hash32, KeyId } from '@writ/encoding';

import { SALT_BYTES } from './commitment.js';
import { leafHashOfText } from './entry.js';
import type { Attestation } from './metadata.js';
import { openEntry, type StoredEvent } from './open-event.js';
import { isSaltedStream, streamRefOf } from './stream.js';

/** What the tree needs of an event, and the signature that vouches for it. */
export interface AttestedEntry {
  readonly eventId: EventId;
  readonly leafHash: Hash32;
  /** With the entry. */
  readonly attestation: Attestation;
  readonly naming: StreamNaming;
}

/** How entries name a stream: learnt from its first event, the same for all that follow. */
export interface StreamNaming {
  readonly stream: string;
  readonly ref: string;
  /** Of a salted stream. */
  readonly salt: Uint8Array | undefined;
}

/**
 * The entry of a stored event, as `openEntry` tells it, without a look at what stands beside the attestation: whoever
 * gives places in the tree reads every event once, and nothing else of it. The entry is held to the event field by
 * field; that its fields are within their patterns is vouched for by the signature, which is the caller's to check.
 *
 * `known`: as the first event of a salted stream told it; at revision 0 it comes from the event's own salt.
 * Throws IntegrityError as `openEntry`.
 */
export function attestedEntry(stored: StoredEvent, known?: StreamNaming): AttestedEntry {
  return attestedEntryIn(textIn(stored.metadata), stored, known);
}

/** As `attestedEntry`, for a caller that has use for the text of the metadata too; empty where they are none. */
export function attestedEntryIn(metadataText: string, stored: StoredEvent, known?: StreamNaming): AttestedEntry {
  return quickly(metadataText, stored, known) ?? slowly(stored, known);
}

/** `undefined` where anything is otherwise than `encodeMetadata` writes it, or than the entry says. */
function quickly(text: string, stored: StoredEvent, known: StreamNaming | undefined): AttestedEntry | undefined {
  const begin = attestationBegin(text);
  const naming = namingOf(stored, text, known);
  if (begin === undefined || naming === undefined) return undefined;
  const { eventId, revision, type, typeVersion, data } = stored;
  const recordedAtBegin = begin.entryAt + RECORDED_AT_OFFSET;
  const recordedAt = text.slice(recordedAtBegin, recordedAtBegin + INSTANT_LENGTH);
  if (!INSTANT.test(recordedAt)) return undefined;
  const entry =
    `{"dataDigest":"${sha256Digest(data)}","eventId":"${eventId}","recordedAt":"${recordedAt}",` +
    `"revision":"${String(revision)}","streamRef":"${naming.ref}","type":"${type}","typeVersion":${String(typeVersion)},"v":1}`;
  // As a string within JSON: its quotes escaped, and quotes around it.
  const spelled = JSON.stringify(entry);
  if (!text.startsWith(spelled, begin.entryAt)) return undefined;
  ATTESTATION_END.lastIndex = begin.entryAt + spelled.length;
  const end = ATTESTATION_END.exec(text);
  if (end === null) return undefined;
  const [, keyId = '', signature = ''] = end;
  return {
    // The id is what the entry says, character by character.
    eventId: eventId as EventId,
    leafHash: leafHashOfText(entry),
    attestation: { entry, keyId: keyId as KeyId, batch: begin.batch, signature },
    naming,
  };
}

/** Every form, and every refusal with its reason. */
function slowly(stored: StoredEvent, known: StreamNaming | undefined): AttestedEntry {
  const { entry, leafHash, attestation, streamSalt } = openEntry(stored, known?.salt);
  const naming = { stream: stored.stream, ref: entry.streamRef, salt: streamSalt };
  return { eventId: entry.eventId, leafHash, attestation, naming };
}

/** Metadata begin with this member, in the one order that `encodeMetadata` writes. */
const ATTESTATION_BEGIN =
  /^\{"attestation":\{"batch":\{"index":(0|[1-9][0-9]{0,9}),"path":\[([^\]]*)\],"size":([1-9][0-9]{0,9})\},"entry":/;
/** Behind the entry. */
const ATTESTATION_END = /,"keyId":"([0-9a-f]{16})","signature":"([A-Za-z0-9+/]{86}==)"\},"/y;
/** The last members; quotes inside of a string are escaped, so no value can look like this. */
const SALT = /,"streamSalt":"([A-Za-z0-9+/]{22}==)"(?:,"trace":"[^"\\]*")?,"v":1\}$/;
/** The one field of an entry that the event does not tell otherwise. Before it stand a digest and an id, each of one length. */
const RECORDED_AT_OFFSET =
  `"{\\"dataDigest\\":\\"sha256:${'0'.repeat(64)}\\",\\"eventId\\":\\"${'0'.repeat(36)}\\",\\"recordedAt\\":\\"`.length;
const INSTANT_LENGTH = '2026-11-23T16:05:42.123Z'.length;
const INSTANT = /^[0-9TZ:.-]{24}$/;

/** A hash in base64 with its quotes and a comma. */
const SIBLING_LENGTH = 47;
const MAX_SIBLINGS = 32;

/** What stands before the entry, and where that begins. */
function attestationBegin(text: string): { batch: Attestation['batch']; entryAt: number } | undefined {
  const match = ATTESTATION_BEGIN.exec(text);
  if (match === null) return undefined;
  const [whole, index = '', path = '', size = ''] = match;
  const siblings = siblingsIn(path);
  if (siblings === undefined) return undefined;
  return { batch: { index: Number(index), size: Number(size), path: siblings }, entryAt: whole.length };
}

/** As far as lengths tell; that each is a hash is seen by who hashes it, to check the signature. */
function siblingsIn(path: string): string[] | undefined {
  if (path === '') return [];
  const count = (path.length + 1) / SIBLING_LENGTH;
  if (!Number.isInteger(count) || count > MAX_SIBLINGS) return undefined;
  const siblings = path.slice(1, -1).split('","');
  return siblings.length === count && path.startsWith('"') && path.endsWith('"') ? siblings : undefined;
}

function namingOf(stored: StoredEvent, text: string, known: StreamNaming | undefined): StreamNaming | undefined {
  const { stream, revision } = stored;
  if (!isSaltedStream(stream)) return { stream, ref: stream, salt: undefined };
  if (revision !== 0n) return known?.stream === stream ? known : undefined;
  const salted = SALT.exec(text)?.[1];
  const salt = salted === undefined ? undefined : saltIn(salted);
  return salt === undefined ? undefined : { stream, ref: streamRefOf(stream, salt), salt };
}

/** `undefined` for what is not the one spelling of 16 bytes. */
function saltIn(text: string): Uint8Array | undefined {
  try {
    return parseBase64(text, SALT_BYTES);
  } catch {
    return undefined;
  }
}

/** Empty for what is no text. */
function textIn(bytes: Uint8Array): string {
  try {
    return textOf(bytes);
  } catch {
    return '';
  }
}
