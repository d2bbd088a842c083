import type { EventStore, RecordedEvent } from '../event-store.js';
import { lastPosition } from './read-contract.js';
import { asRecorded, newStream, sampleEvents, split } from './sample-events.js';

export function subscribeContract(store: () => EventStore): void {
  describe('subscribe', () => {
    it('gives what is there, then what comes, each once and in order', async () => {
      const start = await lastPosition(store());
      const stream = newStream();
      const before = sampleEvents(300);
      await store().append(stream, 'no_stream', before.slice(0, 150));
      await store().append(stream, 149n, before.slice(150));
      const received = take(store(), start, 340);
      const after = sampleEvents(40);
      for (let i = 0; i < 40; i += 1) await store().append(stream, BigInt(299 + i), after.slice(i, i + 1));
      const events = await received;
      expect(split(events).events).toStrictEqual(asRecorded(stream, 0n, [...before, ...after]));
      expect(events.map((event) => event.position)).toStrictEqual(
        (await store().readStream(stream)).map((event) => event.position),
      );
    });

    it('goes on after the position that was handled last', async () => {
      const start = await lastPosition(store());
      const stream = newStream();
      const events = sampleEvents(10);
      await store().append(stream, 'no_stream', events);
      const first = await take(store(), start, 4);
      const rest = await take(store(), { after: (first.at(-1) as RecordedEvent).position }, 6);
      expect(split([...first, ...rest]).events).toStrictEqual(asRecorded(stream, 0n, events));
    });

    it('serves several subscribers alike, while appends race', async () => {
      const start = await lastPosition(store());
      const subscribers = Array.from({ length: 3 }, () => take(store(), start, 200));
      await Promise.all(Array.from({ length: 100 }, () => store().append(newStream(), 'no_stream', sampleEvents(2))));
      const [first, ...others] = await Promise.all(subscribers);
      const order = (events: readonly RecordedEvent[] | undefined) => events?.map((event) => event.position);
      expect(order(first)).toStrictEqual(
        (await store().readAll({ ...start, maxCount: 4_096 })).map((event) => event.position),
      );
      for (const other of others) expect(order(other)).toStrictEqual(order(first));
    });

    it('ends without an error when it is aborted: before it begins, while it waits, and between events', async () => {
      const before = new AbortController();
      before.abort();
      expect(await drain(store(), before.signal)).toBe(0);

      const start = await lastPosition(store());
      const waiting = new AbortController();
      const drained = drain(store(), waiting.signal, start);
      await new Promise((resolve) => setTimeout(resolve, 20));
      waiting.abort();
      expect(await drained).toBe(0);

      await store().append(newStream(), 'no_stream', sampleEvents(5));
      const between = new AbortController();
      let seen = 0;
      for await (const _event of store().subscribe({ ...start, signal: between.signal })) {
        seen += 1;
        if (seen === 2) between.abort();
      }
      expect(seen).toBe(2);
    });

    it('can be left in the middle', async () => {
      const start = await lastPosition(store());
      await store().append(newStream(), 'no_stream', sampleEvents(3));
      for await (const event of store().subscribe({ ...start, signal: AbortSignal.timeout(30_000) })) {
        expect(event.revision).toBe(0n);
        break;
      }
    });
  });
}

async function take(store: EventStore, start: { after?: bigint }, count: number): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  // The time limit turns a subscription that lost an event into a failed comparison instead of a hung test.
  for await (const event of store.subscribe({ ...start, signal: AbortSignal.timeout(30_000) })) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

async function drain(store: EventStore, signal: AbortSignal, start: { after?: bigint } = {}): Promise<number> {
  let seen = 0;
  for await (const _event of store.subscribe({ ...start, signal })) seen += 1;
  return seen;
}
