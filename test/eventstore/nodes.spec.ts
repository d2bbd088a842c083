import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyStore } from '@writ/instance';
import { writ } from '../e2e/cli/writ.js';
import { startTestServer, type TestServer } from '../e2e/harness/server.js';
import { msUntil } from '../fault/harness/probed-server.js';
import { beginLedger, environmentOf, openLedger, type Ledger } from '../fault/lineage/ledger.js';
import { describeNodes } from './harness/find-server.js';
import { startNode, type ServerNode } from './harness/server.js';

const WITHIN_MS = 60_000;

jest.setTimeout(240_000);

describeNodes('several nodes of one ledger', () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-nodes-'));
  let node: ServerNode;
  let first: TestServer | undefined;
  const open: Ledger[] = [];

  beforeAll(async () => {
    node = await startNode();
    const ledger = await beginLedger(folder, store());
    await ledger.instance.close();
  });
  afterAll(async () => {
    for (const { instance } of open) await instance.close();
    await first?.stop('SIGKILL');
    await node.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const store = () => ({ WRIT_STORE_URL: node.url, WRIT_STORE_ACCEPT_UNPROTECTED: 'yes' });

  /** Another node: keys and mark are the ledger's, state and tiles its own. */
  async function joined(name: string, over: Readonly<Record<string, string>> = {}): Promise<Ledger> {
    const own = { WRIT_STATE_DIR: join(folder, name, 'state'), WRIT_LINEAGE_DIR: join(folder, name, 'lineage') };
    const ledger = await openLedger(folder, { ...store(), ...own, ...over });
    open.push(ledger);
    return ledger;
  }

  async function anchored({ instance }: Ledger, atLeast: bigint): Promise<boolean> {
    const { checkpointSizeLeaves } = await instance.lineageStatus();
    return checkpointSizeLeaves >= atLeast;
  }

  async function faultOf({ instance }: Ledger): Promise<string | undefined> {
    let code: string | undefined;
    await msUntil(async () => (code = (await instance.lineageStatus()).fault?.code) !== undefined, WITHIN_MS);
    return code;
  }

  it('has one publisher; when that is killed, a standby takes the mark over', async () => {
    first = await startTestServer({ folder, env: environmentOf(folder, store()) });
    const second = await joined('second');
    await second.execute(20);
    // The key, the policy, and two events for each execution: the first node signs what the second appended.
    await msUntil(() => anchored(second, 43n), WITHIN_MS);
    expect((await second.instance.lineageStatus()).role).toBe('standby');

    await first.stop('SIGKILL');
    await second.execute(20);
    await msUntil(() => anchored(second, 83n), WITHIN_MS);
    expect(await second.instance.lineageStatus()).toMatchObject({ role: 'publisher', sizeLeaves: 83n });
    expect(await faultAtOnce(second)).toBeUndefined();
  });

  it('refuses a second holder of the checkpoint key: with a copied mark, and with an empty folder', async () => {
    const [publisher] = open as [Ledger];
    cpSync(join(folder, 'mark'), join(folder, 'copied'), { recursive: true });
    await publisher.execute(5);
    await msUntil(() => anchored(publisher, 93n), WITHIN_MS);

    const copied = await joined('third', { WRIT_MARK_DIR: join(folder, 'copied') });
    expect(await faultOf(copied)).toBe('CHECKPOINT_KEY_SHARED');
    const fresh = await joined('fourth', { WRIT_MARK_DIR: join(folder, 'fresh') });
    expect(await faultOf(fresh)).toBe('MARK_MISSING');
    const { checks } = await copied.instance.readiness();
    expect(checks).toContainEqual(expect.objectContaining({ name: 'lineage', code: 'CHECKPOINT_KEY_SHARED' }));

    await publisher.execute(5);
    await msUntil(() => anchored(publisher, 103n), WITHIN_MS);
    expect(await faultAtOnce(publisher)).toBeUndefined();
  });

  it('leaves a ledger that is sound', async () => {
    for (const { instance } of open.splice(0)) await instance.close();
    const { stdout } = await writ(['fsck', '--json'], { env: environmentOf(folder, store()) });
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'sound', complete: true, sizeLeaves: '103' });
  });

  async function faultAtOnce({ instance }: Ledger): Promise<string | undefined> {
    return (await instance.lineageStatus()).fault?.code;
  }
});

describeNodes('two ledgers that begin in one store at once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-two-'));
  let node: ServerNode;
  beforeAll(async () => {
    node = await startNode();
  });
  afterAll(async () => {
    await node.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('find a store that is empty, and is called missing until somebody begins', async () => {
    const location = { kind: 'eventstoredb', connection: node.url } as const;
    const trust = { origin: 'fault.test/one', keys: [] };
    await expect(verifyStore(location, trust)).rejects.toMatchObject({ code: 'STORE_MISSING' });
  });

  it('are told apart: one goes on, the other has to leave', async () => {
    const store = { WRIT_STORE_URL: node.url, WRIT_STORE_ACCEPT_UNPROTECTED: 'yes' };
    const begun = await Promise.allSettled(
      ['one', 'two'].map((name) => openLedger(join(folder, name), { ...store, WRIT_ORIGIN: `fault.test/${name}` })),
    );
    const opened = begun.filter((result) => result.status === 'fulfilled');
    const refused = begun.filter((result) => result.status === 'rejected');
    for (const { value } of opened) await value.instance.close();
    expect(opened).toHaveLength(1);
    expect(refused.map(({ reason }) => (reason as { code?: string }).code)).toEqual(['STORE_NOT_OURS']);
  });
});
