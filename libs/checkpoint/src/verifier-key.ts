import { concatBytes, equalBytes, parseBase64, sha256, toBase64, toHex, utf8 } from '@writ/encoding';
import { LedgerError, RejectedError } from '@writ/errors';

import { isStrictPublicKey } from './ed25519.js';

/** Signature types of C2SP signed-note that can be verified here. */
export const ED25519_TYPE = 0x01;
export const COSIGNATURE_V1_TYPE = 0x04;
/** Types that are assigned, but not verified here: ECDSA, RFC 6962 tree head, ML-DSA-44 cosignature, own long names. */
const OPAQUE_TYPES: readonly number[] = [0x02, 0x05, 0x06, 0xff];
const ECDSA_TYPE = 0x02;
const KEY_ID_BYTES = 4;

/** A public key that signs notes, under the name and the id by which a signature line refers to it. */
export interface VerifierKey {
  /** Not empty, without Unicode white space, control characters and `+`. That of a log is its origin. */
  readonly name: string;
  /** 8 lower-case hex digits. */
  readonly keyId: string;
  /** An opaque key can be listed; its signatures are as those of an unknown key. */
  readonly algorithm: 'ed25519' | 'cosignature-v1' | 'opaque';
  /** The byte that says which algorithm: 0x01, 0x04, or one of the opaque ones. */
  readonly type: number;
  readonly publicKey: Uint8Array;
}

/** `name+id+base64(type ‖ key)`. */
const VKEY = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u;
const NAME = /^[^\p{White_Space}\u0000-\u001f+]+$/u;
const MAX_LENGTH = 8192;

/** `true` for a name that a signature line can hold. */
export function isKeyName(name: unknown): name is string {
  return typeof name === 'string' && NAME.test(name);
}

/**
 * The key of that name and type with its id computed (C2SP signed-note, section on verifier keys). Throws
 * VERIFIER_KEY_INVALID for a bad name, an unassigned type, or an Ed25519 key that no signature could verify under.
 */
export function verifierKey(name: string, type: number, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) refuse('a key name is not empty and holds no white space and no `+`');
  if (type !== ED25519_TYPE && type !== COSIGNATURE_V1_TYPE) {
    if (!OPAQUE_TYPES.includes(type) || publicKey.length === 0) refuse('the type of the key is not assigned', name);
    return { name, keyId: keyIdOf(name, type, publicKey), algorithm: 'opaque', type, publicKey: publicKey.slice() };
  }
  if (!isStrictPublicKey(publicKey)) refuse('an Ed25519 key is a point of 32 bytes that is not of small order', name);
  const algorithm = type === ED25519_TYPE ? 'ed25519' : 'cosignature-v1';
  return { name, keyId: keyIdOf(name, type, publicKey), algorithm, type, publicKey: publicKey.slice() };
}

/** Reads a vkey in its one spelling; the id in it must be that of the key. Throws VERIFIER_KEY_INVALID. */
export function parseVerifierKey(text: string): VerifierKey {
  const match = typeof text === 'string' && text.length <= MAX_LENGTH ? VKEY.exec(text) : null;
  if (match === null) refuse('a verifier key is a name, an id of 8 hex digits and base64, joined by `+`');
  const [, name = '', keyId = '', encoded = ''] = match;
  const [type = -1, ...publicKey] = decoded(encoded);
  const key = verifierKey(name, type, Uint8Array.from(publicKey));
  if (key.keyId !== keyId) refuse(`the id is \`${keyId}\`, that of the key is \`${key.keyId}\``, name);
  return key;
}

/** The vkey of `key`: exactly what `parseVerifierKey` reads. */
export function formatVerifierKey({ name, keyId, type, publicKey }: VerifierKey): string {
  return `${name}+${keyId}+${toBase64(concatBytes(Uint8Array.of(type), publicKey))}`;
}

/** `true` where both are the same key under the same name. */
export function sameKey(left: VerifierKey, right: VerifierKey): boolean {
  return left.name === right.name && left.type === right.type && equalBytes(left.publicKey, right.publicKey);
}

function keyIdOf(name: string, type: number, publicKey: Uint8Array): string {
  // The id of an ECDSA key is older than the rule and leaves the name out.
  const hashed = type === ECDSA_TYPE ? sha256(publicKey) : sha256(utf8(`${name}\n`), Uint8Array.of(type), publicKey);
  return toHex(hashed.subarray(0, KEY_ID_BYTES));
}

function decoded(encoded: string): Uint8Array {
  try {
    return parseBase64(encoded);
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    throw new RejectedError('VERIFIER_KEY_INVALID', 'the key is not base64 in its one spelling', {}, { cause });
  }
}

function refuse(message: string, name?: string): never {
  throw new RejectedError('VERIFIER_KEY_INVALID', message, name === undefined ? {} : { name });
}
