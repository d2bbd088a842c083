import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from '@photostructure/sqlite';

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
  const connection = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: false });
  try {
    connection.exec('PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-16000');
    connection.exec('PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON');
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** A connection that only reads, and sees every commit that was made before its statement began. */
export function connectReader(path: string, busyTimeoutMs: number): Connection {
  const connection = new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs });
  try {
    connection.exec(
      'PRAGMA query_only=ON; PRAGMA cache_size=-8000; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON',
    );
    return connection;
  } catch (error) {
    connection.close();
    throw error;
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

/** Closes without a word: for connections that are given up because of an error that is told already. */
export function closeQuietly(connection: Connection | undefined): void {
  try {
    connection?.close();
  } catch {
    // The error that made us give up on the connection is the one that counts.
  }
}
