import type { EventStore, ExpectedRevision, NewEvent } from '../event-store.js';
import { EVENT_STORE_LIMITS as LIMITS } from '../limits.js';
import { newEventId, newStream, sampleEvent, sampleEvents } from './sample-events.js';

export function argumentContract(store: () => EventStore): void {
  describe('arguments', () => {
    const wrong = (value: unknown): never => value as never;
    const big = (bytes: number): NewEvent => sampleEvent({ data: new Uint8Array(bytes), metadata: new Uint8Array() });
    const twice = sampleEvent();

    it.each<[string, string, readonly NewEvent[], ExpectedRevision, string]>([
      ['no events', 's', [], 'no_stream', 'REQUEST_INVALID'],
      ['events that are no array', 's', wrong({ length: 1 }), 'no_stream', 'REQUEST_INVALID'],
      ['257 events', 's', sampleEvents(257), 'no_stream', 'EVENT_TOO_LARGE'],
      ['an event of one byte too many', 's', [big(LIMITS.bytesPerEvent + 1)], 'no_stream', 'EVENT_TOO_LARGE'],
      ['too much data in all', 's', [big(400_000), big(400_000), big(200_001)], 'no_stream', 'EVENT_TOO_LARGE'],
      ['the same event twice', 's', [twice, twice], 'no_stream', 'REQUEST_INVALID'],
      ['an empty stream name', '', [twice], 'no_stream', 'NAME_INVALID'],
      ['a stream name that is no string', wrong(7), [twice], 'no_stream', 'NAME_INVALID'],
      ['a stream name of 513 bytes', 's'.repeat(513), [twice], 'no_stream', 'NAME_INVALID'],
      ['a stream name with a space', 'a b', [twice], 'no_stream', 'NAME_INVALID'],
      ['a stream name with a line end', 'a\n', [twice], 'no_stream', 'NAME_INVALID'],
      ['a stream name with a NUL', 'a\0b', [twice], 'no_stream', 'NAME_INVALID'],
      ['a stream name beyond ASCII', 'é', [twice], 'no_stream', 'NAME_INVALID'],
      ["a stream name of the server's own", '$all', [twice], 'no_stream', 'NAME_INVALID'],
      ['an expected revision below 0', 's', [twice], -1n, 'REQUEST_INVALID'],
      ['an expected revision of 2^63', 's', [twice], 2n ** 63n, 'REQUEST_INVALID'],
      ['an expected revision that is a number', 's', [twice], wrong(0), 'REQUEST_INVALID'],
      ['an expectation that is not of ours', 's', [twice], wrong('any'), 'REQUEST_INVALID'],
      [
        'an id in upper case',
        's',
        [sampleEvent({ eventId: newEventId().toUpperCase() })],
        'no_stream',
        'REQUEST_INVALID',
      ],
      ['an id that is no UUID', 's', [sampleEvent({ eventId: 'x' })], 'no_stream', 'REQUEST_INVALID'],
      ['an empty type', 's', [sampleEvent({ type: '' })], 'no_stream', 'NAME_INVALID'],
      ['a type with a space', 's', [sampleEvent({ type: 'A b' })], 'no_stream', 'NAME_INVALID'],
      ['a type of 129 characters', 's', [sampleEvent({ type: 'A'.repeat(129) })], 'no_stream', 'NAME_INVALID'],
      ['type version 0', 's', [sampleEvent({ typeVersion: 0 })], 'no_stream', 'REQUEST_INVALID'],
      ['type version 1.5', 's', [sampleEvent({ typeVersion: 1.5 })], 'no_stream', 'REQUEST_INVALID'],
      ['type version NaN', 's', [sampleEvent({ typeVersion: NaN })], 'no_stream', 'REQUEST_INVALID'],
      ['data that is text', 's', [sampleEvent({ data: wrong('{}') })], 'no_stream', 'REQUEST_INVALID'],
      ['data that is missing', 's', [sampleEvent({ data: wrong(undefined) })], 'no_stream', 'REQUEST_INVALID'],
      ['metadata that is an array', 's', [sampleEvent({ metadata: wrong([1]) })], 'no_stream', 'REQUEST_INVALID'],
    ])('refuses %s', async (_case, stream, events, expected, code) => {
      await expect(store().append(stream, expected, events)).rejects.toMatchObject({ code, kind: 'Rejected' });
    });

    it.each([0, -1, 1.5, NaN, 600_001, wrong('1')])('refuses a timeout of %p', async (timeoutMs) => {
      const sent = store().append(newStream(), 'no_stream', [sampleEvent()], { timeoutMs });
      await expect(sent).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    });

    it.each([0, -1, 4_097, 1.5, NaN, wrong('1')])('refuses to read %p events', async (maxCount) => {
      await expect(store().readStream('s', { maxCount })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
      await expect(store().readAll({ maxCount })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    });

    it.each([-1n, 2n ** 63n, wrong(0), wrong('0')])('refuses to read from %p', async (from) => {
      await expect(store().readStream('s', { fromRevision: from })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
      await expect(store().readAll({ after: from, maxCount: 1 })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
      const signal = AbortSignal.timeout(5_000);
      const first = store().subscribe({ after: from, signal })[Symbol.asyncIterator]().next();
      await expect(first).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    });

    it('refuses to read a stream that cannot be', async () => {
      await expect(store().readStream('$all')).rejects.toMatchObject({ code: 'NAME_INVALID' });
    });

    it('takes everything at its limit', async () => {
      const long = `s-${newStream()}`.padEnd(LIMITS.streamNameBytes, '~');
      const many = await store().append(long, 'no_stream', sampleEvents(256));
      expect(many).toMatchObject({ firstRevision: 0n, lastRevision: 255n, alreadyAppended: false });
      const widest = sampleEvent({
        type: 'A'.repeat(128),
        data: new Uint8Array(LIMITS.bytesPerEvent - 7).fill(1),
        metadata: new Uint8Array(7).fill(2),
      });
      await store().append(long, 255n, [widest]);
      await store().append(long, 256n, [big(500_000), big(500_000)]);
      const [read] = await store().readStream(long, { fromRevision: 256n, maxCount: 1 });
      expect(read).toMatchObject({ type: widest.type, stream: long, revision: 256n });
      expect(Buffer.compare(read?.data ?? new Uint8Array(), widest.data)).toBe(0);
    });

    it.each(['__proto__', 'constructor', 'sample-A', 'sample-a', 'sample-%', 'sample-\'"', 'x'])(
      'keeps the name %s apart',
      async (name) => {
        const stream = `${name}`;
        const before = await store().readStream(stream);
        const expected = before.length === 0 ? 'no_stream' : BigInt(before.length - 1);
        const event = sampleEvent();
        await store().append(stream, expected, [event]);
        const [read] = await store().readStream(stream, { fromRevision: BigInt(before.length) });
        expect(read).toMatchObject({ stream, eventId: event.eventId, revision: BigInt(before.length) });
      },
    );
  });
}
