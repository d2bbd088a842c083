import { randomUUID } from 'node:crypto';
import { binaryEvent, ErrorType, EventStoreDBClient, NO_STREAM, type EventData } from '@eventstore/db-client';
import { afterMs, factEvent, failureOf, freshStream, onBothEngines, placeOf, storedIn } from './engines.js';

jest.setTimeout(60_000);

const LIMIT = 1_048_576;
const bytesEvent = (data: number, metadata = 0): EventData =>
  binaryEvent({ type: 'Fact', data: new Uint8Array(data), metadata: new Uint8Array(metadata) });

onBothEngines('sizes and ids', (engine, client) => {
  it('K8: data of one append may be 1,048,576 bytes in all; metadata is not counted', async () => {
    const half = LIMIT / 2;
    const append = (...events: EventData[]): Promise<unknown> =>
      client().appendToStream(freshStream(), events, { expectedRevision: NO_STREAM });
    await append(bytesEvent(half), bytesEvent(half, 200_000));
    const failure = await failureOf(append(bytesEvent(half), bytesEvent(half + 1)));
    expect(failure).toMatchObject({ type: ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED, maxAppendSize: LIMIT });
  });

  it('K8: a message that is far too large is an unknown error', async () => {
    const own = EventStoreDBClient.connectionString(engine().url);
    try {
      const failure = await failureOf(
        own.appendToStream(freshStream(), bytesEvent(20 * LIMIT), { expectedRevision: NO_STREAM }),
      );
      expect(failure).toMatchObject({ type: ErrorType.UNKNOWN, code: 8 });
    } finally {
      await own.dispose();
    }
  });

  it('K8: many small events are one append, and none are one too, which writes nothing', async () => {
    const stream = freshStream();
    const many = Array.from({ length: 5_000 }, () => factEvent());
    expect(placeOf(await client().appendToStream(stream, many, { expectedRevision: NO_STREAM }))[0]).toBe(4_999n);
    const empty = freshStream();
    expect(await client().appendToStream(empty, [], { expectedRevision: NO_STREAM })).toMatchObject({ success: true });
    expect(await failureOf(storedIn(client(), empty))).toMatchObject({ type: ErrorType.STREAM_NOT_FOUND });
  });

  it('C13: an id that is no UUID is refused by the server alone, which does not say so; capitals become small', async () => {
    const stream = freshStream();
    const call = client().appendToStream(stream, factEvent({}, 'no uuid'), { expectedRevision: NO_STREAM });
    expect(await failureOf(call)).toMatchObject({ type: ErrorType.UNKNOWN });
    const id = randomUUID();
    const capitals = factEvent({}, id.toUpperCase());
    await client().appendToStream(stream, capitals, { expectedRevision: NO_STREAM });
    expect((await storedIn(client(), stream)).map((event) => event.id)).toEqual([id]);
  });

  it('C13: a negative revision is no conflict but a failure that says nothing of it', async () => {
    const own = EventStoreDBClient.connectionString(engine().url);
    try {
      const call = own.appendToStream(freshStream(), factEvent(), { expectedRevision: -1n });
      expect(await afterMs(10_000, call)).toBe('rejected');
      expect(await failureOf(call)).not.toMatchObject({ type: ErrorType.WRONG_EXPECTED_VERSION });
    } finally {
      await own.dispose();
    }
  });
});
