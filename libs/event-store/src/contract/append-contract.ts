import { ConflictError } from '@writ/errors';
import type { EventStore, ExpectedRevision } from '../event-store.js';
import { asRecorded, newStream, sampleEvent, sampleEvents, split } from './sample-events.js';

export function appendContract(store: () => EventStore): void {
  describe('append', () => {
    it('creates a stream, and tells revisions and position', async () => {
      const stream = newStream();
      const events = sampleEvents(3);
      const result = await store().append(stream, 'no_stream', events);
      const read = split(await store().readStream(stream));
      expect(result).toStrictEqual({
        firstRevision: 0n,
        lastRevision: 2n,
        position: read.positions[2],
        alreadyAppended: false,
      });
      expect(read.events).toStrictEqual(asRecorded(stream, 0n, events));
      expectAscending(read.positions);
    });

    it('goes on at the exact revision', async () => {
      const stream = newStream();
      const first = await store().append(stream, 'no_stream', sampleEvents(2));
      const more = sampleEvents(2);
      const second = await store().append(stream, 1n, more);
      const read = split(await store().readStream(stream, { fromRevision: 2n }));
      expect(second).toStrictEqual({
        firstRevision: 2n,
        lastRevision: 3n,
        position: read.positions[1],
        alreadyAppended: false,
      });
      expect(second.position > first.position).toBe(true);
      expect(read.events).toStrictEqual(asRecorded(stream, 2n, more));
    });

    it.each<[string, number, ExpectedRevision, string]>([
      ['no stream, but there is one', 2, 'no_stream', '1'],
      ['too low', 3, 1n, '2'],
      ['too high', 2, 2n, '1'],
      ['far too high', 1, 2n ** 63n - 1n, '0'],
      ['beyond 2^53', 1, 2n ** 53n + 1n, '0'],
      ['a revision of a stream that is not there', 0, 0n, 'no_stream'],
    ])('refuses another revision: %s', async (_case, present, expected, actualRevision) => {
      const stream = newStream();
      const events = sampleEvents(present);
      if (present > 0) await store().append(stream, 'no_stream', events);
      const error = await store()
        .append(stream, expected, sampleEvents(2))
        .catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ConflictError);
      expect(error).toMatchObject({
        code: 'REVISION_CONFLICT',
        kind: 'Conflict',
        details: { stream, expectedRevision: expected.toString(), actualRevision },
      });
      expect(split(await store().readStream(stream)).events).toStrictEqual(asRecorded(stream, 0n, events));
    });

    it('lets one of 64 win, tells each other so, and stores the winner only', async () => {
      const stream = newStream();
      const attempts = Array.from({ length: 64 }, () => sampleEvents(2));
      const settled = await Promise.allSettled(attempts.map((events) => store().append(stream, 'no_stream', events)));
      const winners = settled.flatMap((outcome, i) => (outcome.status === 'fulfilled' ? [i] : []));
      expect(winners).toHaveLength(1);
      for (const outcome of settled) {
        if (outcome.status === 'rejected') {
          expect(outcome.reason).toMatchObject({ code: 'REVISION_CONFLICT', details: { actualRevision: '1' } });
        }
      }
      const won = attempts[winners[0] as number] as (typeof attempts)[number];
      expect(split(await store().readStream(stream)).events).toStrictEqual(asRecorded(stream, 0n, won));
    });

    it('keeps appends to other streams apart when one of them loses', async () => {
      const taken = newStream();
      await store().append(taken, 'no_stream', sampleEvents(1));
      const streams = Array.from({ length: 32 }, newStream);
      const settled = await Promise.allSettled(
        streams.flatMap((stream) => [
          store().append(stream, 'no_stream', sampleEvents(1)),
          store().append(taken, 'no_stream', sampleEvents(1)),
        ]),
      );
      expect(settled.map((outcome) => outcome.status)).toStrictEqual(streams.flatMap(() => ['fulfilled', 'rejected']));
      expect(await store().readStream(taken)).toHaveLength(1);
    });

    it('gives appends sent together contiguous revisions in the order in which they were sent', async () => {
      const stream = newStream();
      const sent = Array.from({ length: 100 }, () => sampleEvent());
      const results = await Promise.all(
        sent.map((event, i) => store().append(stream, i === 0 ? 'no_stream' : BigInt(i - 1), [event])),
      );
      expect(results.map((result) => result.lastRevision)).toStrictEqual(sent.map((_event, i) => BigInt(i)));
      expectAscending(results.map((result) => result.position));
      expect(split(await store().readStream(stream)).events).toStrictEqual(asRecorded(stream, 0n, sent));
    });

    it('copies bytes before it returns', async () => {
      const stream = newStream();
      const data = new Uint8Array([1, 2, 3]);
      const metadata = new Uint8Array([4, 5, 6]);
      const appended = store().append(stream, 'no_stream', [sampleEvent({ data, metadata })]);
      data.fill(9);
      metadata.fill(9);
      await appended;
      const [read] = await store().readStream(stream);
      expect([...(read?.data ?? []), ...(read?.metadata ?? [])]).toStrictEqual([1, 2, 3, 4, 5, 6]);
    });

    it('keeps every byte value, empty data, and views into larger buffers', async () => {
      const stream = newStream();
      const all = Uint8Array.from({ length: 256 }, (_value, i) => i);
      const events = [
        sampleEvent({ data: all, metadata: new Uint8Array() }),
        sampleEvent({ data: new Uint8Array(), metadata: all.subarray(16, 48) }),
        sampleEvent({
          data: Buffer.from(all).subarray(100, 101),
          metadata: all.subarray(255),
          typeVersion: 0x7fff_ffff,
        }),
      ];
      await store().append(stream, 'no_stream', events);
      expect(split(await store().readStream(stream)).events).toStrictEqual(asRecorded(stream, 0n, events));
    });

    it('takes many appends in one turn, each durable and in its place', async () => {
      const streams = Array.from({ length: 2_000 }, newStream);
      const results = await Promise.all(streams.map((stream) => store().append(stream, 'no_stream', [sampleEvent()])));
      expect(new Set(results.map((result) => result.position)).size).toBe(2_000);
      expect(
        results.every((result) => !result.alreadyAppended && result.firstRevision === 0n && result.lastRevision === 0n),
      ).toBe(true);
    });
  });
}

function expectAscending(positions: readonly bigint[]): void {
  expect(positions.every((position, i) => i === 0 || position > (positions[i - 1] as bigint))).toBe(true);
}
