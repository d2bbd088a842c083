import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyProtection, checkProtection, openEventStoreDb } from '@writ/event-store-eventstoredb';
import type { NewEvent } from '@writ/event-store';
import { writ } from '../e2e/cli/writ.js';
import { environmentOf } from '../fault/lineage/ledger.js';
import { describeNodes } from './harness/find-server.js';
import { startNode, type ServerNode } from './harness/server.js';

jest.setTimeout(240_000);

const PASSWORD = 'correct-horse-1';

function event(): NewEvent {
  const [data, metadata] = [Buffer.from('{}'), Buffer.from('{}')];
  return { eventId: randomUUID(), type: 'DecisionAdmitted', typeVersion: 1, data, metadata };
}

async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  return call.then(
    () => undefined,
    (error: unknown) => (error as { readonly code?: string }).code,
  );
}

describeNodes('protection of streams on a server', () => {
  let node: ServerNode;
  let url: string;
  beforeAll(async () => {
    node = await startNode({ tls: true });
    await node.addUser('writ', PASSWORD);
    url = node.urlFor('writ', PASSWORD);
  });
  afterAll(() => node.stop());

  it('is not there as the server comes, nor for an administrator', async () => {
    const asItComes = await checkProtection(url);
    expect(asItComes).toMatchObject({ kind: 'unprotected', reasons: { length: 3 } });
    expect(await checkProtection(node.adminUrl)).toEqual(asItComes);
  });

  it('is applied by an administrator alone, as often as one likes', async () => {
    expect(await codeOf(applyProtection(url, { user: 'writ' }))).toBe('STORE_ACCESS_DENIED');
    await applyProtection(node.adminUrl, { user: 'writ' });
    await applyProtection(node.adminUrl, { user: 'writ' });
    expect(await checkProtection(url)).toEqual({ kind: 'protected' });
    expect(await checkProtection(node.adminUrl)).toMatchObject({ kind: 'unprotected' });
  });

  it('is wanted by a ledger, and made by `writ store protect`, without a password on any screen', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'writ-protected-'));
    const password = 'hush-hush-2';
    const env = environmentOf(folder, { WRIT_STORE_URL: node.urlFor('ledger', password) });
    const unprotected = { ...env, WRIT_STORE_URL: node.adminUrl };
    try {
      const refused = await writ(['init', '--no-token', '--json'], { env: unprotected });
      expect(refused.json().error).toMatchObject({ code: 'STORE_UNPROTECTED', kind: 'Rejected' });
      expect(readdirSync(folder)).not.toContain('attestation-key.json');
      const stranger = await writ(['init', '--no-token', '--json'], { env });
      expect(stranger.json().error).toMatchObject({ code: 'STORE_ACCESS_DENIED' });

      const made = await writ(['store', 'protect', '--admin', node.adminUrl, '--json'], { env });
      expect([made.exitCode, made.json()]).toMatchObject([0, { user: 'ledger', added: true, protected: true }]);
      const again = await writ(['store', 'protect', '--admin', node.adminUrl], { env });
      expect(again.exitCode).toBe(0);
      const begun = await writ(['init', '--no-token', '--json'], { env });
      expect([begun.exitCode, begun.stderr]).toEqual([0, '']);
      const shown = await writ(['config', '--json'], { env });
      const checked = await writ(['fsck', '--json'], { env });
      expect(checked.json()).toMatchObject({ verdict: 'sound' });
      expect(checked.json()).not.toHaveProperty('unprotected');

      const otherOrigin = { ...environmentOf(join(folder, 'other'), env), WRIT_ORIGIN: 'fault.test/other' };
      const other = await writ(['init', '--no-token', '--json'], { env: otherOrigin });
      expect(other.json().error).toMatchObject({ code: 'STORE_NOT_OURS' });

      const all = [refused, stranger, made, again, begun, shown, checked, other];
      const screens = all.map(({ stdout, stderr }) => stdout + stderr).join('\n');
      expect(screens).not.toContain(password);
      expect(screens).not.toContain(decodeURIComponent(new URL(node.adminUrl).password));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('leaves our user what a ledger needs', async () => {
    await applyProtection(node.adminUrl, { user: 'writ' });
    const store = await openEventStoreDb({ connection: url });
    try {
      const stream = `execution-acme.${randomUUID()}`;
      const { lastRevision, position } = await store.append(stream, 'no_stream', [event(), event()]);
      expect(lastRevision).toBe(1n);
      expect((await store.readStream(stream)).map(({ revision }) => revision)).toEqual([0n, 1n]);
      expect((await store.readAll({ maxCount: 4_096 })).at(-1)?.position).toBe(position);
    } finally {
      await store.close();
    }
  });

  it('lets nobody else in', async () => {
    await node.addUser('other', PASSWORD);
    expect(await codeOf(openEventStoreDb({ connection: node.urlFor('other', PASSWORD) }))).toBe('STORE_ACCESS_DENIED');
    expect(await codeOf(openEventStoreDb({ connection: node.urlFor('writ', 'wrong') }))).toBe('STORE_ACCESS_DENIED');
  });

  it('cannot be had without TLS', async () => {
    const plain = 'esdb://127.0.0.1:1?tls=false';
    expect(await checkProtection(plain)).toMatchObject({ kind: 'unprotected', reasons: { length: 1 } });
    expect(await codeOf(applyProtection(plain, { user: 'writ' }))).toBe('STORE_UNPROTECTED');
  });
});
