import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ErrorType, EventStoreDBClient, NO_STREAM } from '@eventstore/db-client';
import { startDouble, type Double } from '../double/start-double.js';
import { factEvent, failureOf, freshStream, onBothEngines } from './engines.js';

jest.setTimeout(60_000);

interface Told {
  readonly taken: number;
  readonly failed: number;
  readonly unhandled: readonly string[];
}

async function inThread(url: string, task: { dispose: boolean; appends: number }): Promise<Told> {
  const thread = new Worker(join(__dirname, 'two-clients.mjs'), { workerData: { url, ...task } });
  const [told] = (await once(thread, 'message')) as [Told];
  return told;
}

onBothEngines('clients', (engine, client) => {
  it('C1: disposing of one client breaks what another of the same module has on its way, and none in another thread', async () => {
    const { url } = engine();
    const [broken, whole] = await Promise.all([
      inThread(url, { dispose: true, appends: 400 }),
      inThread(url, { dispose: false, appends: 400 }),
    ]);
    expect(broken.failed).toBeGreaterThan(0);
    expect(broken.unhandled).toContain('TypeError');
    expect(whole).toEqual({ taken: 400, failed: 0, unhandled: [] });
  });

  it('C6: a client that is told not to throw gives a wrong revision for a conflict', async () => {
    const own = EventStoreDBClient.connectionString(`${engine().url}&throwOnAppendFailure=false`);
    const stream = freshStream();
    try {
      await client().appendToStream(stream, [factEvent(), factEvent(), factEvent()], { expectedRevision: NO_STREAM });
      const answer = await own.appendToStream(stream, factEvent(), { expectedRevision: NO_STREAM });
      expect(answer).toMatchObject({ success: false, nextExpectedRevision: 1n });
    } finally {
      await own.dispose();
    }
  });
});

describe('clients and faults that no server gives on demand (double)', () => {
  let double: Double;
  let client: EventStoreDBClient;
  const append = (stream: string): Promise<unknown> =>
    client.appendToStream(stream, factEvent(), { expectedRevision: NO_STREAM });

  beforeEach(async () => {
    double = await startDouble();
    client = EventStoreDBClient.connectionString(double.url);
  });

  afterEach(async () => {
    await client.dispose();
    await double.stop();
  });

  it('C4: a client that could not ask what the server can fails for ever; a new one does not', async () => {
    double.faults.nextFeatures('internal');
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const failure = await failureOf(append(freshStream()));
      expect([failure['type'], failure['code']]).toEqual([undefined, 2]);
    }
    const another = EventStoreDBClient.connectionString(double.url);
    await another.appendToStream(freshStream(), factEvent(), { expectedRevision: NO_STREAM });
    await another.dispose();
  });

  it.each([
    ['unavailable', ErrorType.UNAVAILABLE],
    ['not_leader', ErrorType.NOT_LEADER],
    ['server_timeout', ErrorType.DEADLINE_EXCEEDED],
  ] as const)('C8: the client sends nothing again by itself: %s', async (fault, type) => {
    await append(freshStream());
    double.faults.nextAppend(fault);
    const stream = freshStream();
    expect(await failureOf(append(stream))).toMatchObject({ type });
    expect(double.eventsOf(stream)).toEqual([]);
  });
});
