import { rmSync } from 'node:fs';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { UnavailableError } from '@writ/errors';

/** A view over the ledger that lives in one SQLite file and can be rebuilt from the ledger at will. */
export interface ViewDefinition<V> {
  readonly name: string;
  readonly version: number;
  createTables(db: DatabaseSyncInstance): void;
  open(db: DatabaseSyncInstance): V;
}

/** The last event that the rows of a view contain, and where it stood in the store that they were made from. */
export interface ViewedEvent {
  readonly position: bigint;
  readonly stream: string;
  readonly revision: bigint;
  readonly eventId: string;
}

/**
 * The file of one view: its rows and the position up to which they hold, always changed in one transaction.
 *
 * `synchronous=NORMAL`: a power cut may take back the last transactions, rows and position together; the projection
 * then applies those events again. A file of another view or version, or a damaged one, is deleted and built anew.
 */
export class ViewFile<V> {
  readonly view: V;
  readonly #db: DatabaseSyncInstance;
  readonly #name: string;
  #last: ViewedEvent | undefined;

  private constructor(db: DatabaseSyncInstance, definition: ViewDefinition<V>) {
    this.#db = db;
    this.#name = definition.name;
    this.view = definition.open(db);
    this.#last = readLast(db, definition);
  }

  /** @param path a file, or `:memory:`. */
  static open<V>(path: string, definition: ViewDefinition<V>): ViewFile<V> {
    try {
      return ViewFile.#openOnce(path, definition);
    } catch (cause) {
      if (path === ':memory:') throw cause;
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
      try {
        return ViewFile.#openOnce(path, definition);
      } catch (error) {
        throw new UnavailableError(
          'STORE_UNAVAILABLE',
          `the view file \`${path}\` cannot be opened`,
          { path },
          { cause: error },
        );
      }
    }
  }

  static #openOnce<V>(path: string, definition: ViewDefinition<V>): ViewFile<V> {
    const db = new DatabaseSync(path);
    try {
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000;');
      if (!isInitialised(db)) createFile(db, definition);
      if (!isOfDefinition(db, definition)) throw new Error('another view, or another version of it');
      return new ViewFile(db, definition);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** Position of the last event that the rows contain; `undefined` before the first. */
  get position(): bigint | undefined {
    return this.#last?.position;
  }

  /** That event; by it a store that is another one, or an older one, is told. */
  get last(): ViewedEvent | undefined {
    return this.#last;
  }

  /**
   * Runs `change` and notes the last event that it is of, in one transaction. A crash before its end leaves rows and
   * position as they were.
   */
  advance({ position, stream, revision, eventId }: ViewedEvent, change: (view: V) => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      change(this.view);
      this.#db
        .prepare('UPDATE projection SET position = ?, stream = ?, revision = ?, event_id = ? WHERE name = ?')
        .run(position, stream, revision, eventId, this.#name);
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
    this.#last = { position, stream, revision, eventId };
  }

  /** Forgets how far it came, not its rows: applied again, an event changes none of them. */
  rewind(): void {
    this.#db.prepare('UPDATE projection SET position = NULL WHERE name = ?').run(this.#name);
    this.#last = undefined;
  }

  close(): void {
    this.#db.close();
  }
}

function isInitialised(db: DatabaseSyncInstance): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'projection'").get() !== undefined;
}

function isOfDefinition(
  db: DatabaseSyncInstance,
  definition: { readonly name: string; readonly version: number },
): boolean {
  return (
    db.prepare('SELECT 1 FROM projection WHERE name = ? AND version = ?').get(definition.name, definition.version) !==
    undefined
  );
}

function createFile<V>(db: DatabaseSyncInstance, definition: ViewDefinition<V>): void {
  db.exec('BEGIN IMMEDIATE');
  db.exec(
    'CREATE TABLE projection (name TEXT PRIMARY KEY, version INTEGER NOT NULL, position INTEGER, stream TEXT, revision INTEGER, event_id TEXT) STRICT',
  );
  db.prepare('INSERT INTO projection (name, version) VALUES (?, ?)').run(definition.name, definition.version);
  definition.createTables(db);
  db.exec('COMMIT');
}

function readLast(db: DatabaseSyncInstance, definition: { readonly name: string }): ViewedEvent | undefined {
  const statement = db.prepare('SELECT position, stream, revision, event_id AS eventId FROM projection WHERE name = ?');
  statement.setReadBigInts(true);
  const row = statement.get(definition.name) as ViewedEvent | { readonly position: null } | undefined;
  return row === undefined || row.position === null ? undefined : { ...row };
}
