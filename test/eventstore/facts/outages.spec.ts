import { ANY, ErrorType, EventStoreDBClient, NO_STREAM, type EventData } from '@eventstore/db-client';
import { until } from '../harness/admin.js';
import { afterMs, factEvent, failureOf, freshStream, onBreakableEngines, placeOf, storedIn } from './engines.js';

jest.setTimeout(120_000);

const SETTLE_MS = 30_000;

onBreakableEngines('a server that goes and comes back', (engine) => {
  let client: EventStoreDBClient;

  beforeEach(() => {
    jest.spyOn(console, 'warn').mockImplementation();
    client = EventStoreDBClient.connectionString(`${engine().url}&keepAliveInterval=1000&keepAliveTimeout=1000`);
  });

  afterEach(async () => {
    engine().resume();
    await client.dispose();
    jest.restoreAllMocks();
  });

  const append = (stream: string, event: EventData): Promise<[bigint, bigint | undefined]> =>
    client.appendToStream(stream, event, { expectedRevision: NO_STREAM }).then(placeOf);

  /** The place of an append that is sent until the server, which may be slow after a start, answers. */
  const placeInTime = async (stream: string, event: EventData): Promise<[bigint, bigint | undefined]> => {
    let place: [bigint, bigint | undefined] | undefined;
    const taken = async (): Promise<boolean> => {
      place = await append(stream, event).catch(() => undefined);
      return place !== undefined;
    };
    await until(taken, SETTLE_MS, () => 'the append is not taken');
    return place as unknown as [bigint, bigint | undefined];
  };

  const untilTaken = (): Promise<unknown> => placeInTime(freshStream(), factEvent());

  it('K10, C5: nothing that was acknowledged is lost by a kill; a repetition of the rest lands once', async () => {
    await untilTaken();
    const appends = Array.from({ length: 200 }, () => ({ stream: freshStream(), event: factEvent() }));
    const acknowledged = new Map<string, bigint | undefined>();
    const failures: { code?: number; type?: string }[] = [];
    const load = Promise.all(
      Array.from({ length: 16 }, async (_, at) => {
        for (let i = at; i < appends.length; i += 16) {
          const { stream, event } = appends[i] as (typeof appends)[number];
          await append(stream, event).then(
            ([, commit]) => acknowledged.set(stream, commit),
            (error: unknown) => failures.push(error as { code?: number; type?: string }),
          );
        }
      }),
    );
    await until(
      async () => acknowledged.size > 40,
      SETTLE_MS,
      () => 'nothing is acknowledged',
    );
    await engine().kill();
    await load;
    for (const { code, type } of failures) expect([code === 14, type === ErrorType.DEADLINE_EXCEEDED]).toContain(true);
    await engine().restart();
    await untilTaken();
    for (const { stream, event } of appends) {
      const [revision, commit] = await placeInTime(stream, event);
      expect(revision).toBe(0n);
      if (acknowledged.has(stream)) expect(commit).toBe(acknowledged.get(stream));
    }
    for (const { stream, event } of appends.slice(0, 100)) {
      expect((await storedIn(client, stream)).map(({ id }) => id)).toEqual([event.id]);
    }
  });

  it('K1, K3: after a restart the place of an old append is still known, but not that of one that expected nothing', async () => {
    await untilTaken();
    const [exact, any] = [freshStream(), freshStream()];
    const [event, loose] = [factEvent(), factEvent()];
    const place = await append(exact, event);
    await client.appendToStream(any, loose, { expectedRevision: ANY });
    await client.appendToStream(any, loose, { expectedRevision: ANY });
    await engine().kill();
    await engine().restart();
    await untilTaken();
    expect(await append(exact, event)).toEqual(place);
    expect(placeOf(await client.appendToStream(any, loose, { expectedRevision: ANY }))[0]).toBe(1n);
  });

  it('C5: while the server is down an append fails with code 14 and no type; the same client recovers by itself', async () => {
    await untilTaken();
    await engine().kill();
    const codes = async (): Promise<boolean> => {
      const failure = await failureOf(append(freshStream(), factEvent()));
      expect(failure).toMatchObject({ code: 14 });
      return failure['type'] === undefined;
    };
    await until(codes, SETTLE_MS, () => 'the failure keeps its type');
    await engine().restart();
    await untilTaken();
  });

  it('C2: a deadline does nothing on the path of appends; a server that hangs shows by the keep-alive alone', async () => {
    await untilTaken();
    engine().pause();
    const call = client.appendToStream(freshStream(), factEvent(), { expectedRevision: NO_STREAM, deadline: 100 });
    expect(await afterMs(400, call)).toBe('pending');
    expect(await failureOf(call)).toMatchObject({ type: ErrorType.UNAVAILABLE, code: 14 });
  });

  it('C2: the first use of a client against a server that hangs does not settle', async () => {
    // With a keep-alive of its own, so that it shares no connection with the clients of the other tests.
    const another = EventStoreDBClient.connectionString(engine().url);
    engine().pause();
    const first = { expectedRevision: NO_STREAM, deadline: 100 } as const;
    const call = another.appendToStream(freshStream(), factEvent(), first);
    expect(await afterMs(3_000, call)).toBe('pending');
    engine().resume();
    expect(await afterMs(SETTLE_MS, call)).not.toBe('pending');
    await another.dispose();
  });

  it('C3: credentials in the call choose the other path, on which a deadline works', async () => {
    await untilTaken();
    engine().pause();
    const credentials = { username: 'admin', password: 'changeit' };
    const call = client.appendToStream(freshStream(), factEvent(), {
      credentials,
      deadline: 300,
      expectedRevision: NO_STREAM,
    });
    expect(await failureOf(call)).toMatchObject({ type: ErrorType.DEADLINE_EXCEEDED, code: 4 });
  });

  it('C9: a subscription that loses its server says so once and does not come back', async () => {
    await untilTaken();
    const stream = freshStream();
    const seen: string[] = [];
    const errors: unknown[] = [];
    const subscription = client.subscribeToStream(stream);
    subscription.on('data', ({ event }) => seen.push(event?.id ?? ''));
    subscription.on('error', (error) => errors.push(error));
    const [before, after] = [factEvent(), factEvent()];
    await append(stream, before);
    await until(
      async () => seen.length > 0,
      SETTLE_MS,
      () => 'the event does not come',
    );
    await engine().kill();
    await until(
      async () => errors.length > 0,
      SETTLE_MS,
      () => 'the loss is not told',
    );
    await engine().restart();
    await untilTaken();
    await client.appendToStream(stream, after, { expectedRevision: 0n });
    await new Promise((wake) => setTimeout(wake, 500));
    expect([seen, errors.length]).toEqual([[before.id], 1]);
  });
});
