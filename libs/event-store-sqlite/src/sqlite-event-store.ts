import { resolve } from 'node:path';
import { RejectedError, UnavailableError } from '@writ/errors';
import {
  ChangeSignal,
  checkAppend,
  checkReadAll,
  checkReadStream,
  checkTimeout,
  follow,
  type AppendOptions,
  type AppendResult,
  type EventStore,
  type ExpectedRevision,
  type NewEvent,
  type ReadAllOptions,
  type ReadStreamOptions,
  type RecordedEvent,
  type StoreHealth,
  type SubscribeOptions,
} from '@writ/event-store';
import { Reader } from './reader.js';
import { WriterLink } from './writer-link.js';

export interface SqliteEventStoreOptions {
  /** The store's file; `-wal` and `-shm` stand beside it while it is open. */
  readonly path: string;
  /** `create` makes the store if there is none; `existing` never does. */
  readonly mode: 'create' | 'existing';
  /** Opens no writer: every append is `STORE_READ_ONLY`. The store must exist. */
  readonly readOnly?: boolean;
  /** Brings an older format up to today's while opening; otherwise it is refused. */
  readonly migrate?: boolean;
  /** Appends are refused with `STORE_FULL` while less than this is free on the disk; default 0, not checked. */
  readonly minFreeBytes?: number;
  /** Appends that may wait for an answer; beyond it `OVERLOADED`. Default 8,192. */
  readonly maxQueuedAppends?: number;
  /** Bytes of data and metadata that may wait; beyond it `OVERLOADED`. Default 64 MiB. */
  readonly maxQueuedBytes?: number;
  /** How long an append waits for another process that is writing; default 200. */
  readonly busyTimeoutMs?: number;
}

/** How late a subscription may see what another process appended. */
const POLL_MS = 50;

/**
 * Opens the embedded store: one file, any number of processes.
 *
 * @throws IntegrityError `STORE_MISSING` (no store, mode `existing`), `STORE_NOT_OURS`, `STORE_NEWER`,
 *   `STORE_MIGRATION_NEEDED`, `STORE_CORRUPT`
 * @throws UnavailableError `STORE_UNAVAILABLE`, `STORE_READ_ONLY`, `STORE_FULL`
 * @throws RejectedError `REQUEST_INVALID` for options out of range
 */
export async function openSqliteEventStore(options: SqliteEventStoreOptions): Promise<SqliteEventStore> {
  const settings = checkOptions(options);
  const changes = new ChangeSignal();
  if (options.readOnly === true) {
    const reader = new Reader(settings.path);
    reader.open();
    return new SqliteEventStore(settings.path, reader, undefined, changes);
  }
  const limits = { maxQueuedAppends: settings.maxQueuedAppends, maxQueuedBytes: settings.maxQueuedBytes };
  const writer = await WriterLink.start(settings, limits, () => changes.raise());
  const reader = new Reader(settings.path, writer.storeId);
  try {
    // Before the first append: while a reader is connected, giving up a failed writer handle does not touch the files.
    reader.open();
  } catch (error) {
    await writer.close();
    throw error;
  }
  return new SqliteEventStore(settings.path, reader, writer, changes);
}

/** The embedded driver; see `openSqliteEventStore`, and the port for what its methods promise. */
export class SqliteEventStore implements EventStore {
  /** Absolute path of the file. */
  readonly path: string;
  readonly #reader: Reader;
  readonly #writer: WriterLink | undefined;
  readonly #changes: ChangeSignal;
  #poll: NodeJS.Timeout | undefined;
  #seenPosition = 0n;

  /** @internal Use `openSqliteEventStore`. */
  constructor(path: string, reader: Reader, writer: WriterLink | undefined, changes: ChangeSignal) {
    this.path = path;
    this.#reader = reader;
    this.#writer = writer;
    this.#changes = changes;
  }

  async append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
    options?: AppendOptions,
  ): Promise<AppendResult> {
    const bytes = checkAppend(stream, expected, events);
    const timeoutMs = checkTimeout(options);
    if (this.#changes.closed) throw new UnavailableError('STORE_UNAVAILABLE', 'the store is closed');
    if (this.#writer === undefined) throw new UnavailableError('STORE_READ_ONLY', 'the store was opened for reading');
    return this.#writer.append(stream, expected, events, bytes, timeoutMs);
  }

  async readStream(stream: string, options?: ReadStreamOptions): Promise<readonly RecordedEvent[]> {
    const { fromRevision, maxCount } = checkReadStream(stream, options);
    return this.#reader.readStream(stream, fromRevision, maxCount);
  }

  async readAll(options: ReadAllOptions): Promise<readonly RecordedEvent[]> {
    const { after, maxCount } = checkReadAll(options);
    return this.#reader.readAll(after, maxCount);
  }

  subscribe(options: SubscribeOptions): AsyncIterable<RecordedEvent> {
    this.#pollWhileOpen();
    return follow(this, this.#changes, options);
  }

  async health(): Promise<StoreHealth> {
    if (this.#changes.closed) return { state: 'down', code: 'STORE_UNAVAILABLE' };
    const health: StoreHealth = (await this.#writer?.probe()) ?? { state: 'read_only', code: 'STORE_READ_ONLY' };
    if (health.state === 'down' || this.#reader.works()) return health;
    return { state: 'down', code: health.state === 'read_only' ? health.code : 'STORE_UNAVAILABLE' };
  }

  async close(): Promise<void> {
    clearInterval(this.#poll);
    this.#changes.close();
    await this.#writer?.drain();
    // The reader goes first, so that the writer is the last to leave and tidies up off the calling thread.
    this.#reader.close();
    await this.#writer?.close();
  }

  /** Wakes subscribers when another process appended. Not while nobody waits; errors are the next read's to tell. */
  #pollWhileOpen(): void {
    this.#poll ??= setInterval(() => {
      if (!this.#changes.awaited) return;
      try {
        const position = this.#reader.lastPosition();
        if (position !== this.#seenPosition) this.#changes.raise();
        this.#seenPosition = position;
      } catch {
        this.#changes.raise();
      }
    }, POLL_MS);
  }
}

function checkOptions(options: SqliteEventStoreOptions) {
  const inRange = (name: keyof SqliteEventStoreOptions, value: number, least: number): number => {
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new RejectedError('REQUEST_INVALID', `\`${name}\` must be an integer of at least ${least}`, { field: name });
  };
  if (options.path === '' || options.path.includes('\0')) {
    throw new RejectedError('REQUEST_INVALID', 'a store needs the path of a file', { field: 'path' });
  }
  return {
    // An absolute path is never one of SQLite's special names (`:memory:`, `file:…`).
    path: resolve(options.path),
    mode: options.mode,
    migrate: options.migrate ?? false,
    minFreeBytes: inRange('minFreeBytes', options.minFreeBytes ?? 0, 0),
    maxQueuedAppends: inRange('maxQueuedAppends', options.maxQueuedAppends ?? 8_192, 1),
    maxQueuedBytes: inRange('maxQueuedBytes', options.maxQueuedBytes ?? 64 * 1024 * 1024, 1),
    busyTimeoutMs: inRange('busyTimeoutMs', options.busyTimeoutMs ?? 200, 0),
  };
}
