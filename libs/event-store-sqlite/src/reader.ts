import { LedgerError, UnavailableError } from '@writ/errors';
import type { RecordedEvent } from '@writ/event-store';
import {
  allRows,
  asBytes,
  asInteger,
  asText,
  closeQuietly,
  connectReader,
  firstRow,
  prepare,
  type Connection,
  type SqlRow,
  type Statement,
} from './connection.js';
import { formatOf, requireCurrentFormat, requireOurSchema } from './inspect-store.js';
import { failureCodeOf, failureOf } from './sqlite-failure.js';
import { identityOf, sameIdentity, type FileIdentity } from './store-file.js';
import { uuidOf } from './uuid.js';

interface Handle {
  readonly connection: Connection;
  readonly file: FileIdentity;
  readonly ofStream: Statement;
  readonly ofAll: Statement;
  readonly lastPosition: Statement;
}

const COLUMNS = 'position, revision, event_id, type, type_version, data, metadata';
const READ_BUSY_TIMEOUT_MS = 100;
/** How old the knowledge may be that the file is still the one that was opened. */
const IDENTITY_CHECK_MS = 100;

/**
 * Reads on the calling thread: a read is some microseconds, and a message to another thread would cost more. Sees
 * every commit that was answered before, because SQLite shows a statement the last commit at its beginning.
 */
export class Reader {
  readonly #path: string;
  #handle: Handle | undefined;
  #storeId: string | undefined;
  #checkedMs = -Infinity;
  #closed = false;

  /** @param storeId who the store must be; `undefined`: whoever is there at the first read */
  constructor(path: string, storeId?: string) {
    this.#path = path;
    this.#storeId = storeId;
  }

  /** Opens now rather than at the first read. @throws LedgerError when the store cannot be read */
  open(): void {
    this.#read(() => undefined);
  }

  readStream(stream: string, fromRevision: bigint, maxCount: number): readonly RecordedEvent[] {
    return this.#read((handle) =>
      allRows(handle.ofStream, stream, fromRevision, BigInt(maxCount)).map((row) => eventOf(row, stream)),
    );
  }

  readAll(after: bigint, maxCount: number): readonly RecordedEvent[] {
    return this.#read((handle) =>
      allRows(handle.ofAll, after, BigInt(maxCount)).map((row) => eventOf(row, asText(row[7]))),
    );
  }

  lastPosition(): bigint {
    return this.#read((handle) => asInteger(firstRow(handle.lastPosition)?.[0]));
  }

  /** `true` when a read works now. */
  works(): boolean {
    try {
      this.#checkedMs = -Infinity;
      this.lastPosition();
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    this.#closed = true;
    this.#drop();
  }

  #read<T>(query: (handle: Handle) => T): T {
    if (this.#closed) throw new UnavailableError('STORE_UNAVAILABLE', 'the store is closed');
    try {
      return query(this.#current());
    } catch (error) {
      // Whatever went wrong, the next read begins with a fresh connection.
      this.#drop();
      throw error instanceof LedgerError ? error : failureOf(failureCodeOf(error), error);
    }
  }

  #current(): Handle {
    const now = performance.now();
    if (this.#handle !== undefined && now - this.#checkedMs < IDENTITY_CHECK_MS) return this.#handle;
    const file = identityOf(this.#path);
    if (file === undefined) throw new UnavailableError('STORE_UNAVAILABLE', 'the store file is gone');
    if (this.#handle !== undefined && !sameIdentity(file, this.#handle.file)) this.#drop();
    this.#handle ??= this.#connect(file);
    this.#checkedMs = now;
    return this.#handle;
  }

  #connect(file: FileIdentity): Handle {
    const connection = connectReader(this.#path, READ_BUSY_TIMEOUT_MS);
    try {
      const format = formatOf(connection);
      requireCurrentFormat(format.kind === 'ours' ? format.formatVersion : 0);
      const { storeId } = requireOurSchema(connection);
      if (storeId !== (this.#storeId ?? storeId)) {
        throw new UnavailableError('STORE_UNAVAILABLE', 'another store stands in the place of the one that was opened');
      }
      this.#storeId = storeId;
      return { connection, file, ...prepareQueries(connection) };
    } catch (error) {
      closeQuietly(connection);
      throw error;
    }
  }

  #drop(): void {
    closeQuietly(this.#handle?.connection);
    this.#handle = undefined;
  }
}

function prepareQueries(connection: Connection): Pick<Handle, 'ofStream' | 'ofAll' | 'lastPosition'> {
  return {
    ofStream: prepare(
      connection,
      `SELECT ${COLUMNS} FROM events
       WHERE stream_id = (SELECT id FROM streams WHERE name = ?) AND revision >= ? ORDER BY revision LIMIT ?`,
    ),
    // CROSS JOIN keeps SQLite from beginning with the streams.
    ofAll: prepare(
      connection,
      `SELECT ${COLUMNS}, name FROM events CROSS JOIN streams ON streams.id = events.stream_id
       WHERE position > ? ORDER BY position LIMIT ?`,
    ),
    lastPosition: prepare(connection, 'SELECT coalesce(max(position), 0) FROM events'),
  };
}

function eventOf(row: SqlRow, stream: string): RecordedEvent {
  return {
    eventId: uuidOf(asBytes(row[2])),
    type: asText(row[3]),
    typeVersion: Number(asInteger(row[4])),
    data: asBytes(row[5]),
    metadata: asBytes(row[6]),
    stream,
    revision: asInteger(row[1]),
    position: asInteger(row[0]),
  };
}
