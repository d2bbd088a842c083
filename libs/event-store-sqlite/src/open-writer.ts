import { randomBytes } from 'node:crypto';
import { accessSync, closeSync, constants, linkSync, openSync, statSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { IntegrityError, UnavailableError } from '@writ/errors';
import { closeQuietly, connectWriter, oneInteger, useWriteAheadLog, type Connection } from './connection.js';
import { formatOf, requireCurrentFormat, requireOurSchema, requireSoundPages } from './inspect-store.js';
import { applyMigrations } from './migrate-store.js';
import { APPLICATION_ID, FORMAT_VERSION, SCHEMA } from './schema.js';
import { hasContent, identityOf, syncDirectoryOf, syncUnlockedFile, type FileIdentity } from './store-file.js';

export interface OpenWriterOptions {
  readonly path: string;
  readonly mode: 'create' | 'existing';
  /** Brings an older format up to today's instead of refusing it. */
  readonly migrate: boolean;
}

export interface OpenedWriter {
  readonly connection: Connection;
  readonly storeId: string;
  readonly file: FileIdentity;
  readonly wal: FileIdentity;
  readonly lastPosition: bigint;
}

/** Other processes may be creating, migrating or recovering the same file: worth a wait. */
const OPEN_BUSY_TIMEOUT_MS = 3_000;

/** Larger stores are checked page by page only when somebody asks (`backup` and `restore` do): it takes 1 s per GB. */
const QUICK_CHECK_BYTES = 256 * 1024 * 1024;

/**
 * Opens a store for writing, creates it if that is asked for, and leaves nothing in it that would not survive a power
 * cut. SQLite itself recovers what a crash left torn: frames of the log after the last whole commit are ignored.
 *
 * @throws IntegrityError `STORE_MISSING`, `STORE_NOT_OURS`, `STORE_NEWER`, `STORE_MIGRATION_NEEDED`, `STORE_CORRUPT`
 * @throws foreign errors of SQLite and the file system, for the caller to translate
 */
export function openWriter(options: OpenWriterOptions): OpenedWriter {
  // 1. Look at the file before SQLite does: it would make one where none is.
  prepareFile(options);
  const connection = connectWriter(options.path, OPEN_BUSY_TIMEOUT_MS);
  try {
    // 2. What is it?
    const format = formatOf(connection);
    useWriteAheadLog(connection);
    if (format.kind === 'blank') createSchema(connection, options);
    else if (options.migrate) applyMigrations(connection, format.formatVersion);
    else requireCurrentFormat(format.formatVersion);
    const { storeId } = requireOurSchema(connection);
    if (statSync(options.path).size <= QUICK_CHECK_BYTES) requireSoundPages(connection, 'quick');
    // 3. A process that was killed between writing a commit and syncing it leaves frames that are whole but not yet
    //    durable, and recovery takes them for committed. Synced here, before anybody is told that they are there.
    connection.exec('BEGIN IMMEDIATE; ROLLBACK');
    syncUnlockedFile(`${options.path}-wal`);
    syncDirectoryOf(options.path);
    // 4. After a sync that failed, the log's pages may be clean in memory and missing on disk, and syncing again would
    //    not tell. Moving them into the database file writes and syncs them anew.
    connection.exec('PRAGMA wal_checkpoint(PASSIVE)');
    const file = identityOf(options.path);
    const wal = identityOf(`${options.path}-wal`);
    if (file === undefined || wal === undefined) {
      throw new UnavailableError('STORE_UNAVAILABLE', 'the store file went away while it was opened');
    }
    const lastPosition = oneInteger(connection, 'SELECT coalesce(max(position), 0) FROM events');
    return { connection, storeId, file, wal, lastPosition };
  } catch (error) {
    closeQuietly(connection);
    throw error;
  }
}

function prepareFile({ path, mode }: OpenWriterOptions): void {
  if (hasContent(path)) {
    // SQLite would silently open a file that it may not write for reading only; say it before.
    requireAccess(path);
    requireAccess(dirname(path));
    return;
  }
  if (mode === 'existing') throw missingStore(path);
  if (identityOf(path) === undefined) createBlankFile(path);
}

/**
 * Only the owner may read what is decided here; SQLite gives its side files the same mode. The file gets its name when
 * its descriptor is closed again: another thread that creates the same store may hold locks on it by then, and a
 * descriptor closed here would drop them. A crash leaves a blank file of another name, which nobody needs.
 */
function createBlankFile(path: string): void {
  const blank = `${path}.${randomBytes(8).toString('hex')}.new`;
  closeSync(openSync(blank, 'wx', 0o600));
  try {
    linkSync(blank, path);
  } catch (error) {
    // Somebody else who creates the same store was first, which is as good.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    unlinkSync(blank);
  }
}

function requireAccess(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw new UnavailableError('STORE_READ_ONLY', `no permission to write \`${path}\``, {}, { cause: error });
  }
}

function missingStore(path: string): IntegrityError {
  return new IntegrityError('STORE_MISSING', 'there is no store, and none is created unless that is asked for', {
    path,
  });
}

/**
 * One transaction makes the whole store: a crash before its COMMIT leaves a blank file, which the next `create`
 * finishes. Of two processes that create at once, the second finds the work done.
 */
function createSchema(connection: Connection, { path, mode }: OpenWriterOptions): void {
  if (mode === 'existing') throw missingStore(path);
  connection.exec('BEGIN IMMEDIATE');
  try {
    const format = formatOf(connection);
    if (format.kind === 'ours') {
      requireCurrentFormat(format.formatVersion);
      connection.exec('ROLLBACK');
      return;
    }
    for (const statement of SCHEMA) connection.exec(statement);
    const meta = connection.prepare('INSERT INTO meta (name, value) VALUES (?, ?)');
    meta.run('store_id', randomBytes(16).toString('hex'));
    meta.run('created_at', new Date().toISOString());
    connection.exec(`PRAGMA application_id=${APPLICATION_ID}; PRAGMA user_version=${FORMAT_VERSION}`);
    connection.exec('COMMIT');
  } catch (error) {
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}
