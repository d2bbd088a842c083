import { accessSync, constants, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { IntegrityError, LedgerError, UnavailableError, type PlainError } from '@writ/errors';
import type { StoreHealth } from '@writ/event-store';
import { AppendGroup, type AppendOutcome } from './append-group.js';
import type { AppendRequest } from './append-request.js';
import { closeQuietly, firstRow, prepare, asInteger, type Connection, type Statement } from './connection.js';
import { openWriter, type OpenedWriter } from './open-writer.js';
import { failureCodeOf, failureOf, isBusy, isFull, textOf } from './sqlite-failure.js';
import { identityOf, sameIdentity } from './store-file.js';
import { healthCodeOf, type FromWriter, type RefusedAppend, type WriterSettings } from './writer-message.js';

/** Appends of one transaction: enough to make its one sync cheap, few enough to answer within some 20 ms. */
const LARGEST_GROUP = 1_024;
/** Pages of the log that wait for the next checkpoint: 4 MB, some milliseconds of work, done while nobody is answered. */
const CHECKPOINT_PAGES = 1_000;
const LOOK_AT_LOG_EVERY_GROUPS = 16;
const FREE_SPACE_CHECK_MS = 250;
/** After the disk was full, health turns good again when this much is free, whatever the threshold. */
const FREE_AGAIN_BYTES = 1024 * 1024;

/** An open file and the statements on it. */
interface Handle {
  readonly opened: OpenedWriter;
  readonly group: AppendGroup;
  readonly begin: Statement;
  readonly commit: Statement;
  readonly rollback: Statement;
}

/**
 * The one writer of an open store. It lives in a thread of its own, because a commit waits for the disk and nothing
 * else shall wait with it; it takes appends in groups, and answers a group with one message.
 *
 * A writer has one handle in its life. When that can no longer be trusted it gives up, and the thread ends with it:
 * the binding frees a connection for certain only then (`close` leaves it to the garbage collector while statements
 * live). The link starts another thread.
 */
export class Writer {
  readonly #settings: WriterSettings;
  readonly #post: (message: FromWriter) => void;
  readonly #end: () => void;
  #handle: Handle | undefined;
  #full = false;
  #free = { checkedMs: -Infinity, enough: true };
  #groupsSinceLook = 0;
  #checkpointAt = CHECKPOINT_PAGES;

  /** @param end called when this writer is done with: the thread shall end */
  constructor(settings: WriterSettings, post: (message: FromWriter) => void, end: () => void) {
    this.#settings = settings;
    this.#post = post;
    this.#end = end;
  }

  /** Opens, or tells why not and gives up. */
  start(): void {
    try {
      const opened = openWriter(this.#settings);
      requireSameStore(opened, this.#settings.resume);
      this.#handle = handleOf(opened);
      this.#post({ kind: 'opened', storeId: opened.storeId, lastPosition: opened.lastPosition });
    } catch (error) {
      this.#giveUp(messageOf(translated(error)));
    }
  }

  append(requests: readonly AppendRequest[]): void {
    for (let from = 0; from < requests.length; from += LARGEST_GROUP) {
      // Once it has given up, the link tells whoever was not answered that nothing was appended.
      if (this.#handle === undefined) return;
      this.#appendGroup(this.#handle, requests.slice(from, from + LARGEST_GROUP));
    }
  }

  probe(probeId: number): void {
    this.#post({ kind: 'probed', probeId, health: this.#health() });
  }

  close(): void {
    try {
      // Leaves everything in the one file. A crash in here loses nothing: the next `openWriter` does it again.
      this.#handle?.opened.connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // What is durable in the log stays in the log.
    }
    this.#end();
  }

  /**
   * The write path. What a crash leaves: before COMMIT returns, nothing or (rarely) the whole group, without an answer;
   * whoever asks again learns which. After it, the whole group.
   */
  #appendGroup(handle: Handle, requests: readonly AppendRequest[]): void {
    // 1. Is the file still the one that was opened, and is there room?
    const obstacle = this.#obstacle(handle.opened);
    if (obstacle !== undefined) {
      this.#refuseAll(requests, obstacle.error);
      if (obstacle.fatal) this.#giveUp(obstacle.error);
      return;
    }
    // 2. One transaction; nothing in it is durable yet. A failure in it is surely nothing appended.
    const outcomes = this.#writeGroup(handle, requests);
    if (outcomes === undefined) return;
    // 3. Commit: returns after the log was synced. Only now may anybody be told anything.
    if (!this.#commit(handle, requests, outcomes)) return;
    this.#full = false;
    // 4. Answer.
    this.#answer(requests, outcomes);
    // 5. While the callers go on: keep the log short.
    this.#checkpointWhenDue(handle);
  }

  #writeGroup(handle: Handle, requests: readonly AppendRequest[]): readonly AppendOutcome[] | undefined {
    try {
      this.#begin(handle);
      handle.group.begin();
      return requests.map((request) => handle.group.append(request));
    } catch (error) {
      const message = messageOf(translated(error));
      const rolledBack = rollBack(handle);
      this.#noteFull(message);
      this.#refuseAll(requests, message);
      if (!rolledBack || !(isFull(error) || isBusy(error))) this.#giveUp(message);
      return undefined;
    }
  }

  /** Takes the write lock; another process may hold it for some milliseconds at a time. */
  #begin(handle: Handle): void {
    const deadline = performance.now() + this.#settings.busyTimeoutMs;
    for (;;) {
      try {
        handle.begin.run();
        return;
      } catch (error) {
        if (!isBusy(error) || performance.now() >= deadline) throw error;
        // SQLite's own wait backs off to 100 ms and starves against a busy neighbour; short naps find its gaps.
        nap(0.2 + Math.random() * 0.6);
      }
    }
  }

  #commit(handle: Handle, requests: readonly AppendRequest[], outcomes: readonly AppendOutcome[]): boolean {
    const wrote = outcomes.some((outcome) => outcome.kind === 'appended');
    try {
      (wrote ? handle.commit : handle.rollback).run();
      const moved = wrote ? fileMoved(handle.opened, this.#settings.path) : undefined;
      if (moved !== undefined) throw moved;
      return true;
    } catch (error) {
      const message = messageOf(translated(error));
      // A full disk stops SQLite before the frame that commits is whole: then, and only then, nothing happened.
      if (isFull(error) && rollBack(handle)) {
        this.#noteFull(message);
        this.#refuseAll(requests, message);
        return false;
      }
      this.#answerUnknown(requests, outcomes, message);
      // After a failed sync the kernel may have dropped what it could not write: this handle is never used again.
      this.#giveUp(message);
      return false;
    }
  }

  #answer(requests: readonly AppendRequest[], outcomes: readonly AppendOutcome[]): void {
    const durable: bigint[] = [];
    const refused: RefusedAppend[] = [];
    requests.forEach(({ requestId }, i) => {
      const outcome = outcomes[i] as AppendOutcome;
      switch (outcome.kind) {
        case 'appended':
          durable.push(BigInt(requestId), 0n, outcome.firstRevision, outcome.position);
          break;
        case 'already_appended':
          durable.push(BigInt(requestId), 1n, outcome.firstRevision, outcome.position);
          break;
        case 'revision_conflict':
          refused.push({ requestId, kind: 'revision_conflict', actual: outcome.actual });
          break;
        case 'event_id_reused':
          refused.push({ requestId, kind: 'event_id_reused', eventId: Uint8Array.from(outcome.eventId) });
          break;
        case 'exhausted':
          refused.push({ requestId, kind: 'failed', error: messageOf(exhausted()) });
      }
    });
    this.#post({ kind: 'answers', durable: BigInt64Array.from(durable), refused });
  }

  /** What was to be appended may be there; what was refused is surely not, but the reason may have gone with the rest. */
  #answerUnknown(requests: readonly AppendRequest[], outcomes: readonly AppendOutcome[], cause: PlainError): void {
    const unknown: PlainError = {
      code: 'STORE_OUTCOME_UNKNOWN',
      message: `the commit failed, and whether it took is not known: ${cause.message}`,
      details: { mayHaveHappened: true },
    };
    const surelyNot: PlainError = { code: 'STORE_UNAVAILABLE', message: cause.message, details: {} };
    const refused = requests.map(({ requestId }, i): RefusedAppend => {
      const kind = outcomes[i]?.kind;
      const open = kind === 'appended' || kind === 'already_appended';
      return { requestId, kind: 'failed', error: open ? unknown : surelyNot };
    });
    this.#post({ kind: 'answers', durable: new BigInt64Array(), refused });
  }

  #refuseAll(requests: readonly AppendRequest[], error: PlainError): void {
    const refused = requests.map(({ requestId }): RefusedAppend => ({ requestId, kind: 'failed', error }));
    this.#post({ kind: 'answers', durable: new BigInt64Array(), refused });
  }

  #checkpointWhenDue(handle: Handle): void {
    this.#groupsSinceLook += 1;
    if (this.#groupsSinceLook < LOOK_AT_LOG_EVERY_GROUPS) return;
    this.#groupsSinceLook = 0;
    try {
      const waiting = pagesWaiting(handle.opened.connection, 'NOOP');
      if (waiting < this.#checkpointAt) return;
      const left = pagesWaiting(handle.opened.connection, 'PASSIVE');
      // A long reader (a backup) holds the log; trying again makes sense only when it has grown.
      this.#checkpointAt = left + CHECKPOINT_PAGES;
    } catch (error) {
      if (isBusy(error)) return;
      // The log is intact and synced; the database file may not be. The next handle makes the checkpoint again.
      this.#giveUp(messageOf(translated(error)));
    }
  }

  #obstacle(opened: OpenedWriter): { readonly error: PlainError; readonly fatal: boolean } | undefined {
    // The check after each commit is the one that protects; this one turns "unknown" into "surely not".
    const moved = fileMoved(opened, this.#settings.path);
    if (moved !== undefined) return { error: messageOf(moved), fatal: true };
    if (this.#enoughFree()) return undefined;
    const full = new UnavailableError('STORE_FULL', 'less is free on the disk than the threshold', {
      minFreeBytes: this.#settings.minFreeBytes,
    });
    return { error: messageOf(full), fatal: false };
  }

  #enoughFree(): boolean {
    if (this.#settings.minFreeBytes === 0) return true;
    const now = performance.now();
    if (now - this.#free.checkedMs >= FREE_SPACE_CHECK_MS) {
      this.#free = { checkedMs: now, enough: freeBytes(this.#settings.path) >= this.#settings.minFreeBytes };
    }
    return this.#free.enough;
  }

  #noteFull(error: PlainError): void {
    if (error.code === 'STORE_FULL') this.#full = true;
  }

  #health(): StoreHealth {
    if (this.#handle === undefined) return { state: 'read_only', code: 'STORE_UNAVAILABLE' };
    const obstacle = this.#obstacle(this.#handle.opened);
    if (obstacle?.fatal === true) this.#giveUp(obstacle.error);
    if (obstacle !== undefined) return { state: 'read_only', code: healthCodeOf(obstacle.error) };
    if (this.#full && freeBytes(this.#settings.path) < FREE_AGAIN_BYTES)
      return { state: 'read_only', code: 'STORE_FULL' };
    this.#full = false;
    return mayWrite(this.#settings.path) ? { state: 'writable' } : { state: 'read_only', code: 'STORE_READ_ONLY' };
  }

  #giveUp(error: PlainError): void {
    closeQuietly(this.#handle?.opened.connection);
    this.#handle = undefined;
    this.#post({ kind: 'gave_up', error });
    this.#end();
  }
}

function handleOf(opened: OpenedWriter): Handle {
  const { connection } = opened;
  connection.exec('PRAGMA busy_timeout=0');
  return {
    opened,
    group: new AppendGroup(connection),
    begin: connection.prepare('BEGIN IMMEDIATE'),
    commit: connection.prepare('COMMIT'),
    rollback: connection.prepare('ROLLBACK'),
  };
}

/**
 * A writer that takes over must find the store that its predecessor had, with everything that was answered for.
 * @throws IntegrityError `STORE_NOT_OURS`, `STORE_CORRUPT`
 */
function requireSameStore(opened: OpenedWriter, resume: WriterSettings['resume']): void {
  if (resume === undefined) return;
  if (opened.storeId !== resume.storeId) {
    throw new IntegrityError('STORE_NOT_OURS', 'another store stands in the place of the one that was opened', {
      opened: resume.storeId,
      found: opened.storeId,
    });
  }
  if (opened.lastPosition < resume.lastPosition) {
    throw new IntegrityError('STORE_CORRUPT', 'the store lost events that were answered for', {
      answeredTo: resume.lastPosition.toString(),
      found: opened.lastPosition.toString(),
    });
  }
}

/** An error when the store's files are no longer those that were opened: deleted, moved away or replaced. */
function fileMoved(opened: OpenedWriter, path: string): UnavailableError | undefined {
  if (sameIdentity(identityOf(path), opened.file) && sameIdentity(identityOf(`${path}-wal`), opened.wal))
    return undefined;
  return new UnavailableError('STORE_UNAVAILABLE', 'the store file was moved, deleted or replaced');
}

function rollBack(handle: Handle): boolean {
  try {
    if (handle.opened.connection.isTransaction) handle.rollback.run();
    return true;
  } catch {
    return false;
  }
}

/** Pages of the log that are not in the database file yet, after the checkpoint of that mode. */
function pagesWaiting(connection: Connection, mode: 'NOOP' | 'PASSIVE'): number {
  const row = firstRow(prepare(connection, `PRAGMA wal_checkpoint(${mode})`));
  return Number(asInteger(row?.[1]) - asInteger(row?.[2]));
}

function freeBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize;
  } catch {
    // The directory is gone: not for lack of space. The check of the file says so.
    return Infinity;
  }
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function translated(error: unknown): LedgerError {
  return error instanceof LedgerError ? error : failureOf(failureCodeOf(error), error);
}

function messageOf(error: LedgerError): PlainError {
  return { code: error.code, message: textOf(error), details: error.details };
}

function exhausted(): IntegrityError {
  return new IntegrityError('STORE_CORRUPT', 'a revision or position has reached 2^63 - 1');
}

const napCell = new Int32Array(new SharedArrayBuffer(4));

function nap(ms: number): void {
  Atomics.wait(napCell, 0, 0, ms);
}
