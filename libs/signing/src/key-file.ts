import { randomBytes } from 'node:crypto';

import {
  canonicalise,
  equalBytes,
  formatInstant,
  parseBase64,
  parseInstant,
  parseJson,
  toBase64,
} from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import { z } from 'zod';

import { AttestationKey } from './attestation-key.js';
import { createPrivateFile, MAX_KEY_FILE_BYTES, readPrivateFile } from './private-file.js';

/** Everything in the file is repeated from the secret except `createdAt`, so that a damaged file cannot pass. */
const keyFileSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('writ-secp256k1'),
  purpose: z.literal('attestation'),
  keyId: z.string(),
  publicKey: z.string(),
  secretKey: z.string(),
  createdAt: z.string(),
});

/**
 * Draws a key and writes it to a new file, readable by its owner alone. An existing file is never touched.
 * The key is handed back only when file and folder entry are on the disk, so nothing is ever signed with a key that a
 * crash can lose. Throws KEY_FILE_INVALID, with the system's code in the details.
 */
export async function generateKeyFile(path: string, nowMs: number = Date.now()): Promise<AttestationKey> {
  const key = drawKey(nowMs);
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

function drawKey(nowMs: number): AttestationKey {
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
  return canonicalise({
    v: 1,
    kind: 'writ-secp256k1',
    purpose: 'attestation',
    keyId: key.keyId,
    publicKey: toBase64(key.publicKey),
    secretKey: toBase64(key.secretKey),
    createdAt: formatInstant(key.createdAtMs),
  });
}

function parseKeyFile(content: Uint8Array): AttestationKey {
  const fields = keyFileSchema.parse(parseJson(content, { maxBytes: MAX_KEY_FILE_BYTES }));
  const key = new AttestationKey(parseBase64(fields.secretKey, 32), parseInstant(fields.createdAt));
  if (key.keyId === fields.keyId && equalBytes(key.publicKey, parseBase64(fields.publicKey, 33))) return key;
  key.erase();
  throw new RejectedError('KEY_FILE_INVALID', 'the public key does not follow from the secret');
}
