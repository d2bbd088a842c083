import { BACKWARDS, END, FORWARDS, START, type EventStoreDBClient } from '@eventstore/db-client';
import { isSystemRecord, type ClientRecord } from './events.js';
import { isPositionUnknown, isStreamNotFound } from './failures.js';

/** What one request to the server gave. */
interface Page {
  readonly records: readonly ClientRecord[];
  /** Position of the last record; `undefined` when there was none. */
  readonly last: bigint | undefined;
  /** `true` when there may be more. */
  readonly full: boolean;
}

/** Records that are read at a time while we look for ours among the server's own, or for a position. */
const SCAN = 1_024;
/** The server's default: no record spans two chunks, so one begins where a chunk does. */
const CHUNK_BYTES = 268_435_456n;
/** Decisions rest on what is read, and only the leader surely knows what was acknowledged. */
const requiresLeader = true;

/** The events of one stream from a revision on; none when the stream is not there. */
export async function readOne(
  client: EventStoreDBClient,
  stream: string,
  fromRevision: bigint,
  maxCount: number,
): Promise<readonly ClientRecord[]> {
  try {
    const read = client.readStream(stream, { fromRevision, maxCount, requiresLeader });
    return (await pageOf(read, maxCount)).records;
  } catch (error) {
    if (isStreamNotFound(error)) return [];
    throw error;
  }
}

/**
 * Our events behind a position, which need not be one of this store: a hint may be older than the store, or come from
 * another one. Filters are ignored for such reads, so the server's own events come along and are left out here.
 */
export async function readAfter(
  client: EventStoreDBClient,
  after: bigint,
  maxCount: number,
): Promise<readonly ClientRecord[]> {
  const ours: ClientRecord[] = [];
  // One more than asked for, because reading begins with the record at the position itself.
  let page = await firstPage(client, after, maxCount + 1);
  for (;;) {
    for (const record of page.records) {
      if (!isSystemRecord(record) && positionOf(record) > after) ours.push(record);
    }
    if (ours.length >= maxCount || !page.full || page.last === undefined) return ours.slice(0, maxCount);
    if (page.last > after) after = page.last;
    page = await forwards(client, page.last, SCAN);
  }
}

/** Position of the last record of all; -1 when there is none. */
export async function readTail(client: EventStoreDBClient): Promise<bigint> {
  return (await backwards(client, undefined, 1)).last ?? -1n;
}

/** The server reads only from where a record begins. */
async function firstPage(client: EventStoreDBClient, after: bigint, maxCount: number): Promise<Page> {
  if (after < 0n) return forwards(client, undefined, maxCount);
  for (const from of [after, after + 1n]) {
    try {
      return await forwards(client, from, maxCount);
    } catch (error) {
      if (!isPositionUnknown(error)) throw error;
    }
  }
  return forwards(client, await firstPositionAfter(client, after), maxCount);
}

/**
 * Walks towards the position from both ends by turns: from the borders of its chunk, where a record begins; or, where
 * the server was set up with chunks of another size, from the ends of the store.
 */
async function firstPositionAfter(client: EventStoreDBClient, after: bigint): Promise<bigint | undefined> {
  let low: bigint | undefined = after - (after % CHUNK_BYTES);
  let high: bigint | undefined = low + CHUNK_BYTES;
  for (;;) {
    const below: Page | undefined = await forwards(client, low, SCAN).catch(elsewhere);
    const next = below?.records.find((record) => positionOf(record) > after);
    if (next !== undefined) return positionOf(next);
    if (below?.full === false) return below.last;
    low = below?.last;

    const above: Page | undefined = await backwards(client, high, SCAN).catch(elsewhere);
    const over: readonly ClientRecord[] = above?.records.filter((record) => positionOf(record) > after) ?? [];
    const lowest: ClientRecord | undefined = over.at(-1);
    high = lowest === undefined ? high : positionOf(lowest);
    // The first record behind it, or, when there is none, the last one of all, which is no answer itself.
    if (above !== undefined && over.length < above.records.length)
      return high ?? positionOf(above.records[0] as ClientRecord);
    if (above === undefined) high = undefined;
  }
}

/** Only a position can be wrong here: then the walk begins at the end of the store. */
function elsewhere(error: unknown): undefined {
  if (!isPositionUnknown(error)) throw error;
}

function forwards(client: EventStoreDBClient, from: bigint | undefined, maxCount: number): Promise<Page> {
  const fromPosition = from === undefined ? START : { commit: from, prepare: from };
  return pageOf(client.readAll({ direction: FORWARDS, fromPosition, maxCount, requiresLeader }), maxCount);
}

function backwards(client: EventStoreDBClient, from: bigint | undefined, maxCount: number): Promise<Page> {
  const fromPosition = from === undefined ? END : { commit: from, prepare: from };
  return pageOf(client.readAll({ direction: BACKWARDS, fromPosition, maxCount, requiresLeader }), maxCount);
}

function positionOf(record: ClientRecord): bigint {
  return record.position?.commit ?? -1n;
}

interface ResolvedRecord {
  readonly event?: ClientRecord;
}

/** Reads to the end; the count that was asked for bounds it. */
function pageOf(read: Pick<NodeJS.EventEmitter, 'on'>, maxCount: number): Promise<Page> {
  return new Promise((resolve, reject) => {
    const records: ClientRecord[] = [];
    let count = 0;
    read.on('data', ({ event }: ResolvedRecord) => {
      count += 1;
      // Links, which are not followed, are events; only a link to nothing would be none.
      if (event !== undefined) records.push(event);
    });
    read.on('error', reject);
    read.on('end', () => {
      const last = records.at(-1);
      resolve({ records, last: last === undefined ? undefined : positionOf(last), full: count >= maxCount });
    });
  });
}
