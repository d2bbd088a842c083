import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

import {
  canonicalise,
  equalBytes,
  formatInstant,
  parseBase64,
  parseInstant,
  parseJson,
  toBase64,
} from '@writ/encoding';
import { LedgerError, RejectedError } from '@writ/errors';
import { z } from 'zod';

import { AttestationKey } from './attestation-key.js';

const MAX_FILE_BYTES = 4096;
const OTHERS = 0o077;

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
    const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
    const file = await open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600).catch((cause: unknown) =>
      refuse(path, 'cannot be created', cause),
    );
    try {
      await writeDurably(file, content);
      await syncFolder(path);
    } catch (cause) {
      // Half a key is of no use, and its name would block the next try. A crash here leaves it: reading refuses it.
      await unlink(path).catch(() => undefined);
      refuse(path, 'cannot be written', cause);
    }
    return key;
  } catch (error) {
    key.erase();
    throw error;
  } finally {
    content.fill(0);
  }
}

/**
 * Reads a key file. Refused with KEY_FILE_INVALID: anything but a regular file (a symbolic link too), another owner
 * than this process, any permission for group or others, a form that is not exactly ours, and a public key or key id
 * that does not follow from the secret.
 */
export async function readKeyFile(path: string): Promise<AttestationKey> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (cause: unknown) => refuse(path, 'cannot be opened', cause),
  );
  let content: Buffer;
  try {
    // Checked on the open handle: the file that is judged is the file that is read.
    await requirePrivate(file, path);
    content = await file.readFile();
  } finally {
    await file.close();
  }
  try {
    return parseKeyFile(content);
  } catch (cause) {
    // The cause of a parse error may quote the text around it, and that text may be the secret: only its code goes on.
    const code: string | undefined = cause instanceof LedgerError ? String(cause.code) : undefined;
    throw new RejectedError('KEY_FILE_INVALID', 'the key file is not of the form that this version writes', {
      path,
      ...(code === undefined ? {} : { because: code }),
    });
  } finally {
    content.fill(0);
  }
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
  const fields = keyFileSchema.parse(parseJson(content, { maxBytes: MAX_FILE_BYTES }));
  const key = new AttestationKey(parseBase64(fields.secretKey, 32), parseInstant(fields.createdAt));
  if (key.keyId === fields.keyId && equalBytes(key.publicKey, parseBase64(fields.publicKey, 33))) return key;
  key.erase();
  throw new RejectedError('KEY_FILE_INVALID', 'the public key does not follow from the secret');
}

async function requirePrivate(file: FileHandle, path: string): Promise<void> {
  const status = await file.stat();
  if (!status.isFile()) refuse(path, 'is not a regular file');
  if (process.geteuid !== undefined && status.uid !== process.geteuid()) refuse(path, 'belongs to another user');
  if ((status.mode & OTHERS) !== 0) refuse(path, 'can be used by group or others; run `chmod 600` on it');
  if (status.size > MAX_FILE_BYTES) refuse(path, 'is longer than a key file');
}

async function writeDurably(file: FileHandle, content: Uint8Array): Promise<void> {
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Without this a crash can lose the name, and with it the key. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function refuse(path: string, what: string, cause?: unknown): never {
  const system = cause instanceof Error && 'code' in cause ? { system: String(cause.code) } : {};
  throw new RejectedError('KEY_FILE_INVALID', `the key file \`${path}\` ${what}`, { path, ...system }, { cause });
}
