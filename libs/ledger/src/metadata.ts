import { canonicalText, canonicalTextOfOwn, parseBase64, parseOftenCanonical, toBase64, utf8 } from '@writ/encoding';
import type { JsonObject, JsonValue, KeyId } from '@writ/encoding';
import { IntegrityError } from '@writ/errors';

import { SALT_BYTES, WRAPPED_DEPTH, type Opening, type Openings } from './commitment.js';

/** Proof that an entry was signed, alone or as one leaf of a micro-batch (docs/spec/attestation.md). */
export interface Attestation {
  /** Canonical JSON text of the entry. */
  readonly entry: string;
  readonly keyId: KeyId;
  readonly batch: {
    /** Place of the entry among the leaves, from 0. */
    readonly index: number;
    readonly size: number;
    /** Siblings from the leaf up; base64, 32 bytes each. */
    readonly path: readonly string[];
  };
  /** Base64, 64 bytes, compact, low-S. */
  readonly signature: string;
}

/** What stands beside an event's data. Only the attestation proves anything; the rest is checked against what it proves. */
export interface EventMetadata {
  /** Revision 0 of an execution or refusals stream; 16 bytes. */
  readonly streamSalt?: Uint8Array;
  readonly openings?: Openings;
  readonly attestation: Attestation;
  /** W3C traceparent; unproven, never exported. */
  readonly trace?: string;
}

const METADATA_VERSION = 1;
const MAX_METADATA_BYTES = 1_048_576;
/** A batch of 2^32 leaves; none comes near. */
const MAX_PATH = 32;
const KEY_ID = /^[0-9a-f]{16}$/;

/**
 * Canonical JSON, spelled out because every event on the hot path has it; only what varies is walked.
 * @param openingsText canonical text of `metadata.openings`, where it is known already
 */
export function encodeMetadata(metadata: EventMetadata, openingsText?: string): Uint8Array {
  const { streamSalt, openings, attestation, trace } = metadata;
  const { entry, keyId, batch, signature } = attestation;
  // RFC 8785 order at every level. Key id, path and signature are hex or base64, which need no escape.
  const path = batch.path.map((sibling) => `"${sibling}"`).join();
  return utf8(
    `{"attestation":{"batch":{"index":${String(batch.index)},"path":[${path}],"size":${String(batch.size)}},` +
      `"entry":${canonicalTextOfOwn(entry)},"keyId":"${keyId}","signature":"${signature}"},` +
      (openings === undefined ? '' : `"openings":${openingsText ?? canonicalText(openings, WRAPPED_DEPTH)},`) +
      (streamSalt === undefined ? '' : `"streamSalt":"${toBase64(streamSalt)}",`) +
      (trace === undefined ? '' : `"trace":${canonicalText(trace)},`) +
      `"v":${String(METADATA_VERSION)}}`,
  );
}

/** Reads metadata strictly. Throws IntegrityError FOREIGN_EVENT: we write no other, so somebody else did. */
export function parseMetadata(bytes: Uint8Array): EventMetadata {
  try {
    const value = membersOf(
      parseOftenCanonical(bytes, { maxBytes: MAX_METADATA_BYTES, ...WRAPPED_DEPTH }),
      'metadata',
      ['v', 'attestation', 'streamSalt?', 'openings?', 'trace?'],
    );
    if (value['v'] !== METADATA_VERSION) refuse('v');
    const { streamSalt, openings, trace } = value;
    return {
      attestation: parseAttestation(value['attestation']),
      ...(streamSalt === undefined ? {} : { streamSalt: parseBase64(textIn(streamSalt, 'streamSalt'), SALT_BYTES) }),
      ...(openings === undefined ? {} : { openings: parseOpenings(openings) }),
      ...(trace === undefined ? {} : { trace: textIn(trace, 'trace') }),
    };
  } catch (cause) {
    if (cause instanceof IntegrityError) throw cause;
    throw new IntegrityError('FOREIGN_EVENT', 'the event metadata cannot be read', {}, { cause });
  }
}

/** Checks the shape of an attestation, not its signature. Throws IntegrityError ATTESTATION_INVALID. */
export function parseAttestation(value: JsonValue | undefined): Attestation {
  try {
    const attestation = membersOf(value, 'attestation', ['entry', 'keyId', 'batch', 'signature']);
    const batch = membersOf(attestation['batch'], 'batch', ['index', 'size', 'path']);
    const { index, size, path } = batch;
    if (!isCount(size) || size < 1) refuse('batch.size');
    if (!isCount(index) || index >= size) refuse('batch.index');
    if (!Array.isArray(path) || path.length > MAX_PATH) refuse('batch.path');
    const siblings = (path as readonly JsonValue[]).map((sibling) => bytesIn(sibling, 32, 'batch.path'));
    const keyId = textIn(attestation['keyId'], 'keyId');
    if (!KEY_ID.test(keyId)) refuse('keyId');
    return {
      entry: textIn(attestation['entry'], 'entry'),
      keyId: keyId as KeyId,
      batch: { index, size, path: siblings },
      signature: bytesIn(attestation['signature'], 64, 'signature'),
    };
  } catch (cause) {
    throw new IntegrityError('ATTESTATION_INVALID', 'the attestation is malformed', {}, { cause });
  }
}

function parseOpenings(value: JsonValue): Openings {
  const openings: [string, Opening][] = Object.entries(asObject(value, 'openings')).map(([name, opening]) => {
    const members = membersOf(opening, name, ['salt', 'value']);
    return [name, { salt: bytesIn(members['salt'], SALT_BYTES, name), value: members['value'] ?? null }];
  });
  return Object.fromEntries(openings);
}

/** The members of an object that holds the named ones and no other; `?` marks those that may be missing. */
function membersOf(value: JsonValue | undefined, field: string, names: readonly string[]): JsonObject {
  const object = asObject(value, field);
  const known = new Set(names.map((name) => name.replace('?', '')));
  for (const name of Object.keys(object)) if (!known.has(name)) refuse(`${field}.${name}`);
  for (const name of names) if (!name.endsWith('?') && object[name] === undefined) refuse(`${field}.${name}`);
  return object;
}

function asObject(value: JsonValue | undefined, field: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(field);
  return value as JsonObject;
}

function textIn(value: JsonValue | undefined, field: string): string {
  return typeof value === 'string' ? value : refuse(field);
}

/** Canonical base64 of `lengthBytes` bytes, kept as text. */
function bytesIn(value: JsonValue | undefined, lengthBytes: number, field: string): string {
  const text = textIn(value, field);
  parseBase64(text, lengthBytes);
  return text;
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}

function refuse(field: string): never {
  throw new IntegrityError('FOREIGN_EVENT', `\`${field}\` of the event metadata is not as specified`, { field });
}
