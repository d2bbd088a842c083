import { randomBytes } from 'node:crypto';

import { canonicalise, formatInstant, parseBase64, parseInstant, parseJson, toBase64 } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import { z } from 'zod';

import { NoteKey, type NoteKeyPurpose } from './note-key.js';
import { createPrivateFile, MAX_KEY_FILE_BYTES, readPrivateFile } from './private-file.js';

/** The vkey follows from name, purpose and secret, so that a damaged or mixed-up file cannot pass. */
const noteKeyFileSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('writ-ed25519'),
  purpose: z.enum(['checkpoint', 'cosignature']),
  name: z.string(),
  vkey: z.string(),
  secretKey: z.string(),
  createdAt: z.string(),
});

/** Draws a key that lives as long as the process. Throws VERIFIER_KEY_INVALID for a name that no note can hold. */
export function drawNoteKey(purpose: NoteKeyPurpose, name: string, nowMs: number = Date.now()): NoteKey {
  return new NoteKey(purpose, name, Uint8Array.from(randomBytes(32)), nowMs);
}

/** As `generateKeyFile`, of an Ed25519 key with that name. Throws as `createPrivateFile` and `drawNoteKey`. */
export async function generateNoteKeyFile(
  path: string,
  purpose: NoteKeyPurpose,
  name: string,
  nowMs: number = Date.now(),
): Promise<NoteKey> {
  const key = drawNoteKey(purpose, name, nowMs);
  const content = canonicalise({
    v: 1,
    kind: 'writ-ed25519',
    purpose,
    name,
    vkey: key.vkey,
    secretKey: toBase64(key.seed),
    createdAt: formatInstant(nowMs),
  });
  try {
    await createPrivateFile(path, content);
    return key;
  } finally {
    content.fill(0);
  }
}

/**
 * Reads a key file of that purpose: a log does not sign with a witness' key, nor the other way round. Refused with
 * KEY_FILE_INVALID as `readKeyFile` does.
 */
export async function readNoteKeyFile(path: string, purpose: NoteKeyPurpose): Promise<NoteKey> {
  return readPrivateFile(path, (content) => {
    const fields = noteKeyFileSchema.parse(parseJson(content, { maxBytes: MAX_KEY_FILE_BYTES }));
    const { name, secretKey, createdAt } = fields;
    const key = new NoteKey(fields.purpose, name, parseBase64(secretKey, 32), parseInstant(createdAt));
    if (fields.purpose === purpose && key.vkey === fields.vkey) return key;
    throw new RejectedError('KEY_FILE_INVALID', 'the key is for another purpose, or not the one that the file names');
  });
}
