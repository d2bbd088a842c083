import { accessSync, constants, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { IntegrityError, LedgerError, UnavailableError } from '@writ/errors';
import type { StoreHealth, StoreHealthCode } from '@writ/event-store';
import { AppendGroup, type AppendOutcome } from './append-group.js';
import type { AppendRequest } from './append-request.js';
import { closeQuietly, firstRow, prepare, asInteger, type Connection, type Statement } from './connection.js';
import { openWriter, type OpenedWriter } from './open-writer.js';
import { failureCodeOf, failureOf, isBusy, isFull, textOf } from './sqlite-failure.js';
import { identityOf, sameIdentity } from './store-file.js';
import type { ErrorMessage, FromWriter, RefusedAppend, WriterSettings } from './writer-message.js';

/** Appends of one transaction: enough to make its one sync cheap, few enough to answer within some 20 ms. */
const LARGEST_GROUP = 1_024;
/** Pages of the log that wait for the next checkpoint: 4 MB, some milliseconds of work, done while nobody is answered. */
const CHECKPOINT_PAGES = 1_000;
const LOOK_AT_LOG_EVERY_GROUPS = 16;
const FREE_SPACE_CHECK_MS = 250;
/** After the disk was full, health turns good again when this much is free, whatever the threshold. */
const FREE_AGAIN_BYTES = 1024 * 1024;
const FIRST_REOPEN_DELAY_MS = 20;
const LAST_REOPEN_DELAY_MS = 500;

/** An open file and the statements on it. A new one is made whenever the old one can no longer be trusted. */
interface Handle {
  readonly opened: OpenedWriter;
  readonly group: AppendGroup;
  readonly begin: Statement;
  readonly commit: Statement;
  readonly rollback: Statement;
}

type State =
  | { readonly kind: 'open'; readonly handle: Handle }
  | {
      readonly kind: 'reopening';
      readonly error: ErrorMessage;
      readonly timer: NodeJS.Timeout;
      readonly delayMs: number;
    }
  | { readonly kind: 'closed' };

/**
 * The one writer of an open store. It lives in a thread of its own, because a commit waits for the disk and nothing
 * else shall wait with it; it takes appends in groups, and answers a group with one message.
 */
export class Writer {
  readonly #settings: WriterSettings;
  readonly #post: (message: FromWriter) => void;
  #state: State = { kind: 'closed' };
  #storeId = '';
  #lastPosition = 0n;
  #fullSince: ErrorMessage | undefined;
  #free = { checkedMs: -Infinity, enough: true };
  #groupsSinceLook = 0;
  #checkpointAt = CHECKPOINT_PAGES;

  constructor(settings: WriterSettings, post: (message: FromWriter) => void) {
    this.#settings = settings;
    this.#post = post;
  }

  /** Opens, or tells why not; a writer that takes over keeps trying instead. */
  start(): void {
    const { resume } = this.#settings;
    if (resume !== undefined) {
      this.#storeId = resume.storeId;
      this.#lastPosition = resume.lastPosition;
      this.#reopen(FIRST_REOPEN_DELAY_MS);
      return;
    }
    try {
      const opened = openWriter(this.#settings);
      this.#storeId = opened.storeId;
      this.#use(opened);
      this.#post({ kind: 'opened', storeId: opened.storeId, lastPosition: opened.lastPosition });
    } catch (error) {
      this.#post({ kind: 'open_failed', error: messageOf(translated(error)) });
    }
  }

  append(requests: readonly AppendRequest[]): void {
    for (let from = 0; from < requests.length; from += LARGEST_GROUP) {
      const group = requests.slice(from, from + LARGEST_GROUP);
      switch (this.#state.kind) {
        case 'open':
          this.#appendGroup(this.#state.handle, group);
          break;
        case 'reopening':
          this.#refuseAll(group, this.#state.error);
          break;
        case 'closed':
          this.#refuseAll(group, messageOf(new UnavailableError('STORE_UNAVAILABLE', 'the store is closed')));
      }
    }
  }

  probe(probeId: number): void {
    this.#post({ kind: 'probed', probeId, health: this.#health() });
  }

  close(): void {
    if (this.#state.kind === 'reopening') clearTimeout(this.#state.timer);
    // The last connection to leave moves the log into the database file. A crash in here loses nothing: the next
    // `openWriter` does it again.
    if (this.#state.kind === 'open') closeQuietly(this.#state.handle.opened.connection);
    this.#state = { kind: 'closed' };
    this.#post({ kind: 'closed' });
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
      if (obstacle.fatal) this.#giveUp(handle, obstacle.error);
      return;
    }
    // 2. One transaction; nothing in it is durable yet. A failure in it is surely nothing appended.
    const outcomes = this.#writeGroup(handle, requests);
    if (outcomes === undefined) return;
    // 3. Commit: returns after the log was synced. Only now may anybody be told anything.
    if (!this.#commit(handle, requests, outcomes)) return;
    this.#fullSince = undefined;
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
      if (!rolledBack || !(isFull(error) || isBusy(error))) this.#giveUp(handle, message);
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
      if (moved === undefined) return true;
      throw moved;
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
      this.#giveUp(handle, message);
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
          if (outcome.position > this.#lastPosition) this.#lastPosition = outcome.position;
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
  #answerUnknown(requests: readonly AppendRequest[], outcomes: readonly AppendOutcome[], cause: ErrorMessage): void {
    const unknown: ErrorMessage = {
      code: 'STORE_OUTCOME_UNKNOWN',
      message: `the commit failed, and whether it took is not known: ${cause.message}`,
      details: { mayHaveHappened: true },
    };
    const surelyNot: ErrorMessage = { code: 'STORE_UNAVAILABLE', message: cause.message, details: {} };
    const refused = requests.map(({ requestId }, i): RefusedAppend => {
      const kind = outcomes[i]?.kind;
      const open = kind === 'appended' || kind === 'already_appended';
      return { requestId, kind: 'failed', error: open ? unknown : surelyNot };
    });
    this.#post({ kind: 'answers', durable: new BigInt64Array(), refused });
  }

  #refuseAll(requests: readonly AppendRequest[], error: ErrorMessage): void {
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
      this.#giveUp(handle, messageOf(translated(error)));
    }
  }

  #obstacle(opened: OpenedWriter): { readonly error: ErrorMessage; readonly fatal: boolean } | undefined {
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

  #noteFull(error: ErrorMessage): void {
    if (error.code === 'STORE_FULL') this.#fullSince = error;
  }

  #health(): StoreHealth {
    if (this.#state.kind === 'open') {
      const obstacle = this.#obstacle(this.#state.handle.opened);
      if (obstacle?.fatal === true) this.#giveUp(this.#state.handle, obstacle.error);
      if (obstacle !== undefined) return { state: 'read_only', code: healthCodeOf(obstacle.error) };
      if (this.#fullSince !== undefined && freeBytes(this.#settings.path) < FREE_AGAIN_BYTES) {
        return { state: 'read_only', code: 'STORE_FULL' };
      }
      this.#fullSince = undefined;
      return mayWrite(this.#settings.path) ? { state: 'writable' } : { state: 'read_only', code: 'STORE_READ_ONLY' };
    }
    const error = this.#state.kind === 'reopening' ? this.#state.error : undefined;
    return { state: 'read_only', code: error === undefined ? 'STORE_UNAVAILABLE' : healthCodeOf(error) };
  }

  #giveUp(handle: Handle, error: ErrorMessage): void {
    if (this.#state.kind !== 'open') return;
    this.#reopenLater(error, FIRST_REOPEN_DELAY_MS);
    closeQuietly(handle.opened.connection);
  }

  #reopenLater(error: ErrorMessage, delayMs: number): void {
    const timer = setTimeout(() => this.#reopen(Math.min(delayMs * 2, LAST_REOPEN_DELAY_MS)), delayMs);
    this.#state = { kind: 'reopening', error, timer, delayMs };
    this.#post({ kind: 'state', health: { state: 'read_only', code: healthCodeOf(error) }, error });
  }

  /** Never creates: a store that went away does not come back empty. */
  #reopen(nextDelayMs: number): void {
    try {
      const opened = openWriter({ path: this.#settings.path, mode: 'existing', migrate: false });
      try {
        this.#requireSameStore(opened);
      } catch (error) {
        closeQuietly(opened.connection);
        throw error;
      }
      this.#use(opened);
      this.#post({ kind: 'state', health: { state: 'writable' } });
    } catch (error) {
      this.#reopenLater(messageOf(translated(error)), nextDelayMs);
    }
  }

  #requireSameStore(opened: OpenedWriter): void {
    if (opened.storeId !== this.#storeId) {
      throw new IntegrityError('STORE_NOT_OURS', 'another store stands in the place of the one that was opened', {
        opened: this.#storeId,
        found: opened.storeId,
      });
    }
    if (opened.lastPosition < this.#lastPosition) {
      throw new IntegrityError('STORE_CORRUPT', 'the store lost events that were answered for', {
        answeredTo: this.#lastPosition.toString(),
        found: opened.lastPosition.toString(),
      });
    }
  }

  #use(opened: OpenedWriter): void {
    const { connection } = opened;
    connection.exec('PRAGMA busy_timeout=0');
    this.#lastPosition = opened.lastPosition;
    this.#checkpointAt = CHECKPOINT_PAGES;
    const handle: Handle = {
      opened,
      group: new AppendGroup(connection),
      begin: connection.prepare('BEGIN IMMEDIATE'),
      commit: connection.prepare('COMMIT'),
      rollback: connection.prepare('ROLLBACK'),
    };
    this.#state = { kind: 'open', handle };
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

function healthCodeOf(error: ErrorMessage): StoreHealthCode {
  switch (error.code) {
    case 'STORE_FULL':
    case 'STORE_READ_ONLY':
    case 'STORE_CORRUPT':
      return error.code;
    default:
      return 'STORE_UNAVAILABLE';
  }
}

function translated(error: unknown): LedgerError {
  return error instanceof LedgerError ? error : failureOf(failureCodeOf(error), error);
}

function messageOf(error: LedgerError): ErrorMessage {
  return { code: error.code, message: textOf(error), details: error.details };
}

function exhausted(): IntegrityError {
  return new IntegrityError('STORE_CORRUPT', 'a revision or position has reached 2^63 - 1');
}

const napCell = new Int32Array(new SharedArrayBuffer(4));

function nap(ms: number): void {
  Atomics.wait(napCell, 0, 0, ms);
}
