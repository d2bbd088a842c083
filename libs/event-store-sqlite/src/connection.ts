import {
  DatabaseSync,
  type DatabaseSyncInstance,
  type DatabaseSyncOptions,
  type StatementSyncInstance,
} from '@photostructure/sqlite';
import { IntegrityError } from '@writ/errors';
import { isNotADatabase } from './sqlite-failure.js';
import { beginsLikeSqlite } from './store-file.js';

export type Connection = DatabaseSyncInstance;
export type Statement = StatementSyncInstance;

/** What SQLite gives back when integers are read as bigints. */
export type SqlValue = bigint | string | Uint8Array | number | null;
export type SqlRow = readonly SqlValue[];

/** Rows come as arrays and integers as bigints: 64 bits are 64 bits, and there are no names to clash. */
const ROWS = { returnArrays: true, readBigInts: true } as const;

export function prepare(connection: Connection, sql: string): Statement {
  return connection.prepare(sql, ROWS);
}

export function firstRow(
  statement: Statement,
  ...values: readonly (bigint | string | Uint8Array)[]
): SqlRow | undefined {
  return statement.get(...values) as SqlRow | undefined;
}

export function allRows(statement: Statement, ...values: readonly (bigint | string | Uint8Array)[]): readonly SqlRow[] {
  return statement.all(...values) as readonly SqlRow[];
}

/** One integer out of a query that gives exactly one. */
export function oneInteger(connection: Connection, sql: string): bigint {
  return asInteger(firstRow(prepare(connection, sql))?.[0]);
}

export function asInteger(value: SqlValue | undefined): bigint {
  if (typeof value !== 'bigint') throw new TypeError(`expected an integer from the store, got ${typeof value}`);
  return value;
}

export function asText(value: SqlValue | undefined): string {
  if (typeof value !== 'string') throw new TypeError(`expected text from the store, got ${typeof value}`);
  return value;
}

export function asBytes(value: SqlValue | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError(`expected bytes from the store, got ${typeof value}`);
  return value;
}

/**
 * A connection that writes, changing nothing yet: the file may turn out not to be ours. `synchronous=FULL`: COMMIT
 * returns after the write-ahead log was synced. Checkpoints are ours to make (`wal_autocheckpoint=0`), because one that
 * SQLite makes inside COMMIT hides its errors.
 * @param busyTimeoutMs how long SQLite itself waits for a lock
 */
export function connectWriter(path: string, busyTimeoutMs: number): Connection {
  return connect(
    path,
    { readOnly: false, timeout: busyTimeoutMs },
    'PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0',
  );
}

/** A connection that only reads, and sees every commit that was made before its statement began. */
export function connectReader(path: string, busyTimeoutMs: number): Connection {
  return connect(path, { readOnly: true, timeout: busyTimeoutMs }, 'PRAGMA query_only=ON');
}

/** 16 MB at most, whatever the size of the store. */
const COMMON_SETTINGS = 'PRAGMA cache_size=-16000; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON';

/** @throws IntegrityError `STORE_NOT_OURS` when the file is no database; foreign errors of SQLite */
function connect(path: string, options: DatabaseSyncOptions, settings: string): Connection {
  const connection = new DatabaseSync(path, { ...options, enableForeignKeyConstraints: false });
  try {
    // Some of these read the file, and so are the first to find out that it is no database.
    connection.exec(`${settings}; ${COMMON_SETTINGS}`);
    oneInteger(connection, 'PRAGMA application_id');
    return connection;
  } catch (error) {
    closeQuietly(connection);
    if (!isNotADatabase(error) || beginsLikeSqlite(path)) throw error;
    throw new IntegrityError(
      'STORE_NOT_OURS',
      'the file is not a store, or its first page is destroyed',
      { path },
      { cause: error },
    );
  }
}

/**
 * Switches to the write-ahead log, which is kept in the file from then on.
 * @throws Error when SQLite refuses (a file system without shared memory)
 */
export function useWriteAheadLog(connection: Connection): void {
  const mode = firstRow(prepare(connection, 'PRAGMA journal_mode=WAL'))?.[0];
  if (mode !== 'wal') throw new Error(`the store cannot use a write-ahead log here, only \`${String(mode)}\``);
}

/**
 * Switches back to a file that needs no other beside it.
 * @throws Error when somebody else uses the file
 */
export function leaveWriteAheadLog(connection: Connection): void {
  const mode = firstRow(prepare(connection, 'PRAGMA journal_mode=DELETE'))?.[0];
  if (mode !== 'delete') throw new Error(`the log cannot be left, the file stays in mode \`${String(mode)}\``);
}

/** Closes without a word: for connections that are given up because of an error that is told already. */
export function closeQuietly(connection: Connection | undefined): void {
  try {
    connection?.close();
  } catch {
    // The error that made us give up on the connection is the one that counts.
  }
}
