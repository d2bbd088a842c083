import { constants } from 'node:fs';
import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

import { LedgerError, RejectedError } from '@writ/errors';

export const MAX_KEY_FILE_BYTES = 4096;
const OTHERS = 0o077;

/**
 * Writes a new file, readable by its owner alone, and returns when it and its folder entry are on the disk. An existing
 * file is never touched. Throws KEY_FILE_INVALID, with the system's code in the details.
 */
export async function createPrivateFile(path: string, content: Uint8Array): Promise<void> {
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
}

/** Puts another content in the place of a private file: whole, and on the disk, when it returns. Throws KEY_FILE_INVALID. */
export async function replacePrivateFile(path: string, content: Uint8Array): Promise<void> {
  const next = `${path}.new`;
  // What a crash of an earlier try left behind.
  await unlink(next).catch(() => undefined);
  await createPrivateFile(next, content);
  try {
    await rename(next, path);
    await syncFolder(path);
  } catch (cause) {
    refuse(path, 'cannot be replaced', cause);
  }
}

/**
 * Hands the bytes of a private file to `parse` and overwrites them afterwards. Refused with KEY_FILE_INVALID: anything but
 * a regular file (a symbolic link too), another owner than this process, any permission for group or others, and what
 * `parse` refuses.
 */
export async function readPrivateFile<Key>(path: string, parse: (content: Uint8Array) => Key): Promise<Key> {
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
    return parse(content);
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

async function requirePrivate(file: FileHandle, path: string): Promise<void> {
  const status = await file.stat();
  if (!status.isFile()) refuse(path, 'is not a regular file');
  if (process.geteuid !== undefined && status.uid !== process.geteuid()) refuse(path, 'belongs to another user');
  if ((status.mode & OTHERS) !== 0) refuse(path, 'can be used by group or others; run `chmod 600` on it');
  if (status.size > MAX_KEY_FILE_BYTES) refuse(path, 'is longer than a key file');
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
