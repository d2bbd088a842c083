import type { EventStore, NewEvent } from '../event-store.js';
import { expectReused } from './idempotence-contract.js';
import { asRecorded, newStream, sampleEvent, sampleEvents, split } from './sample-events.js';

/**
 * What drivers promise beyond the port whose store keeps an index of event ids: an id is used once in the whole store.
 */
export function uniqueIdContract(name: string, open: () => Promise<EventStore>): void {
  describe(`an id is used once: ${name}`, () => {
    let store: EventStore;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(async () => {
      await store.close();
    });

    const other = new Uint8Array([0]);
    it.each<[string, Partial<NewEvent>]>([
      ['type', { type: 'OtherHappened' }],
      ['type version', { typeVersion: 2 }],
      ['data', { data: other }],
      ['metadata', { metadata: other }],
    ])('refuses the same id with another %s at a later place', async (_field, change) => {
      const stream = newStream();
      const event = sampleEvent();
      await store.append(stream, 'no_stream', [event]);
      await expectReused(store, stream, 0n, [{ ...event, ...change }], event.eventId);
      expect(split(await store.readStream(stream)).events).toStrictEqual(asRecorded(stream, 0n, [event]));
    });

    it('refuses the same events in another stream or at another place', async () => {
      const stream = newStream();
      const elsewhere = newStream();
      const [a, b] = sampleEvents(2) as [NewEvent, NewEvent];
      await store.append(stream, 'no_stream', [a, b]);
      await expectReused(store, elsewhere, 'no_stream', [a, b], a.eventId);
      await expectReused(store, stream, 1n, [a, b], a.eventId);
      await expectReused(store, stream, 0n, [a], a.eventId);
      expect(await store.readStream(elsewhere)).toStrictEqual([]);
      expect(split(await store.readStream(stream)).events).toStrictEqual(asRecorded(stream, 0n, [a, b]));
    });

    it('refuses stored events behind new ones, wherever they are', async () => {
      const stream = newStream();
      const elsewhere = newStream();
      const [a] = sampleEvents(1) as [NewEvent];
      await store.append(stream, 'no_stream', [a]);
      await expectReused(store, stream, 0n, [sampleEvent(), a], a.eventId);
      await expectReused(store, elsewhere, 'no_stream', [sampleEvent(), a], a.eventId);
      expect(await store.readStream(elsewhere)).toStrictEqual([]);
      expect(split(await store.readStream(stream)).events).toStrictEqual(asRecorded(stream, 0n, [a]));
    });
  });
}
