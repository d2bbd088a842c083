import type { EventStore, RecordedEvent } from '../event-store.js';
import { asRecorded, newStream, plain, sampleEvent, sampleEvents, split } from './sample-events.js';

export function readContract(store: () => EventStore): void {
  describe('readStream', () => {
    it('is empty for a stream that is not there', async () => {
      expect(await store().readStream(newStream())).toStrictEqual([]);
    });

    it('begins and ends where it is told', async () => {
      const stream = newStream();
      const events = sampleEvents(10);
      await store().append(stream, 'no_stream', events);
      const all = (await store().readStream(stream)).map(plain);
      expect((await store().readStream(stream, { fromRevision: 4n, maxCount: 3 })).map(plain)).toStrictEqual(
        all.slice(4, 7),
      );
      expect((await store().readStream(stream, { fromRevision: 9n })).map(plain)).toStrictEqual(all.slice(9));
      expect((await store().readStream(stream, { maxCount: 1 })).map(plain)).toStrictEqual(all.slice(0, 1));
      expect(await store().readStream(stream, { fromRevision: 10n })).toStrictEqual([]);
      expect(await store().readStream(stream, { fromRevision: 2n ** 63n - 1n })).toStrictEqual([]);
    });

    it('gives each reader bytes of its own', async () => {
      const stream = newStream();
      const event = sampleEvent();
      await store().append(stream, 'no_stream', [event]);
      const [first] = await store().readStream(stream);
      first?.data.fill(0);
      expect(split(await store().readStream(stream)).events).toStrictEqual(asRecorded(stream, 0n, [event]));
    });

    it('sees an append as soon as it is answered, and never half of one', async () => {
      const stream = newStream();
      let written = 0;
      let done = false;
      const writer = (async () => {
        for (let i = 0; i < 50; i += 1) {
          await store().append(stream, i === 0 ? 'no_stream' : BigInt(i * 4 - 1), sampleEvents(4));
          written = (i + 1) * 4;
        }
        done = true;
      })();
      while (!done) {
        const atLeast = written;
        const length = (await store().readStream(stream)).length;
        expect(length).toBeGreaterThanOrEqual(atLeast);
        expect(length % 4).toBe(0);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await writer;
      expect(await store().readStream(stream)).toHaveLength(200);
    });
  });

  describe('readAll', () => {
    it('returns the events of all streams in commit order, after a position, page by page', async () => {
      const start = await lastPosition(store());
      const streams = [newStream(), newStream(), newStream()];
      const expected: Omit<RecordedEvent, 'position'>[] = [];
      for (let revision = 0n; revision < 5n; revision += 1n) {
        for (const stream of streams) {
          const events = sampleEvents(1);
          await store().append(stream, revision === 0n ? 'no_stream' : revision - 1n, events);
          expected.push(...asRecorded(stream, revision, events));
        }
      }
      const whole = await store().readAll({ ...start, maxCount: 4_096 });
      expect(split(whole).events).toStrictEqual(expected);
      const pages: RecordedEvent[] = [];
      for (let after = start; ;) {
        const page = await store().readAll({ ...after, maxCount: 4 });
        if (page.length === 0) break;
        expect(page.length).toBeLessThanOrEqual(4);
        pages.push(...page);
        after = { after: (page.at(-1) as RecordedEvent).position };
      }
      expect(pages.map(plain)).toStrictEqual(whole.map(plain));
    });

    it('shows the same position as the append and the stream', async () => {
      const start = await lastPosition(store());
      const stream = newStream();
      const { position } = await store().append(stream, 'no_stream', sampleEvents(2));
      const all = await store().readAll({ ...start, maxCount: 4_096 });
      const ofStream = await store().readStream(stream);
      expect(all.map(plain)).toStrictEqual(ofStream.map(plain));
      expect(all.at(-1)?.position).toBe(position);
    });

    it('is empty after the last event', async () => {
      const start = await lastPosition(store());
      expect(await store().readAll({ ...start, maxCount: 10 })).toStrictEqual([]);
      expect(await store().readAll({ after: 2n ** 63n - 1n, maxCount: 10 })).toStrictEqual([]);
    });

    it('starts at the first event without a position', async () => {
      await store().append(newStream(), 'no_stream', sampleEvents(1));
      const [first] = await store().readAll({ maxCount: 1 });
      const [again] = await store().readAll({ maxCount: 4_096 });
      expect(plain(first as RecordedEvent)).toStrictEqual(plain(again as RecordedEvent));
    });
  });
}

/** Where the store ends now, as an option for `readAll` and `subscribe`. */
export async function lastPosition(store: EventStore): Promise<{ after?: bigint }> {
  let from: { after?: bigint } = {};
  for (;;) {
    const page = await store.readAll({ ...from, maxCount: 4_096 });
    const last = page.at(-1);
    if (last === undefined) return from;
    from = { after: last.position };
  }
}
