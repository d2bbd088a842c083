import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from '@photostructure/sqlite';
import type { EventId } from '@writ/encoding';
import { IntegrityError, UnavailableError } from '@writ/errors';

/** One event's place in the tree. */
export interface IndexedEvent {
  readonly index: bigint;
  readonly eventId: EventId;
  readonly stream: string;
  readonly revision: bigint;
}

const VERSION = 1;
/** Rows by one statement: the way into SQLite costs more than a row. */
const ROWS_AT_ONCE = 32;

/**
 * The file that knows which event has which index, and how far tiles and index are durable. Built from the lineage
 * stream alone, so a damaged file, or one of another version, is deleted and filled anew.
 *
 * Rows come in one transaction per batch; `synchronous=NORMAL` lets a power cut take back the last ones, and always the
 * latest first. The saved state is written after the tiles that it speaks of were fsync'd, and follows the rows that it
 * speaks of, so where it is, they are. One thread writes; others open the same file for reading.
 */
export class EntryIndex {
  readonly #db: DatabaseSyncInstance;
  readonly #byEvent: StatementSyncInstance;
  readonly #byIndex: StatementSyncInstance;
  readonly #insertOne: StatementSyncInstance | undefined;
  readonly #insertMany: StatementSyncInstance | undefined;

  private constructor(db: DatabaseSyncInstance, writes: boolean) {
    this.#db = db;
    this.#byEvent = db.prepare('SELECT idx FROM entries WHERE event_id = ?');
    this.#byIndex = db.prepare('SELECT event_id, stream, revision FROM entries WHERE idx = ?');
    for (const statement of [this.#byEvent, this.#byIndex]) statement.setReadBigInts(true);
    if (!writes) return;
    this.#insertOne = db.prepare(insertOf(1));
    this.#insertMany = db.prepare(insertOf(ROWS_AT_ONCE));
  }

  /** @param path a file, or `:memory:` */
  static open(path: string): EntryIndex {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
    try {
      return EntryIndex.#openOnce(path);
    } catch (first) {
      if (path === ':memory:') throw first;
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
      try {
        return EntryIndex.#openOnce(path);
      } catch (cause) {
        throw new UnavailableError('STORE_UNAVAILABLE', 'the index of entries cannot be opened', { path }, { cause });
      }
    }
  }

  /** For a thread that only asks; the file must be there. */
  static openForReading(path: string): EntryIndex {
    const db = new DatabaseSync(path, { readOnly: true });
    db.exec('PRAGMA busy_timeout = 2000;');
    return new EntryIndex(db, false);
  }

  static #openOnce(path: string): EntryIndex {
    const db = new DatabaseSync(path);
    try {
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000;');
      if (!tableExists(db)) createTables(db);
      const row = db.prepare('SELECT version FROM saved_state').get() as { version: number } | undefined;
      if (row?.version !== VERSION) throw new Error('another version of the index');
      return new EntryIndex(db, true);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  indexOf(eventId: string): bigint | undefined {
    const row = this.#byEvent.get(bytesOfUuid(eventId)) as { idx: bigint } | undefined;
    return row?.idx;
  }

  at(index: bigint): IndexedEvent | undefined {
    const row = this.#byIndex.get(index) as { event_id: Uint8Array; stream: string; revision: bigint } | undefined;
    if (row === undefined) return undefined;
    return { index, eventId: uuidOfBytes(row.event_id), stream: row.stream, revision: row.revision };
  }

  /**
   * A crash before the end leaves all of `events` out.
   * @throws IntegrityError `LINEAGE_INVALID` where one of them has another index already
   */
  add(events: readonly IndexedEvent[]): void {
    this.#transaction(() => {
      const rest = events.length % ROWS_AT_ONCE;
      for (const event of events.slice(0, rest)) this.#insertOne?.run(...rowOf(event));
      for (let at = rest; at < events.length; at += ROWS_AT_ONCE) {
        this.#insertMany?.run(...events.slice(at, at + ROWS_AT_ONCE).flatMap(rowOf));
      }
    });
  }

  /** Forgets everything from `sizeLeaves` on. */
  truncate(sizeLeaves: bigint): void {
    this.#db.prepare('DELETE FROM entries WHERE idx >= ?').run(sizeLeaves);
  }

  /** What `save` was last given; `undefined` before. */
  savedState(): string | undefined {
    const row = this.#db.prepare('SELECT state FROM saved_state').get() as { state: string | null };
    return row.state ?? undefined;
  }

  save(state: string | undefined): void {
    this.#db.prepare('UPDATE saved_state SET state = ?').run(state ?? null);
  }

  close(): void {
    this.#db.close();
  }

  #transaction(change: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      change();
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      if (!/UNIQUE constraint/.test(String(error))) throw error;
      throw new IntegrityError('LINEAGE_INVALID', 'an event was given two indices', {}, { cause: error });
    }
  }
}

function tableExists(db: DatabaseSyncInstance): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'saved_state'").get() !== undefined;
}

function createTables(db: DatabaseSyncInstance): void {
  db.exec('BEGIN IMMEDIATE');
  db.exec(
    'CREATE TABLE entries (idx INTEGER PRIMARY KEY, event_id BLOB NOT NULL UNIQUE, stream TEXT NOT NULL, revision INTEGER NOT NULL) STRICT',
  );
  db.exec('CREATE TABLE saved_state (version INTEGER NOT NULL, state TEXT) STRICT');
  db.prepare('INSERT INTO saved_state VALUES (?, NULL)').run(VERSION);
  db.exec('COMMIT');
}

function insertOf(rows: number): string {
  const values = Array.from({ length: rows }, () => '(?, ?, ?, ?)').join();
  // The same row again changes nothing; the same event at another index is refused.
  return `INSERT INTO entries VALUES ${values} ON CONFLICT (idx) DO UPDATE SET event_id = excluded.event_id, stream = excluded.stream, revision = excluded.revision`;
}

function rowOf({ index, eventId, stream, revision }: IndexedEvent): [bigint, Uint8Array, string, bigint] {
  return [index, bytesOfUuid(eventId), stream, revision];
}

function bytesOfUuid(eventId: string): Uint8Array {
  return Buffer.from(eventId.replaceAll('-', ''), 'hex');
}

function uuidOfBytes(bytes: Uint8Array): EventId {
  const hex = Buffer.from(bytes).toString('hex');
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return groups.join('-') as EventId; // only ids that a schema has checked were written
}
