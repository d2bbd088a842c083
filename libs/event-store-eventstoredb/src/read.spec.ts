import type { EventStoreDBClient } from '@eventstore/db-client';
import { EventEmitter } from 'node:events';
import type { ClientRecord } from './events.js';
import { readAfter, readTail } from './read.js';

interface Asked {
  readonly direction: 'forwards' | 'backwards';
  readonly fromPosition: 'start' | 'end' | { readonly commit: bigint };
  readonly maxCount: number;
}

/** `$all` of a server that reads only from where a record begins, and what it was asked. */
class AllOf {
  readonly asked: string[] = [];
  readonly #records: readonly ClientRecord[];

  constructor(records: readonly ClientRecord[]) {
    this.#records = records;
  }

  get client(): EventStoreDBClient {
    const client = { readAll: (asked: Asked) => this.#read(asked) };
    return client as unknown as EventStoreDBClient;
  }

  #read({ direction, fromPosition, maxCount }: Asked): EventEmitter {
    const from = typeof fromPosition === 'string' ? undefined : fromPosition.commit;
    this.asked.push(`${direction} ${from ?? ''}`.trim());
    const read = new EventEmitter();
    setImmediate(() => {
      if (from !== undefined && !this.#begins(from)) {
        const error = new Error('2 UNKNOWN: Unexpected ReadAllResult: Error');
        read.emit('error', Object.assign(error, { type: 'unknown' }));
        return;
      }
      const found =
        direction === 'forwards'
          ? this.#records.filter((record) => positionOf(record) >= (from ?? 0n))
          : this.#records.filter((record) => from === undefined || positionOf(record) < from).reverse();
      for (const event of found.slice(0, maxCount)) read.emit('data', { event });
      read.emit('end');
    });
    return read;
  }

  #begins(position: bigint): boolean {
    const last = this.#records.at(-1);
    const end = last === undefined ? 0n : positionOf(last) + 100n;
    return position >= end || this.#records.some((record) => positionOf(record) === position);
  }
}

function positionOf(record: ClientRecord): bigint {
  return record.position?.commit ?? -1n;
}

/** One record every hundred bytes; every third is the server's own. */
function records(count: number): readonly ClientRecord[] {
  return Array.from({ length: count }, (_value, i) => ({
    streamId: i % 3 === 2 ? '$stats' : `sample-t.${i}`,
    id: `id-${i}`,
    revision: 0n,
    type: 'SampleHappened',
    data: new Uint8Array(),
    position: { commit: BigInt(i) * 100n },
  }));
}

function expected(all: readonly ClientRecord[], after: bigint, maxCount: number): readonly bigint[] {
  const ours = all.filter((record) => !record.streamId.startsWith('$') && positionOf(record) > after);
  return ours.slice(0, maxCount).map(positionOf);
}

describe('reading behind a position', () => {
  const COUNT = 7_000;
  const all = records(COUNT);
  const last = BigInt(COUNT - 1) * 100n;

  it.each<[string, bigint, number]>([
    ['before everything', -1n, 10],
    ['at the first record', 0n, 10],
    ['at a record', 350_000n, 4_096],
    ["at one of the server's own", 200n, 3],
    ['just before a record', 349_999n, 10],
    ['inside a record, near the start', 1n, 10],
    ['inside a record, in the middle', 350_050n, 10],
    ['inside a record, near the end', last - 1_050n, 50],
    ['inside the last record but one', last - 50n, 10],
    ['at the last record', last, 10],
    ['inside the last record', last + 50n, 10],
    ['behind everything', 2n ** 63n - 1n, 10],
  ])('gives our events in order, %s', async (_case, after, maxCount) => {
    const found = await readAfter(new AllOf(all).client, after, maxCount);
    expect(found.map(positionOf)).toStrictEqual(expected(all, after, maxCount));
  });

  it("reads on while the server's own events fill the page", async () => {
    const crowded = all.map((record, i) => (i < 5_000 ? { ...record, streamId: '$stats' } : record));
    const found = await readAfter(new AllOf(crowded).client, -1n, 2);
    expect(found.map(positionOf)).toStrictEqual(expected(crowded, -1n, 2));
  });

  it('finds a place near the end without reading everything', async () => {
    const server = new AllOf(all);
    await readAfter(server.client, last - 5_050n, 10);
    expect(server.asked.length).toBeLessThanOrEqual(6);
  });

  it('gives nothing of an empty store', async () => {
    const server = new AllOf([]);
    expect(await readAfter(server.client, -1n, 10)).toStrictEqual([]);
    expect(await readTail(server.client)).toBe(-1n);
  });

  it('knows the last position, whoever wrote it', async () => {
    expect(await readTail(new AllOf(records(3)).client)).toBe(200n);
  });
});
