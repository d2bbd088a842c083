import { randomBytes } from 'node:crypto';

import {
  canonicalise,
  equalBytes,
  formatInstant,
  parseBase64,
  parseInstant,
  parseJson,
  toBase64,
  type KeyId,
} from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import { keyIdOf, type TrustedKey } from '@writ/evidence';
import { z } from 'zod';

import { AttestationKey } from './attestation-key.js';
import { createPrivateFile, MAX_KEY_FILE_BYTES, readPrivateFile, replacePrivateFile } from './private-file.js';

/** Everything in the file is repeated from the secret except `createdAt`, so that a damaged file cannot pass. */
const keyFileSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('writ-secp256k1'),
  purpose: z.literal('attestation'),
  keyId: z.string(),
  publicKey: z.string(),
  /** Absent after `eraseSecret`. */
  secretKey: z.string().optional(),
  createdAt: z.string(),
});

/**
 * Draws a key and writes it to a new file, readable by its owner alone. An existing file is never touched.
 * The key is handed back only when file and folder entry are on the disk, so nothing is ever signed with a key that a
 * crash can lose. Throws KEY_FILE_INVALID, with the system's code in the details.
 */
export async function generateKeyFile(path: string, nowMs: number = Date.now()): Promise<AttestationKey> {
  return generateSuccessorFile(() => path, nowMs);
}

/** As `generateKeyFile`, into a file that is named after the key. */
export async function generateSuccessorFile(pathOf: (keyId: KeyId) => string, nowMs: number): Promise<AttestationKey> {
  const key = drawKey(nowMs);
  const path = pathOf(key.keyId);
  const content = keyFileBytes(key);
  try {
    await createPrivateFile(path, content);
    return key;
  } catch (error) {
    key.erase();
    throw error;
  } finally {
    content.fill(0);
  }
}

/**
 * Reads a key file. Refused with KEY_FILE_INVALID: what `readPrivateFile` refuses, a form that is not exactly ours, and
 * a public key or key id that does not follow from the secret.
 */
export async function readKeyFile(path: string): Promise<AttestationKey> {
  return readPrivateFile(path, parseKeyFile);
}

/** What a key file says to everybody. */
export interface PublicHalf extends TrustedKey {
  readonly createdAtMs: number;
  readonly hasSecret: boolean;
}

/** Reads a key file, also one without a secret; refused as `readKeyFile` does. Keeps no copy of the secret. */
export async function readPublicHalf(path: string): Promise<PublicHalf> {
  return readPrivateFile(path, (content) => {
    const fields = parseFields(content);
    const { keyId, publicKey } = fields;
    const createdAtMs = parseInstant(fields.createdAt);
    if (fields.secretKey !== undefined) {
      const key = keyOf(fields, fields.secretKey);
      key.erase();
      return { keyId: key.keyId, publicKey: key.publicKey, createdAtMs, hasSecret: true };
    }
    const point = parseBase64(publicKey, 33);
    if (keyIdOf(point) === keyId) return { keyId: keyIdOf(point), publicKey: point, createdAtMs, hasSecret: false };
    throw new RejectedError('KEY_FILE_INVALID', 'the key id does not follow from the key');
  });
}

/**
 * Takes the secret out of a key file; what is left still names the key, which for the first key of a ledger is what its
 * successors are trusted by. The file is replaced whole: a crash leaves the one or the other. What the disk itself keeps of
 * the old blocks, nobody can promise.
 */
export async function eraseSecret(path: string): Promise<PublicHalf> {
  const half = await readPublicHalf(path);
  const { keyId, publicKey, createdAtMs } = half;
  await replacePrivateFile(path, canonicalise(publicFields({ keyId, publicKey, createdAtMs })));
  return { ...half, hasSecret: false };
}

/** A key out of this machine's random numbers, in memory alone. */
export function drawKey(nowMs: number): AttestationKey {
  // A draw outside 1..n-1 has a chance of 2^-128; then the next one.
  for (;;) {
    try {
      return new AttestationKey(Uint8Array.from(randomBytes(32)), nowMs);
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error;
    }
  }
}

function keyFileBytes(key: AttestationKey): Uint8Array {
  return canonicalise({ ...publicFields(key), secretKey: toBase64(key.secretKey) });
}

function publicFields({ keyId, publicKey, createdAtMs }: TrustedKey & { readonly createdAtMs: number }) {
  return {
    v: 1,
    kind: 'writ-secp256k1',
    purpose: 'attestation',
    keyId,
    publicKey: toBase64(publicKey),
    createdAt: formatInstant(createdAtMs),
  };
}

function parseKeyFile(content: Uint8Array): AttestationKey {
  const fields = parseFields(content);
  if (fields.secretKey !== undefined) return keyOf(fields, fields.secretKey);
  throw new RejectedError('KEY_FILE_INVALID', 'the secret was taken out of the key file', { keyId: fields.keyId });
}

type Fields = z.infer<typeof keyFileSchema>;

function parseFields(content: Uint8Array): Fields {
  return keyFileSchema.parse(parseJson(content, { maxBytes: MAX_KEY_FILE_BYTES }));
}

function keyOf(fields: Fields, secretKey: string): AttestationKey {
  const key = new AttestationKey(parseBase64(secretKey, 32), parseInstant(fields.createdAt));
  if (key.keyId === fields.keyId && equalBytes(key.publicKey, parseBase64(fields.publicKey, 33))) return key;
  key.erase();
  throw new RejectedError('KEY_FILE_INVALID', 'the public key does not follow from the secret');
}
