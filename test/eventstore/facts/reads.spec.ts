import { binaryEvent, ErrorType, FORWARDS, NO_STREAM, BACKWARDS, START, streamNameFilter } from '@eventstore/db-client';
import { factEvent, failureOf, freshStream, onBothEngines, storedIn } from './engines.js';

jest.setTimeout(60_000);

onBothEngines('reads', (_engine, client) => {
  /** What `$all` shows between two places of one append. */
  const readAll = async (options: Parameters<ReturnType<typeof client>['readAll']>[0]): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { event } of client().readAll(options)) if (event !== undefined) ids.push(event.id);
    return ids;
  };

  it('K7: each event has a position of its own, ascending in an append too; the answer tells the last', async () => {
    const stream = freshStream();
    const events = [factEvent(), factEvent(), factEvent()];
    const { position } = await client().appendToStream(stream, events, { expectedRevision: NO_STREAM });
    const commits = (await storedIn(client(), stream)).map(({ commit }) => commit);
    expect(new Set(commits).size).toBe(3);
    expect(commits).toEqual([...commits].sort((a, b) => (a < b ? -1 : 1)));
    expect(commits[2]).toBe(position?.commit);
    expect((commits[1] as bigint) - (commits[0] as bigint)).toBeGreaterThan(1n);
  });

  it("K7: the start of $all is the server's own", async () => {
    const types: string[] = [];
    for await (const { event } of client().readAll({ fromPosition: START, maxCount: 2 })) types.push(event?.type ?? '');
    expect(types[0]).toMatch(/^\$/);
  });

  it('C10: a stream that is not there is told while it is read', async () => {
    const stream = freshStream();
    const failure = await failureOf(storedIn(client(), stream));
    expect(failure).toMatchObject({ type: ErrorType.STREAM_NOT_FOUND, streamName: stream });
  });

  it('C10: a position is included forwards, excluded backwards, and a filter is ignored', async () => {
    const [one, two] = [factEvent(), factEvent()];
    const stream = freshStream();
    await client().appendToStream(stream, one, { expectedRevision: NO_STREAM });
    const { position } = await client().appendToStream(stream, two, { expectedRevision: 0n });
    if (position === undefined) throw new Error('no position');
    const nothing = { filter: streamNameFilter({ prefixes: ['nobody has this name'] }) };
    expect(await readAll({ fromPosition: position, direction: FORWARDS, maxCount: 1, ...nothing })).toEqual([two.id]);
    expect(await readAll({ fromPosition: position, direction: BACKWARDS, maxCount: 1, ...nothing })).toEqual([one.id]);
  });

  it('C10: a position inside a record is an unknown error', async () => {
    const { position } = await client().appendToStream(freshStream(), factEvent(), { expectedRevision: NO_STREAM });
    const inside = (position?.commit ?? 0n) - 1n;
    const fromPosition = { commit: inside, prepare: inside };
    const failure = await failureOf(readAll({ fromPosition, direction: FORWARDS, maxCount: 1 }));
    expect(failure).toMatchObject({ type: ErrorType.UNKNOWN, code: 2 });
  });

  it('C10: a link whose target is gone has no event', async () => {
    const [target, links] = [freshStream(), freshStream()];
    await client().appendToStream(target, factEvent(), { expectedRevision: NO_STREAM });
    const link = binaryEvent({ type: '$>', data: Buffer.from(`0@${target}`) });
    await client().appendToStream(links, link, { expectedRevision: NO_STREAM });
    await client().tombstoneStream(target);
    const found: unknown[] = [];
    for await (const { event, link: via } of client().readStream(links, { resolveLinkTos: true }))
      found.push([event, via?.type]);
    expect(found).toEqual([[undefined, '$>']]);
  });
});
