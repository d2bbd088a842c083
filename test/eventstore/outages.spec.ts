import type { ProbedServer } from '../fault/harness/probed-server.js';
import { tell } from '../fault/harness/seed.js';
import { describeNodes } from './harness/find-server.js';
import { LedgerUnderLoad } from './harness/ledger-under-load.js';
import { Cable } from './harness/partition.js';
import { startNode, type ServerNode } from './harness/server.js';

/** `WRIT_OUTAGE_MS=60000` before a release. */
const OUTAGE_MS = Number(process.env['WRIT_OUTAGE_MS'] ?? 8_000);
const RECOVERED_WITHIN_MS = 5_000;
const NOTICED_WITHIN_MS = 30_000;
/** Store, ledger and callers share one machine here, perhaps with other suites. */
const SLACK = 3;

jest.setTimeout(240_000 + 6 * OUTAGE_MS);

describeNodes('a store that fails under a loaded ledger', () => {
  let node: ServerNode;
  let cable: Cable;
  let ledger: LedgerUnderLoad | undefined;

  beforeEach(async () => {
    node = await startNode({ storage: 'disk' });
    cable = await Cable.to(node.port);
    ledger = await LedgerUnderLoad.begin({
      WRIT_STORE_URL: node.url.replace(`:${node.port}`, `:${cable.port}`),
      WRIT_STORE_ACCEPT_UNPROTECTED: 'yes',
    });
  });

  afterEach(async () => {
    await ledger?.end();
    await cable.close();
    await node.stop();
  });

  /** An outage: refused at once as soon as it is noticed, over as soon as it is over, and nothing lost. */
  async function bear(name: string, begin: () => Promise<void>, end: () => Promise<void>): Promise<void> {
    const { probed } = ledger as LedgerUnderLoad;
    const over = performance.now() + OUTAGE_MS;
    await begin();
    const noticedMs = await msUntilRefused(probed);
    await probed.expectOutage(name, ['STORE_UNAVAILABLE'], SLACK);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, over - performance.now())));
    await end();
    const recoveredMs = await probed.expectRecovery(RECOVERED_WITHIN_MS * SLACK);
    const ackedMs = await (ledger as LedgerUnderLoad).untilAcked();
    const figures = { noticedMs, recoveredMs, ackedAfterMs: recoveredMs + ackedMs };
    tell(`eventstore ${name}`, Object.fromEntries(Object.entries(figures).map(([key, ms]) => [key, Math.round(ms)])));
  }

  it('killed with kill -9, twice, and started again', async () => {
    for (let round = 0; round < 2; round += 1) {
      await bear(
        'killed',
        () => node.kill(),
        () => node.restart(),
      );
    }
    tell('eventstore killed', await (ledger as LedgerUnderLoad).expectNothingLost(node.url));
  });

  it('paused', async () => {
    await bear(
      'paused',
      async () => node.pause(),
      async () => node.resume(),
    );
    tell('eventstore paused', await (ledger as LedgerUnderLoad).expectNothingLost(node.url));
  });

  it('cut off by the network', async () => {
    await bear(
      'cut off',
      async () => cable.pull(),
      async () => cable.mend(),
    );
    tell('eventstore cut off', await (ledger as LedgerUnderLoad).expectNothingLost(node.url));
  });
});

/** Asks every 100 ms, and waits for no answer: the calls that met the beginning wait for theirs as long as they may. */
async function msUntilRefused(probed: ProbedServer): Promise<number> {
  const begun = performance.now();
  const asked: Promise<unknown>[] = [];
  let refusedMs: number | undefined;
  while (refusedMs === undefined) {
    expect(performance.now() - begun).toBeLessThan(NOTICED_WITHIN_MS);
    const probe = probed.probe().then(({ answer }) => {
      if (answer === 'UNAVAILABLE/STORE_UNAVAILABLE') refusedMs ??= performance.now() - begun;
    });
    asked.push(probe);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await Promise.all(asked);
  return refusedMs;
}
