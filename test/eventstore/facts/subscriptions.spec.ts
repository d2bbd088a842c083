import { NO_STREAM, START, streamNameFilter, type EventStoreDBClient, type Position } from '@eventstore/db-client';
import { until } from '../harness/admin.js';
import { factEvent, freshStream, onBothEngines } from './engines.js';

jest.setTimeout(60_000);

interface Heard {
  readonly ids: string[];
  readonly positions: Position[];
  readonly signs: string[];
  close(): Promise<void>;
}

function listen(client: EventStoreDBClient, prefix: string, fromPosition: Position | typeof START): Heard {
  const heard = { ids: [] as string[], positions: [] as Position[], signs: [] as string[] };
  const filter = streamNameFilter({ prefixes: [prefix] });
  const subscription = client.subscribeToAll({ fromPosition, filter });
  subscription.on('data', ({ event }) => {
    if (event === undefined) return;
    heard.ids.push(event.id);
    heard.positions.push(event.position);
  });
  for (const sign of ['confirmation', 'caughtUp', 'error', 'end', 'close'] as const) {
    (subscription as NodeJS.EventEmitter).on(sign, () => heard.signs.push(sign));
  }
  return { ...heard, close: () => subscription.unsubscribe() };
}

onBothEngines('subscriptions', (_engine, client) => {
  it('C9: a subscription to $all honours its filter, catches up, goes on live, and starts after its position', async () => {
    const stream = freshStream();
    const events = Array.from({ length: 60 }, () => factEvent());
    for (const [at, event] of events.slice(0, 40).entries()) {
      const expectedRevision = at === 0 ? NO_STREAM : BigInt(at - 1);
      await client().appendToStream(stream, event, { expectedRevision });
      await client().appendToStream(freshStream(), factEvent(), { expectedRevision: NO_STREAM });
    }
    const first = listen(client(), stream, START);
    await until(
      async () => first.ids.length >= 40,
      20_000,
      () => `only ${first.ids.length} came`,
    );
    for (const [at, event] of events.slice(40).entries()) {
      await client().appendToStream(stream, event, { expectedRevision: BigInt(39 + at) });
    }
    await until(
      async () => first.ids.length >= 60,
      20_000,
      () => `only ${first.ids.length} came`,
    );
    expect(first.ids).toEqual(events.map(({ id }) => id));
    expect(first.signs).toEqual(expect.arrayContaining(['confirmation', 'caughtUp']));
    const resumed = listen(client(), stream, first.positions[19] as Position);
    await until(
      async () => resumed.ids.length >= 40,
      20_000,
      () => `only ${resumed.ids.length} came`,
    );
    expect(resumed.ids).toEqual(events.slice(20).map(({ id }) => id));
    await Promise.all([first.close(), resumed.close()]);
    await until(
      async () => first.signs.includes('end'),
      20_000,
      () => 'the end is not told',
    );
    expect(first.signs).not.toContain('error');
  });
});
