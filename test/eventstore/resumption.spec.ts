import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WritClient } from '@writ/client';
import type { LedgerReport } from '@writ/instance';
import { writ } from '../e2e/cli/writ.js';
import { startTestServer, type TestServer } from '../e2e/harness/server.js';
import { msUntil } from '../fault/harness/probed-server.js';
import { tell } from '../fault/harness/seed.js';
import { publishTransferPolicies, TENANT, transfer } from '../fault/harness/transfers.mjs';
import { environmentOf, openLedger } from '../fault/lineage/ledger.js';
import { describeNodes } from './harness/find-server.js';
import { startNode, type ServerNode } from './harness/server.js';

/** `WRIT_RESUMED_EXECUTIONS=100000` before a release. */
const EXECUTIONS = Number(process.env['WRIT_RESUMED_EXECUTIONS'] ?? 5_000);
const CALLERS = 64;
const SETTLED_WITHIN_MS = 60_000 + EXECUTIONS * 10;

jest.setTimeout(300_000 + EXECUTIONS * 40);

describeNodes('a ledger that was killed while it gave events their index', () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-resumed-'));
  let node: ServerNode;
  let server: TestServer | undefined;

  beforeAll(async () => {
    node = await startNode({ storage: 'disk' });
  });

  afterAll(async () => {
    await server?.stop('SIGKILL');
    await node.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const settings = (over: Readonly<Record<string, string>> = {}) =>
    environmentOf(folder, { WRIT_STORE_URL: node.url, WRIT_STORE_ACCEPT_UNPROTECTED: 'yes', ...over });

  async function begin(): Promise<WritClient> {
    server = await startTestServer({ folder, env: settings() });
    return WritClient.connect({ address: `127.0.0.1:${server.grpcPort}`, tenant: TENANT });
  }

  /** Killed right behind the last answer: the sequencer is wherever it is. */
  async function execute(client: WritClient, from: number, to: number): Promise<void> {
    let next = from;
    const caller = async (): Promise<void> => {
      while (next < to) await client.evaluate(transfer(`resumed-${next++}`));
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
    client.close();
    await server?.stop('SIGKILL');
  }

  /** Opens the ledger with these folders, waits until nothing waits for an index any more, and has its tree checked. */
  async function treeOf(over: Readonly<Record<string, string>> = {}) {
    const begun = performance.now();
    const { instance } = await openLedger(folder, settings(over));
    try {
      await msUntil(async () => {
        const { fault, behind, sizeLeaves } = await instance.lineageStatus();
        // A machine that is too busy may meet an outage, which passes; nothing else may be wrong.
        expect([undefined, 'STORE_UNAVAILABLE']).toContain(fault?.code);
        return fault === undefined && behind === 0 && sizeLeaves >= BigInt(2 * EXECUTIONS);
      }, SETTLED_WITHIN_MS);
    } finally {
      await instance.close();
    }
    const ms = performance.now() - begun;
    const { exitCode, stdout } = await writ(['fsck', '--json'], { env: settings(over) });
    const { verdict, sizeLeaves, root, compared } = JSON.parse(stdout) as LedgerReport;
    expect([exitCode, verdict]).toStrictEqual([0, 'sound']);
    // Held against the store: every tile and entry of this folder.
    expect(compared.entryBundles).toBeGreaterThan((2 * EXECUTIONS) / 256);
    return { sizeLeaves, root, ms: Math.round(ms) };
  }

  it(`has the root of a rebuild from nothing, after ${EXECUTIONS} executions and restarts of both`, async () => {
    const client = await begin();
    await publishTransferPolicies(client);
    await execute(client, 0, Math.floor(EXECUTIONS * 0.6));
    await node.kill();
    await node.restart();
    await execute(await begin(), Math.floor(EXECUTIONS * 0.6), EXECUTIONS);
    const resumed = await treeOf();
    const nothing = { WRIT_STATE_DIR: join(folder, 'state-2'), WRIT_LINEAGE_DIR: join(folder, 'lineage-2') };
    const rebuilt = await treeOf(nothing);
    expect([rebuilt.sizeLeaves, rebuilt.root]).toStrictEqual([resumed.sizeLeaves, resumed.root]);
    tell('eventstore resumed', {
      executions: EXECUTIONS,
      leaves: Number(resumed.sizeLeaves),
      resumedMs: resumed.ms,
      rebuiltMs: rebuilt.ms,
    });
  });
});
