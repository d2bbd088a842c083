import { IntegrityError } from '@writ/errors';
import type { EventStore, ExpectedRevision, NewEvent } from '../event-store.js';
import { asRecorded, newStream, sampleEvent, sampleEvents, split } from './sample-events.js';

export function idempotenceContract(store: () => EventStore): void {
  describe('sending an append again', () => {
    it('answers with the original revisions and position, also after later events, and writes nothing', async () => {
      const stream = newStream();
      const first = sampleEvents(2);
      const second = sampleEvents(3);
      const results = [await store().append(stream, 'no_stream', first), await store().append(stream, 1n, second)];
      const again = [await store().append(stream, 'no_stream', first), await store().append(stream, 1n, second)];
      expect(again).toStrictEqual(results.map((result) => ({ ...result, alreadyAppended: true })));
      expect(split(await store().readStream(stream)).events).toStrictEqual(
        asRecorded(stream, 0n, [...first, ...second]),
      );
    });

    it('answers 16 equal appends sent together with one result, written once', async () => {
      const stream = newStream();
      const events = sampleEvents(2);
      const results = await Promise.all(Array.from({ length: 16 }, () => store().append(stream, 'no_stream', events)));
      expect(results.filter((result) => !result.alreadyAppended)).toHaveLength(1);
      for (const result of results) {
        expect(result).toStrictEqual({ ...results[0], alreadyAppended: result.alreadyAppended });
      }
      expect(split(await store().readStream(stream)).events).toStrictEqual(asRecorded(stream, 0n, events));
    });

    it('answers for a beginning of what stands there', async () => {
      const stream = newStream();
      const events = sampleEvents(3);
      await store().append(stream, 'no_stream', events);
      const positions = split(await store().readStream(stream)).positions;
      expect(await store().append(stream, 'no_stream', events.slice(0, 2))).toStrictEqual({
        firstRevision: 0n,
        lastRevision: 1n,
        position: positions[1],
        alreadyAppended: true,
      });
    });

    const other = new Uint8Array([0]);
    it.each<[string, Partial<NewEvent>]>([
      ['type', { type: 'OtherHappened' }],
      ['type version', { typeVersion: 2 }],
      ['data', { data: other }],
      ['metadata', { metadata: other }],
    ])('refuses the same id with another %s', async (_field, change) => {
      const stream = newStream();
      const event = sampleEvent();
      await store().append(stream, 'no_stream', [event]);
      await expectReused(store(), stream, 'no_stream', [{ ...event, ...change }], event.eventId);
      expect(split(await store().readStream(stream)).events).toStrictEqual(asRecorded(stream, 0n, [event]));
    });

    it('refuses the same events in another order', async () => {
      const stream = newStream();
      const [a, b] = sampleEvents(2) as [NewEvent, NewEvent];
      await store().append(stream, 'no_stream', [a, b]);
      await expectReused(store(), stream, 'no_stream', [b, a], b.eventId);
      expect(split(await store().readStream(stream)).events).toStrictEqual(asRecorded(stream, 0n, [a, b]));
    });

    it('refuses stored events together with new ones', async () => {
      const stream = newStream();
      const [a, b] = sampleEvents(2) as [NewEvent, NewEvent];
      await store().append(stream, 'no_stream', [a]);
      await store().append(stream, 0n, [b]);
      await expectReused(store(), stream, 'no_stream', [a, sampleEvent()], a.eventId);
      await expectReused(store(), stream, 'no_stream', [a, b, sampleEvent()], a.eventId);
      await expectReused(store(), stream, 0n, [b, sampleEvent()], b.eventId);
      expect(split(await store().readStream(stream)).events).toStrictEqual(asRecorded(stream, 0n, [a, b]));
    });
  });
}

export async function expectReused(
  store: EventStore,
  stream: string,
  expected: ExpectedRevision,
  events: readonly NewEvent[],
  eventId: string,
): Promise<void> {
  const error = await store.append(stream, expected, events).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(IntegrityError);
  expect(error).toMatchObject({ code: 'EVENT_ID_REUSED', kind: 'Integrity', details: { stream, eventId } });
}
