import { randomUUID } from 'node:crypto';
import { ErrorType, NO_STREAM, STREAM_EXISTS } from '@eventstore/db-client';
import { factEvent, failureOf, freshStream, onBothEngines, placeOf, revisionsIn, storedIn } from './engines.js';

jest.setTimeout(60_000);

onBothEngines('how the server takes appends that come again', (_engine, client) => {
  it('K1: the same id at the same place is success with the original place, whatever it holds and whoever sends it', async () => {
    const stream = freshStream();
    const [first, second] = [factEvent({ from: 'one' }), factEvent()];
    const original = await client().appendToStream(stream, first, { expectedRevision: NO_STREAM });
    await client().appendToStream(stream, second, { expectedRevision: 0n });
    const other = factEvent({ from: 'another' }, first.id);
    const again = await client().appendToStream(stream, other, { expectedRevision: NO_STREAM });
    expect(placeOf(again)).toEqual(placeOf(original));
    expect(await client().appendToStream(stream, second, { expectedRevision: 0n })).toMatchObject({
      success: true,
      nextExpectedRevision: 1n,
    });
    expect((await storedIn(client(), stream)).map(({ data }) => data)).toEqual([{ from: 'one' }, {}]);
  });

  it('K1: of equal appends in flight at once one is stored; the others get its place, or no answer in two seconds', async () => {
    const stream = freshStream();
    const id = randomUUID();
    const racers = ['one', 'another', 'a third'].map((from) =>
      client().appendToStream(stream, factEvent({ from }, id), { expectedRevision: NO_STREAM }),
    );
    for (const outcome of await Promise.allSettled(racers)) {
      if (outcome.status === 'fulfilled') expect(outcome.value.nextExpectedRevision).toBe(0n);
      else expect(outcome.reason).toMatchObject({ type: ErrorType.DEADLINE_EXCEEDED, message: '', code: undefined });
    }
    expect(await revisionsIn(client(), stream)).toEqual([0n]);
    const again = await client().appendToStream(stream, factEvent({}, id), { expectedRevision: NO_STREAM });
    expect(placeOf(again)[0]).toBe(0n);
  });

  it('K2: a part of a batch at its place is a repetition; with a new event it is refused; elsewhere it is new', async () => {
    const stream = freshStream();
    const [a, b, c] = [factEvent(), factEvent(), factEvent()];
    const append = async (events: (typeof a)[], expectedRevision: bigint | typeof NO_STREAM): Promise<bigint> =>
      (await client().appendToStream(stream, events, { expectedRevision })).nextExpectedRevision;
    await append([a, b, c], NO_STREAM);
    expect(await append([a, b], NO_STREAM)).toBe(1n);
    expect(await append([b, c], 0n)).toBe(2n);
    expect(await failureOf(append([a, b, c, factEvent()], NO_STREAM))).toMatchObject({
      type: ErrorType.WRONG_EXPECTED_VERSION,
    });
    expect(await append([a, b, c], 2n)).toBe(5n);
  });

  it('K3: an append that expects nothing is taken anywhere, and that is what the client sends by default', async () => {
    const stream = freshStream();
    expect(placeOf(await client().appendToStream(stream, factEvent()))[0]).toBe(0n);
    expect(placeOf(await client().appendToStream(stream, factEvent()))[0]).toBe(1n);
    const existing = await client().appendToStream(stream, factEvent(), { expectedRevision: STREAM_EXISTS });
    expect(placeOf(existing)[0]).toBe(2n);
  });

  it('K11: of many appends that expect the same, one wins', async () => {
    for (let round = 0; round < 10; round += 1) {
      const stream = freshStream();
      for (const expectedRevision of [NO_STREAM, 0n] as const) {
        const racers = Array.from({ length: 32 }, () =>
          client().appendToStream(stream, factEvent(), { expectedRevision }),
        );
        const outcomes = await Promise.allSettled(racers);
        const lost = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
        const refused = lost.filter(({ type }) => type === ErrorType.WRONG_EXPECTED_VERSION);
        // A server that is slow tells some nothing, the winner perhaps among them; it tells none a lie.
        const untold = lost.filter(({ type }) => type === ErrorType.DEADLINE_EXCEEDED);
        expect(refused.length + untold.length).toBe(lost.length);
        expect([31, 32]).toContain(lost.length);
        if (untold.length === 0) expect(lost).toHaveLength(31);
      }
      expect(await revisionsIn(client(), stream)).toEqual([0n, 1n]);
    }
  });

  it('C5: a conflict has neither message nor code, but says what was expected and what stands there', async () => {
    const stream = freshStream();
    const missing = await failureOf(client().appendToStream(stream, factEvent(), { expectedRevision: 4n }));
    const expected = { type: ErrorType.WRONG_EXPECTED_VERSION, streamName: stream, message: '', code: undefined };
    expect(missing).toMatchObject({ ...expected, expectedVersion: 4n, actualVersion: NO_STREAM });
    await client().appendToStream(stream, [factEvent(), factEvent()], { expectedRevision: NO_STREAM });
    const taken = await failureOf(client().appendToStream(stream, factEvent(), { expectedRevision: NO_STREAM }));
    expect(taken).toMatchObject({ ...expected, expectedVersion: NO_STREAM, actualVersion: 1n });
  });
});
