import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EventStoreDBClient } from '@eventstore/db-client';
import type { LedgerReport } from '@writ/instance';
import { writ } from '../e2e/cli/writ.js';
import { TENANT } from '../fault/harness/transfers.mjs';
import { admit, beginLedger, environmentOf } from '../fault/lineage/ledger.js';
import { describeNodes } from './harness/find-server.js';
import { startNode, type ServerNode } from './harness/server.js';

jest.setTimeout(240_000);

type Administrator = (client: EventStoreDBClient, stream: string) => Promise<unknown>;

/** What an administrator of the server can do to a stream, and what its first two events have to be called then. */
const WAYS: Readonly<Record<string, Administrator>> = {
  'soft-delete': (client, stream) => client.deleteStream(stream),
  tombstone: (client, stream) => client.tombstoneStream(stream),
  maxAge: (client, stream) => client.setStreamMetadata(stream, { maxAge: 1 }),
  maxCount: (client, stream) => client.setStreamMetadata(stream, { maxCount: 1 }),
  truncateBefore: (client, stream) => client.setStreamMetadata(stream, { truncateBefore: 1 }),
};
const streamOf = (way: string): string => `execution-${TENANT}.hidden-by-${way}`;

describeNodes('events that an administrator of the server hid', () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-hidden-'));
  let node: ServerNode;
  let env: Readonly<Record<string, string>>;

  beforeAll(async () => {
    node = await startNode({ storage: 'disk' });
    const store = { WRIT_STORE_URL: node.url, WRIT_STORE_ACCEPT_UNPROTECTED: 'yes' };
    env = environmentOf(folder, store);
    const ledger = await beginLedger(folder, store);
    for (const way of Object.keys(WAYS)) await admit(ledger, `hidden-by-${way}`);
    await ledger.execute(20);
    // Closing gives every event its index, and signs.
    await ledger.instance.close();
  });
  afterAll(async () => {
    await node.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function check(): Promise<LedgerReport> {
    const { stdout } = await writ(['fsck', '--json'], { env });
    return JSON.parse(stdout) as LedgerReport;
  }

  /** Kind and code of what was found, by stream; anything about another stream stands there too. */
  function foundIn({ findings }: LedgerReport): Record<string, string[]> {
    const found: Record<string, string[]> = {};
    for (const { stream = '', kind, code, revision = '' } of findings) {
      (found[stream] ??= []).push(`${kind} ${code} ${revision}`);
    }
    return found;
  }

  it('are none to begin with', async () => {
    const report = await check();
    expect(report).toMatchObject({ verdict: 'sound', notYetSequenced: 0, findings: [] });
    expect(report.unprotected).toHaveLength(1);
  });

  it('are named with their streams: by soft delete, tombstone, $maxAge, $maxCount and $tb', async () => {
    const client = EventStoreDBClient.connectionString(node.adminUrl);
    try {
      for (const [way, hide] of Object.entries(WAYS)) await hide(client, streamOf(way));
    } finally {
      await client.dispose();
    }
    await pause(2_500); // for what is older than a second
    const report = await check();
    expect(report).toMatchObject({ verdict: 'faults', complete: true });
    expect(foundIn(report)).toEqual({
      [streamOf('soft-delete')]: ['hidden EVENT_HIDDEN 0'],
      [streamOf('tombstone')]: ['hidden STREAM_DELETED 0'],
      [streamOf('maxAge')]: ['hidden EVENT_HIDDEN 0'],
      [streamOf('maxCount')]: ['hidden EVENT_HIDDEN 0'],
      [streamOf('truncateBefore')]: ['hidden EVENT_HIDDEN 0'],
    });
  });

  it('are named as missing once a scavenge has removed them', async () => {
    await node.scavenge();
    const report = await check();
    expect(report).toMatchObject({ verdict: 'faults', complete: true });
    const found = foundIn(report);
    expect(Object.keys(found).sort()).toEqual(Object.keys(WAYS).map(streamOf).sort());
    for (const way of Object.keys(WAYS)) {
      expect([way, found[streamOf(way)]]).toEqual([way, expect.arrayContaining(['missing LINEAGE_INVALID 0'])]);
    }
  });
});
