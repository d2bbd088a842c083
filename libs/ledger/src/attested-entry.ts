import { parseBase64, sha256Digest, textOf, utf8 } from '@writ/encoding';
import type { EventId, Hash32, KeyId } from '@writ/encoding';

import { SALT_BYTES } from './commitment.js';
import { leafHashOf } from './entry.js';
import type { Attestation } from './metadata.js';
import { openEntry, type StoredEvent } from './open-event.js';
import { isSaltedStream, streamRefOf } from './stream.js';

/** What the tree needs of an event, and the signature that vouches for it. */
export interface AttestedEntry {
  readonly eventId: EventId;
  readonly entryBytes: Uint8Array;
  readonly leafHash: Hash32;
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

/** Metadata begin with this member, in the one order that `encodeMetadata` writes; an entry's only escapes are of quotes. */
const ATTESTATION =
  /^\{"attestation":\{"batch":\{"index":(0|[1-9][0-9]{0,9}),"path":\[((?:"[A-Za-z0-9+/]{43}="(?:,(?="))?){0,32})\],"size":([1-9][0-9]{0,9})\},"entry":"((?:[^"\\]|\\")*)","keyId":"([0-9a-f]{16})","signature":"([A-Za-z0-9+/]{86}==)"\},"/;
/** The last members; quotes inside of a string are escaped, so no value can look like this. */
const SALT = /,"streamSalt":"([A-Za-z0-9+/]{22}==)"(?:,"trace":"[^"\\]*")?,"v":1\}$/;
const RECORDED_AT = /^\{"dataDigest":"[^"]*","eventId":"[^"]*","recordedAt":"([^"]*)",/;

/**
 * The entry of a stored event, as `openEntry` tells it, without a look at what stands beside the attestation: whoever
 * gives places in the tree reads every event once, and nothing else of it. The entry is held to the event field by
 * field; that its fields are within their patterns is vouched for by the signature, which is the caller's to check.
 *
 * `known`: as the first event of a salted stream told it; at revision 0 it comes from the event's own salt.
 * Throws IntegrityError as `openEntry`.
 */
export function attestedEntry(stored: StoredEvent, known?: StreamNaming): AttestedEntry {
  return quickly(stored, known) ?? slowly(stored, known);
}

/** `undefined` where anything is otherwise than `encodeMetadata` writes it, or than the entry says. */
function quickly(stored: StoredEvent, known: StreamNaming | undefined): AttestedEntry | undefined {
  const text = textIn(stored.metadata);
  const attestation = attestationIn(text);
  const naming = namingOf(stored, text, known);
  const recordedAt = RECORDED_AT.exec(attestation?.entry ?? '')?.[1];
  if (attestation === undefined || naming === undefined || recordedAt === undefined) return undefined;
  const { eventId, revision, type, typeVersion, data } = stored;
  const entry =
    `{"dataDigest":"${sha256Digest(data)}","eventId":"${eventId}","recordedAt":"${recordedAt}",` +
    `"revision":"${String(revision)}","streamRef":"${naming.ref}","type":"${type}","typeVersion":${String(typeVersion)},"v":1}`;
  if (entry !== attestation.entry) return undefined;
  const entryBytes = utf8(entry);
  // The id is what the entry says, character by character.
  return { eventId: eventId as EventId, entryBytes, leafHash: leafHashOf(entryBytes), attestation, naming };
}

/** Every form, and every refusal with its reason. */
function slowly(stored: StoredEvent, known: StreamNaming | undefined): AttestedEntry {
  const { entry, entryBytes, leafHash, attestation, streamSalt } = openEntry(stored, known?.salt);
  const naming = { stream: stored.stream, ref: entry.streamRef, salt: streamSalt };
  return { eventId: entry.eventId, entryBytes, leafHash, attestation, naming };
}

function attestationIn(text: string): Attestation | undefined {
  const match = ATTESTATION.exec(text);
  if (match === null) return undefined;
  const [, index = '', path = '', size = '', entry = '', keyId = '', signature = ''] = match;
  const siblings = path === '' ? [] : path.slice(1, -1).split('","');
  return {
    entry: entry.replaceAll('\\"', '"'),
    keyId: keyId as KeyId,
    batch: { index: Number(index), size: Number(size), path: siblings },
    signature,
  };
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
