import { tell } from '../fault/harness/seed.js';
import { startCluster, untilLive, type Cluster } from './harness/cluster.js';
import { describeNodes } from './harness/find-server.js';
import { LedgerUnderLoad } from './harness/ledger-under-load.js';
import { leaderOf } from './harness/leader.js';

/** `WRIT_LEADER_KILLS=20` before a release. */
const KILLS = Number(process.env['WRIT_LEADER_KILLS'] ?? 2);

jest.setTimeout(240_000 + KILLS * 60_000);

describeNodes('a cluster of three under a loaded ledger', () => {
  let cluster: Cluster;
  let ledger: LedgerUnderLoad | undefined;

  beforeAll(async () => {
    cluster = await startCluster(3, { storage: 'disk' });
  });

  afterAll(async () => {
    await ledger?.end();
    await cluster.stop();
  });

  it(`loses nothing when its leader is killed, ${KILLS} times`, async () => {
    await leaderOf(cluster);
    ledger = await LedgerUnderLoad.begin({ WRIT_STORE_URL: cluster.url, WRIT_STORE_ACCEPT_UNPROTECTED: 'yes' });
    for (let kill = 0; kill < KILLS; kill += 1) {
      const leader = await leaderOf(cluster);
      const begun = performance.now();
      await leader.kill();
      const ackedMs = await ledger.untilAcked();
      const next = await leaderOf(cluster);
      expect(next.port).not.toBe(leader.port);
      tell('eventstore leader killed', {
        ackedAfterMs: Math.round(performance.now() - begun),
        waitedMs: Math.round(ackedMs),
      });
      await leader.launch();
      await untilLive([leader]);
      await ledger.untilAcked();
    }
    tell('eventstore leader killed', await ledger.expectNothingLost(cluster.url));
  });
});
