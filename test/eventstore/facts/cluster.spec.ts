import { ErrorType, EventStoreDBClient, NO_STREAM } from '@eventstore/db-client';
import { startDouble } from '../double/start-double.js';
import { until } from '../harness/admin.js';
import { startCluster, type Cluster } from '../harness/cluster.js';
import { describeNodes } from '../harness/find-server.js';
import { leaderOf } from '../harness/leader.js';
import { afterMs, factEvent, failureOf, freshStream, placeOf, revisionsIn } from './engines.js';

jest.setTimeout(180_000);

const APPEND_TIMEOUT_MS = 5_000;

interface LeaderAndFollower {
  readonly leaderPort: number;
  readonly followerUrl: string;
  stop(): Promise<void>;
}

function followersForward(start: () => Promise<LeaderAndFollower>): void {
  let engine: LeaderAndFollower;
  let client: EventStoreDBClient;

  beforeAll(async () => {
    engine = await start();
  }, 120_000);

  afterAll(async () => {
    await engine?.stop();
  }, 60_000);

  // None lives longer than its test: what befalls one client of a module befalls all (C1).
  beforeEach(() => {
    client = EventStoreDBClient.connectionString(engine.followerUrl);
  });

  afterEach(async () => {
    await client.dispose();
  });

  const leaderIsNamed = async (call: Promise<unknown>): Promise<void> => {
    const leader = { address: '127.0.0.1', port: engine.leaderPort };
    expect(await failureOf(call)).toMatchObject({ type: ErrorType.NOT_LEADER, leader });
  };

  it('K12: a follower hands an append on; a read that requires the leader is refused and names him', async () => {
    const stream = freshStream();
    await client.appendToStream(stream, factEvent(), { expectedRevision: NO_STREAM });
    const read = async (): Promise<void> => {
      for await (const _event of client.readStream(stream, { requiresLeader: true })) continue;
    };
    await leaderIsNamed(read());
  });

  it('K12: whether appends require the leader is told by the first one of a client, for all', async () => {
    const strict = { expectedRevision: NO_STREAM, requiresLeader: true } as const;
    await client.appendToStream(freshStream(), factEvent(), { expectedRevision: NO_STREAM });
    await client.appendToStream(freshStream(), factEvent(), strict);
    await client.dispose();
    client = EventStoreDBClient.connectionString(engine.followerUrl);
    await leaderIsNamed(client.appendToStream(freshStream(), factEvent(), strict));
  });
}

describe('a leader and a follower (double)', () =>
  followersForward(async () => {
    const leader = await startDouble();
    const follower = await startDouble({ leader });
    return {
      leaderPort: leader.port,
      followerUrl: follower.url,
      async stop() {
        await follower.stop();
        await leader.stop();
      },
    };
  }));

describeNodes('a cluster of three (real server)', () => {
  let cluster: Cluster;

  followersForward(async () => {
    cluster = await startCluster(3, { storage: 'disk' });
    const leader = await leaderOf(cluster);
    const follower = cluster.nodes.find((node) => node !== leader);
    return { leaderPort: leader.port, followerUrl: follower?.url ?? '', stop: () => cluster.stop() };
  });

  it('K12: when the leader is killed nothing acknowledged is lost, and a repetition lands once', async () => {
    const attempts = Array.from({ length: 200 }, () => ({ stream: freshStream(), event: factEvent() }));
    const places = new Map<string, [bigint, bigint | undefined]>();
    const client = EventStoreDBClient.connectionString(cluster.url);
    const append = async ({ stream, event }: (typeof attempts)[number]): Promise<boolean> => {
      const call = client.appendToStream(stream, event, { expectedRevision: NO_STREAM }).then((answer) => {
        expect(placeOf(answer)).toEqual(places.get(stream) ?? placeOf(answer));
        places.set(stream, placeOf(answer));
      });
      return (await afterMs(APPEND_TIMEOUT_MS, call)) === 'fulfilled';
    };
    const leader = await leaderOf(cluster);
    const load = Promise.all(
      Array.from({ length: 8 }, async (_, at) => {
        for (let i = at; i < attempts.length; i += 8) await append(attempts[i] as (typeof attempts)[number]);
      }),
    );
    await until(
      async () => places.size > 30,
      30_000,
      () => 'nothing is acknowledged',
    );
    await leader.kill();
    await load;
    await leaderOf(cluster);
    // Each attempt comes again: what was acknowledged keeps its place, the rest lands now or is found landed.
    for (const attempt of attempts) {
      await until(
        () => append(attempt),
        60_000,
        () => 'the cluster does not recover',
      );
    }
    for (const { stream } of attempts.slice(0, 50)) expect(await revisionsIn(client, stream)).toEqual([0n]);
    await client.dispose();
  });
});
