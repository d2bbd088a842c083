import {
  allRows,
  asBytes,
  asInteger,
  asText,
  firstRow,
  prepare,
  type Connection,
  type SqlRow,
  type Statement,
} from './connection.js';
import type { AppendEvent, AppendRequest } from './append-request.js';
import { isConstraintFailure } from './sqlite-failure.js';

/** What became of one append, if the transaction around it commits. */
export type AppendOutcome =
  | { readonly kind: 'appended'; readonly firstRevision: bigint; readonly position: bigint }
  | { readonly kind: 'already_appended'; readonly firstRevision: bigint; readonly position: bigint }
  /** `actual` is -1 when there is no such stream. */
  | { readonly kind: 'revision_conflict'; readonly actual: bigint }
  | { readonly kind: 'event_id_reused'; readonly eventId: Uint8Array }
  /** The store cannot count further. */
  | { readonly kind: 'exhausted' };

const LARGEST = 2n ** 63n - 1n;

/**
 * Appends of one open transaction. Each is one savepoint, so that one that fails leaves nothing and the others stand.
 * Whatever is decided here is decided under SQLite's write lock: no other process can move a stream in between.
 */
export class AppendGroup {
  readonly #connection: Connection;
  readonly #stream: Statement;
  readonly #eventById: Statement;
  readonly #eventsFrom: Statement;
  readonly #insertStream: Statement;
  readonly #insertEvent: Statement;
  readonly #savepoint: Statement;
  readonly #release: Statement;
  readonly #lastPosition: Statement;
  readonly #lastStream: Statement;
  #nextPosition = 0n;
  #nextStream = 0n;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#stream = prepare(
      connection,
      'SELECT id, (SELECT max(revision) FROM events WHERE stream_id = streams.id) FROM streams WHERE name = ?',
    );
    this.#eventById = prepare(connection, 'SELECT 1 FROM events WHERE event_id = ?');
    this.#eventsFrom = prepare(
      connection,
      `SELECT event_id, type, type_version, data, metadata, position FROM events
       WHERE stream_id = ? AND revision >= ? ORDER BY revision LIMIT ?`,
    );
    this.#insertStream = prepare(connection, 'INSERT INTO streams (id, name) VALUES (?, ?)');
    this.#insertEvent = prepare(
      connection,
      `INSERT INTO events (position, stream_id, revision, event_id, type, type_version, data, metadata)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#savepoint = connection.prepare('SAVEPOINT one_append');
    this.#release = connection.prepare('RELEASE one_append');
    this.#lastPosition = prepare(connection, 'SELECT coalesce(max(position), 0) FROM events');
    this.#lastStream = prepare(connection, 'SELECT coalesce(max(id), 0) FROM streams');
  }

  /** To be called after BEGIN IMMEDIATE: other processes may have appended since the last transaction. */
  begin(): void {
    this.#nextPosition = asInteger(firstRow(this.#lastPosition)?.[0]) + 1n;
    this.#nextStream = asInteger(firstRow(this.#lastStream)?.[0]) + 1n;
  }

  /** Decides on one append and writes it. @throws foreign errors: the whole transaction is to be rolled back */
  append(request: AppendRequest): AppendOutcome {
    const row = firstRow(this.#stream, request.stream);
    const streamId = row === undefined ? undefined : asInteger(row[0]);
    const actual = row === undefined ? -1n : asInteger(row[1]);
    if (actual !== request.expected) return this.#explain(request, streamId, actual);
    return this.#write(request, streamId);
  }

  #write(request: AppendRequest, knownStream: bigint | undefined): AppendOutcome {
    const { events } = request;
    const firstRevision = request.expected + 1n;
    const firstPosition = this.#nextPosition;
    const count = BigInt(events.length);
    if (firstRevision > LARGEST - count || firstPosition > LARGEST - count) return { kind: 'exhausted' };
    this.#savepoint.run();
    try {
      const streamId = knownStream ?? this.#newStream(request.stream);
      events.forEach((event, i) => {
        this.#writeEvent(firstPosition + BigInt(i), streamId, firstRevision + BigInt(i), event);
      });
      this.#release.run();
    } catch (error) {
      if (!isConstraintFailure(error)) throw error;
      this.#connection.exec('ROLLBACK TO one_append; RELEASE one_append');
      const reused = this.#firstStored(events);
      // The schema has no other rule that a checked append could break.
      if (reused === undefined) throw error;
      return { kind: 'event_id_reused', eventId: reused.eventId };
    }
    if (knownStream === undefined) this.#nextStream += 1n;
    this.#nextPosition += count;
    return { kind: 'appended', firstRevision, position: firstPosition + count - 1n };
  }

  #newStream(name: string): bigint {
    requireOneChange(this.#insertStream.run(this.#nextStream, name).changes);
    return this.#nextStream;
  }

  #writeEvent(position: bigint, streamId: bigint, revision: bigint, event: AppendEvent): void {
    const { eventId, type, data, metadata } = event;
    const version = BigInt(event.typeVersion);
    // Values were made by `readAppendBlock`: strings, bigints and bytes by construction. The binding would turn anything
    // else (a Date, NaN, a boolean) into something that nobody sent.
    requireOneChange(
      this.#insertEvent.run(position, streamId, revision, eventId, type, version, data, metadata).changes,
    );
  }

  /** Why an append does not fit: it is there already, its ids stand for something else, or somebody was first. */
  #explain(request: AppendRequest, streamId: bigint | undefined, actual: bigint): AppendOutcome {
    const reused = this.#firstStored(request.events);
    if (reused === undefined) return { kind: 'revision_conflict', actual };
    const firstRevision = request.expected + 1n;
    const stored =
      streamId === undefined ? [] : allRows(this.#eventsFrom, streamId, firstRevision, BigInt(request.events.length));
    const last = stored.at(-1);
    const same =
      stored.length === request.events.length && request.events.every((event, i) => isStored(event, stored[i]));
    if (!same || last === undefined) return { kind: 'event_id_reused', eventId: reused.eventId };
    return { kind: 'already_appended', firstRevision, position: asInteger(last[5]) };
  }

  #firstStored(events: readonly AppendEvent[]): AppendEvent | undefined {
    return events.find((event) => firstRow(this.#eventById, event.eventId) !== undefined);
  }
}

function isStored(event: AppendEvent, row: SqlRow | undefined): boolean {
  return (
    row !== undefined &&
    sameBytes(event.eventId, asBytes(row[0])) &&
    event.type === asText(row[1]) &&
    BigInt(event.typeVersion) === asInteger(row[2]) &&
    sameBytes(event.data, asBytes(row[3])) &&
    sameBytes(event.metadata, asBytes(row[4]))
  );
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** A store that says "done" and changed nothing has been seen elsewhere: never believe it. */
function requireOneChange(changes: number | bigint): void {
  if (BigInt(changes) !== 1n) throw new Error(`an insert changed ${changes} rows`);
}
