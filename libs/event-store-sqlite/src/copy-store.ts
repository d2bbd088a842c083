import { chmodSync, copyFileSync, existsSync, linkSync, rmSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { backup } from '@photostructure/sqlite';
import { IntegrityError, RejectedError } from '@writ/errors';
import {
  closeQuietly,
  connectReader,
  connectWriter,
  leaveWriteAheadLog,
  oneInteger,
  type Connection,
} from './connection.js';
import { formatOf, requireCurrentFormat, requireOurSchema, requireSoundPages } from './inspect-store.js';
import type { BackupProgress, StoreSummary } from './maintenance-message.js';
import { hasContent, syncDirectoryOf, syncUnlockedFile } from './store-file.js';

const BUSY_TIMEOUT_MS = 3_000;
/** Pages copied between two reports of progress: 8 MB. */
const PAGES_PER_STEP = 2_048;

/** Copies a store that may be in use; see `backupSqliteStore`. For a thread of its own. */
export async function backupStore(
  source: string,
  target: string,
  onProgress: (progress: BackupProgress) => void,
): Promise<StoreSummary> {
  const from = resolve(source);
  return intoPlace(resolve(target), async (partial) => {
    requireContent(from);
    const connection = connectReader(from, BUSY_TIMEOUT_MS);
    try {
      requireOurs(connection, from);
      // A read transaction held open pins the moment: without it SQLite starts over whenever somebody commits.
      connection.exec('BEGIN; SELECT count(*) FROM sqlite_schema');
      await backup(connection, partial, {
        rate: PAGES_PER_STEP,
        progress: ({ totalPages, remainingPages }) =>
          onProgress({ copiedPages: totalPages - remainingPages, totalPages }),
      });
      connection.exec('COMMIT');
    } finally {
      closeQuietly(connection);
    }
  });
}

/** Copies a backup to where a store shall be; see `restoreSqliteStore`. For a thread of its own. */
export function restoreStore(source: string, target: string): Promise<StoreSummary> {
  const from = resolve(source);
  return intoPlace(resolve(target), async (partial) => {
    requireContent(from);
    if (hasContent(`${from}-wal`)) {
      throw new RejectedError(
        'REQUEST_INVALID',
        'the backup has a log beside it: it is a store in use, take a backup of it',
        { source: from },
      );
    }
    copyFileSync(from, partial);
  });
}

/**
 * Makes a copy under another name, checks it, syncs it, and only then gives it its name. A crash before that leaves
 * `<target>.partial`, which the next attempt removes; there is never a half-made file under the target's name.
 */
async function intoPlace(target: string, copy: (partial: string) => Promise<void>): Promise<StoreSummary> {
  for (const path of [target, `${target}-wal`, `${target}-shm`]) {
    if (existsSync(path))
      throw new RejectedError('REQUEST_INVALID', 'the target exists, and nothing is overwritten', { path });
  }
  const partial = `${target}.partial`;
  rmSync(partial, { force: true });
  try {
    await copy(partial);
    // As for the store itself: only the owner may read what was decided.
    chmodSync(partial, 0o600);
    const summary = checkCopy(partial);
    syncUnlockedFile(partial);
    // Unlike a rename, a link fails when somebody else made the target in the meantime.
    linkSync(partial, target);
    syncDirectoryOf(target);
    return summary;
  } finally {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${partial}${suffix}`, { force: true });
  }
}

/** Looks through a store that may be in use; see `checkSqliteStore`. For a thread of its own. */
export function checkStore(path: string): StoreSummary {
  const from = resolve(path);
  requireContent(from);
  const connection = connectReader(from, BUSY_TIMEOUT_MS);
  try {
    requireCurrentFormat(requireOurs(connection, from));
    requireSoundPages(connection, 'full');
    return summaryOf(connection, from);
  } finally {
    closeQuietly(connection);
  }
}

function checkCopy(path: string): StoreSummary {
  const connection = connectWriter(path, BUSY_TIMEOUT_MS);
  try {
    requireCurrentFormat(requireOurs(connection, path));
    // One file that stands for itself; opening it as a store turns the log on again.
    leaveWriteAheadLog(connection);
    requireSoundPages(connection, 'full');
    return summaryOf(connection, path);
  } finally {
    closeQuietly(connection);
  }
}

function summaryOf(connection: Connection, path: string): StoreSummary {
  const { storeId } = requireOurSchema(connection);
  return {
    storeId,
    events: oneInteger(connection, 'SELECT count(*) FROM events'),
    lastPosition: oneInteger(connection, 'SELECT coalesce(max(position), 0) FROM events'),
    bytes: statSync(path).size,
  };
}

function requireContent(path: string): void {
  if (!hasContent(path)) throw new IntegrityError('STORE_MISSING', 'there is no store to copy', { path });
}

/** @returns the format version */
function requireOurs(connection: Connection, path: string): number {
  const format = formatOf(connection);
  if (format.kind === 'blank') throw new IntegrityError('STORE_MISSING', 'the file holds no store yet', { path });
  return format.formatVersion;
}
