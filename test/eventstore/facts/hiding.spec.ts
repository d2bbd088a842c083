import { ErrorType, NO_STREAM, type EventStoreDBClient } from '@eventstore/db-client';
import { until } from '../harness/admin.js';
import { factEvent, failureOf, freshStream, onBothEngines, placeOf, revisionsIn, storedIn } from './engines.js';

jest.setTimeout(60_000);

async function streamOfThree(
  client: EventStoreDBClient,
): Promise<{ stream: string; events: ReturnType<typeof factEvent>[] }> {
  const stream = freshStream();
  const events = [factEvent(), factEvent(), factEvent()];
  await client.appendToStream(stream, events, { expectedRevision: NO_STREAM });
  return { stream, events };
}

onBothEngines('what hides events', (_engine, client) => {
  it('K4: a stream that was deleted softly is no stream, and goes on counting where it was', async () => {
    const { stream } = await streamOfThree(client());
    await client().deleteStream(stream);
    expect(await failureOf(storedIn(client(), stream))).toMatchObject({ type: ErrorType.STREAM_NOT_FOUND });
    const next = await client().appendToStream(stream, factEvent(), { expectedRevision: NO_STREAM });
    expect(placeOf(next)[0]).toBe(3n);
    expect(await revisionsIn(client(), stream)).toEqual([3n]);
  });

  it('K4: an old append that comes again on a deleted stream succeeds without a position and brings nothing back', async () => {
    const { stream, events } = await streamOfThree(client());
    await client().deleteStream(stream);
    const again = await client().appendToStream(stream, events, { expectedRevision: NO_STREAM });
    expect(again).toMatchObject({ success: true, position: undefined });
    expect(await failureOf(storedIn(client(), stream))).toMatchObject({ type: ErrorType.STREAM_NOT_FOUND });
  });

  it('K4: only a tombstone blocks', async () => {
    const { stream } = await streamOfThree(client());
    await client().tombstoneStream(stream);
    for (const call of [
      () => client().appendToStream(stream, factEvent(), { expectedRevision: NO_STREAM }),
      () => client().appendToStream(stream, factEvent(), { expectedRevision: 2n }),
      () => storedIn(client(), stream),
    ]) {
      expect(await failureOf(call())).toMatchObject({ type: ErrorType.STREAM_DELETED, streamName: stream });
    }
  });

  it('K5: $maxCount and $tb hide events, renumber none, and give them back when they go', async () => {
    const { stream } = await streamOfThree(client());
    await client().setStreamMetadata(stream, { maxCount: 1 });
    expect(await revisionsIn(client(), stream)).toEqual([2n]);
    await client().setStreamMetadata(stream, { truncateBefore: 1 });
    expect(await revisionsIn(client(), stream)).toEqual([1n, 2n]);
    await client().setStreamMetadata(stream, {});
    expect(await revisionsIn(client(), stream)).toEqual([0n, 1n, 2n]);
  });

  it('K5: a stream whose events are too old reads empty, and is a stream all the same', async () => {
    const { stream } = await streamOfThree(client());
    await client().setStreamMetadata(stream, { maxAge: 1 });
    const empty = async (): Promise<boolean> => (await revisionsIn(client(), stream)).length === 0;
    await until(empty, 15_000, () => 'the events do not age');
    const late = await failureOf(client().appendToStream(stream, factEvent(), { expectedRevision: NO_STREAM }));
    expect(late).toMatchObject({ type: ErrorType.WRONG_EXPECTED_VERSION, actualVersion: 2n });
  });

  it('C11: what the client calls the revision of the metadata is a position', async () => {
    const { stream } = await streamOfThree(client());
    const { position } = await client().setStreamMetadata(stream, { maxCount: 9 });
    expect(position?.commit).toBeGreaterThan(2n);
    expect(await client().getStreamMetadata(stream)).toMatchObject({ metastreamRevision: position?.commit });
  });
});
