import { randomUUID } from 'node:crypto';
import { applyProtection, checkProtection, openEventStoreDb } from '@writ/event-store-eventstoredb';
import type { NewEvent } from '@writ/event-store';
import { describeNodes } from './harness/find-server.js';
import { startNode, type ServerNode } from './harness/server.js';

const PASSWORD = 'correct-horse-1';

function event(): NewEvent {
  const [data, metadata] = [Buffer.from('{}'), Buffer.from('{}')];
  return { eventId: randomUUID(), type: 'DecisionAdmitted', typeVersion: 1, data, metadata };
}

async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  return call.then(
    () => undefined,
    (error: { readonly code?: string }) => error.code,
  );
}

describeNodes('protection of streams on a server', () => {
  let node: ServerNode;
  let url: string;
  beforeAll(async () => {
    node = await startNode({ tls: true });
    await node.addUser('writ', PASSWORD);
    url = node.urlFor('writ', PASSWORD);
  }, 120_000);
  afterAll(() => node.stop());

  it('is not there as the server comes, nor for an administrator', async () => {
    const asItComes = await checkProtection(url);
    expect(asItComes).toMatchObject({ kind: 'unprotected', reasons: { length: 3 } });
    expect(await checkProtection(node.adminUrl)).toEqual(asItComes);
  }, 60_000);

  it('is applied by an administrator alone, as often as one likes', async () => {
    expect(await codeOf(applyProtection(url, { user: 'writ' }))).toBe('STORE_ACCESS_DENIED');
    await applyProtection(node.adminUrl, { user: 'writ' });
    await applyProtection(node.adminUrl, { user: 'writ' });
    expect(await checkProtection(url)).toEqual({ kind: 'protected' });
    expect(await checkProtection(node.adminUrl)).toMatchObject({ kind: 'unprotected' });
  }, 60_000);

  it('leaves our user what a ledger needs', async () => {
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
  }, 60_000);

  it('lets nobody else in', async () => {
    await node.addUser('other', PASSWORD);
    expect(await codeOf(openEventStoreDb({ connection: node.urlFor('other', PASSWORD) }))).toBe('STORE_ACCESS_DENIED');
    expect(await codeOf(openEventStoreDb({ connection: node.urlFor('writ', 'wrong') }))).toBe('STORE_ACCESS_DENIED');
  }, 60_000);

  it('cannot be had without TLS', async () => {
    const plain = 'esdb://127.0.0.1:1?tls=false';
    expect(await checkProtection(plain)).toMatchObject({ kind: 'unprotected', reasons: { length: 1 } });
    expect(await codeOf(applyProtection(plain, { user: 'writ' }))).toBe('STORE_UNPROTECTED');
  });
});
