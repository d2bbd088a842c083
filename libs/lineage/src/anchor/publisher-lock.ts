import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { UnavailableError } from '@writ/errors';

/**
 * Held by the one process that sequences and signs. It is a lock of the operating system on a file of its own, which the
 * kernel takes back when the process dies, however it dies: there is nothing to time out and nothing to clean up. The
 * folder must be on a file system whose locks all nodes see; two nodes with a folder each do not know of each other,
 * and then it is the missing mark that stops the second one.
 */
export interface PublisherLock {
  /** @throws UnavailableError `PUBLISHER_UNAVAILABLE` when the lock is not what it was: closed, or its file replaced */
  requireHeld(): void;
  /** Lets go. Idempotent. */
  close(): void;
}

const LOCK_FILE = 'lock.db';
const SQLITE_BUSY = 5;

/**
 * Takes the lock of a mark folder; `undefined` when somebody else has it. Nothing else may open the file in this process:
 * closing it would drop the lock (POSIX).
 * @throws UnavailableError `PUBLISHER_UNAVAILABLE` when the file cannot be used at all
 */
export function tryPublisherLock(markDir: string): PublisherLock | undefined {
  const path = join(markDir, LOCK_FILE);
  let connection: DatabaseSyncInstance | undefined;
  try {
    mkdirSync(markDir, { recursive: true, mode: 0o700 });
    connection = new DatabaseSync(path, { timeout: 0 });
    // No content is ever written; the transaction stays open as long as the lock is held.
    connection.exec('PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE');
    return new HeldLock(connection, path);
  } catch (cause) {
    closeQuietly(connection);
    if (isBusy(cause)) return undefined;
    throw new UnavailableError('PUBLISHER_UNAVAILABLE', 'the lock of the mark cannot be used', { path }, { cause });
  }
}

/** For a key that lives as long as the process. */
export function processLock(): PublisherLock {
  return { requireHeld: () => undefined, close: () => undefined };
}

class HeldLock implements PublisherLock {
  readonly #path: string;
  readonly #identity: string;
  #connection: DatabaseSyncInstance | undefined;

  constructor(connection: DatabaseSyncInstance, path: string) {
    this.#path = path;
    this.#identity = identityOf(path);
    this.#connection = connection;
  }

  requireHeld(): void {
    // Who removes the file lets another process lock a new one of that name.
    if (this.#connection !== undefined && identityOf(this.#path) === this.#identity) return;
    throw new UnavailableError('PUBLISHER_UNAVAILABLE', 'the lock of the mark is lost', { path: this.#path });
  }

  close(): void {
    closeQuietly(this.#connection);
    this.#connection = undefined;
  }
}

/** Of the file, not of its name; empty where there is none. */
function identityOf(path: string): string {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false });
  return status === undefined ? '' : `${String(status.dev)}:${String(status.ino)}`;
}

/** SQLITE_BUSY (https://sqlite.org/rescode.html), by its code or, where the binding gives none, by its text. */
function isBusy(error: unknown): boolean {
  const { errcode, message } = error as { readonly errcode?: unknown; readonly message?: unknown };
  if (typeof errcode === 'number') return (errcode & 0xff) === SQLITE_BUSY;
  return message === 'database is locked';
}

function closeQuietly(connection: DatabaseSyncInstance | undefined): void {
  try {
    connection?.close();
  } catch {
    // Not open any more: that is what was wanted.
  }
}
