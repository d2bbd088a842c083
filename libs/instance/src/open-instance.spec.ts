import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseExecutionId, parsePolicyId, parseTenant } from '@writ/encoding';
import type { CallContext } from '@writ/operations';
import type { Instance, OpenInstanceOptions } from './instance.js';
import { openInstance } from './open-instance.js';
import { parseSettings } from './parse-settings.js';

// Threads start and files are synced here; on a busy machine that takes its time.
jest.setTimeout(60_000);

const TENANT = parseTenant('acme');
const POLICY = readFileSync(join(__dirname, '../../../docs/policies/loan-approval.yaml'), 'utf8');
let folder: string;
const open: Instance[] = [];
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'writ-instance-'))));
afterEach(async () => {
  for (const instance of open.splice(0)) await instance.close();
  rmSync(folder, { recursive: true });
});

const settings = (change: Record<string, string> = {}) =>
  parseSettings({
    WRIT_STORE_URL: `sqlite:${folder}/data/ledger.db`,
    WRIT_KEY_FILE: `${folder}/data/key.json`,
    WRIT_STATE_DIR: `${folder}/state`,
    WRIT_LINEAGE_DIR: `${folder}/lineage`,
    WRIT_MARK_DIR: `${folder}/mark`,
    WRIT_CHECKPOINT_KEY_FILE: `${folder}/data/checkpoint-key.json`,
    WRIT_MIN_FREE_BYTES: '0',
    WRIT_SWEEP_INTERVAL_MS: '50',
    WRIT_MAX_SKEW_MS: '0',
    ...change,
  });

async function start(options: OpenInstanceOptions = {}, change: Record<string, string> = {}): Promise<Instance> {
  const instance = await openInstance(settings(change), options);
  open.push(instance);
  return instance;
}

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => (error as { code: string }).code,
  );
}

async function putInForce({ operations }: Instance, context: CallContext, text = POLICY): Promise<void> {
  const { policy } = await operations.publishPolicy(context, { tenant: TENANT, text, format: 'yaml' });
  const change = { tenant: TENANT, policyId: policy.policyId, version: policy.version, reason: '' };
  await operations.activatePolicy(context, change);
}

const loan = (id: string, ttlMs?: number) => ({
  tenant: TENANT,
  executionId: parseExecutionId(id),
  holder: new Uint8Array(16).fill(1),
  ...(ttlMs === undefined ? {} : { ttlMs }),
  intent: {
    action: 'loan.disburse',
    subject: 'customer-17',
    policyId: parsePolicyId('loan-approval'),
    parameters: { applicationId: id, amount: 15_000 },
    signals: {
      credit_score: { value: 720 },
      loan_amount: { value: 15_000 },
      bureau: { value: 'experian', observedAtMs: Date.now() - 1_000 },
    },
  },
});

describe('openInstance', () => {
  it('makes key, store and folder when asked, private to their owner', async () => {
    const instance = await start({ create: true });
    const { ready, checks } = await instance.readiness();
    expect(ready).toBe(true);
    expect(checks.map(({ name }) => name)).toEqual(['store', 'clock', 'index', 'lineage', 'key', 'shutdown']);
    for (const file of ['data/ledger.db', 'data/key.json']) expect(statSync(join(folder, file)).mode & 0o077).toBe(0);
  });

  it('makes nothing when not asked', async () => {
    expect(await codeOf(start())).toBe('KEY_FILE_INVALID');
    expect(existsSync(join(folder, 'data'))).toBe(false);
    await (await start({ create: true })).close();
    rmSync(join(folder, 'data/ledger.db'));
    expect(await codeOf(start())).toBe('STORE_MISSING');
    expect(existsSync(join(folder, 'data/ledger.db'))).toBe(false);
  });

  it('begins no other store where this node knows one', async () => {
    await (await start({ create: true })).close();
    rmSync(join(folder, 'data/ledger.db'));
    expect(await codeOf(start({ create: true }))).toBe('STORE_MISSING');
  });

  it('gives what happened an index and a checkpoint before it closes', async () => {
    const first = await start({ create: true }, { WRIT_ANCHOR_INTERVAL_MS: '60000' });
    await putInForce(first, { principal: first.authenticate(undefined) });
    await first.close();
    const second = await start();
    const { sizeLeaves, checkpointSizeLeaves, behind, fault } = await second.lineageStatus();
    expect({ sizeLeaves, checkpointSizeLeaves, behind, fault }).toEqual({
      sizeLeaves: 3n,
      checkpointSizeLeaves: 3n,
      behind: 0,
      fault: undefined,
    });
  });

  it('follows nothing for one command, until it is asked for what only the tree and the index know', async () => {
    await (await start({ create: true })).close();
    const first = await start({ brief: true });
    const context = { principal: first.authenticate(undefined) };
    await putInForce(first, context);
    await first.operations.evaluate(context, loan('a-1'));
    expect((await first.lineageStatus()).sizeLeaves).toBe(1n);
    await first.close();
    const second = await start({ brief: true });
    const name = { tenant: TENANT, executionId: parseExecutionId('a-1') };
    const wait = { ...name, wanted: 'anchored' as const, timeoutMs: 20_000 };
    expect((await second.operations.awaitStanding(context, wait)).reached).toBe(true);
    expect((await second.lineageStatus()).role).toBe('publisher');
    // What is appended from now on is followed as well.
    await second.operations.evaluate(context, loan('a-2'));
    const later = { ...wait, executionId: parseExecutionId('a-2') };
    expect((await second.operations.awaitStanding(context, later)).reached).toBe(true);
    const listed = async () => (await second.operations.listExecutions(context, { tenant: TENANT })).executions;
    for (let waitedMs = 0; waitedMs < 10_000 && (await listed()).length < 2; waitedMs += 50) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await listed()).toHaveLength(2);
  });

  it('finds out for one command too that the store was set back', async () => {
    const first = await start({ create: true });
    const context = { principal: first.authenticate(undefined) };
    await putInForce(first, context);
    await first.close();
    const store = join(folder, 'data/ledger.db');
    copyFileSync(store, join(folder, 'older.db'));
    const second = await start({ brief: true });
    await second.operations.evaluate(context, loan('a-1'));
    await second.close();
    for (const end of ['', '-wal', '-shm']) rmSync(`${store}${end}`, { force: true });
    copyFileSync(join(folder, 'older.db'), store);
    const third = await start({ brief: true });
    expect(await codeOf(third.operations.evaluate(context, loan('a-1')))).toBe('LEDGER_ROLLED_BACK');
    expect((await third.lineageStatus()).fault?.code).toBe('LEDGER_ROLLED_BACK');
  });

  it('makes no new checkpoint key for a ledger that has signed with one', async () => {
    await (await start({ create: true })).close();
    rmSync(join(folder, 'data/checkpoint-key.json'));
    expect(await codeOf(start({ create: true }))).toBe('KEY_FILE_INVALID');
  });

  it('never makes a new key for a store that is there', async () => {
    await (await start({ create: true })).close();
    rmSync(join(folder, 'data/key.json'));
    expect(await codeOf(start({ create: true }))).toBe('KEY_FILE_INVALID');
    expect(existsSync(join(folder, 'data/key.json'))).toBe(false);
  });

  it('refuses another key and another origin', async () => {
    await (await start({ create: true })).close();
    expect(await codeOf(start({}, { WRIT_ORIGIN: 'ledger.test/other' }))).toBe('STORE_NOT_OURS');
    const two = {
      WRIT_STORE_URL: `sqlite:${folder}/two/l.db`,
      WRIT_KEY_FILE: `${folder}/two/k.json`,
      WRIT_STATE_DIR: `${folder}/two/state`,
      WRIT_LINEAGE_DIR: `${folder}/two/lineage`,
      WRIT_MARK_DIR: `${folder}/two/mark`,
      WRIT_CHECKPOINT_KEY_FILE: `${folder}/two/checkpoint-key.json`,
    };
    await (await start({ create: true }, two)).close();
    expect(await codeOf(start({}, { WRIT_KEY_FILE: `${folder}/two/k.json` }))).toBe('KEY_MISMATCH');
  });

  it('keeps what it acknowledged over a restart, and records the build that decided', async () => {
    const first = await start({ create: true });
    const context = { principal: first.authenticate(undefined) };
    await putInForce(first, context);
    const { receipt, grant } = await first.operations.evaluate(context, loan('a-1'));
    expect(JSON.parse(receipt.events[0]!.data).runtime).toEqual(first.runtime);
    await first.close();
    const second = await start();
    const again = await second.operations.evaluate(context, loan('a-1'));
    expect(again.grant?.payload).toBe(grant?.payload);
    expect(again.receipt.events.map(({ eventId }) => eventId)).toEqual(receipt.events.map(({ eventId }) => eventId));
  });

  it('writes down by itself that a lease is over, and lists it', async () => {
    const instance = await start({ create: true });
    const context = { principal: instance.authenticate(undefined) };
    await putInForce(instance, context);
    instance.startSweeper();
    await instance.operations.evaluate(context, loan('a-1', 300));
    const unknown = async () =>
      (await instance.operations.listExecutions(context, { tenant: TENANT, states: ['unknown'] })).executions;
    for (let waitedMs = 0; waitedMs < 10_000 && (await unknown()).length === 0; waitedMs += 50) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await unknown()).map(({ executionId }) => executionId)).toEqual(['a-1']);
    expect(instance.metrics.counters()).toMatchObject({ sweeps: 1, sweep_failures: 0 });
  });

  it('tells its index the same rows that the index comes to by itself', async () => {
    const listed = async (instance: Instance) => {
      const context = { principal: instance.authenticate(undefined) };
      for (let tries = 0; (await instance.metrics.indexBehind()) > 0 && tries < 200; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return instance.operations.listExecutions(context, { tenant: TENANT });
    };
    const instance = await start({ create: true });
    const context = { principal: instance.authenticate(undefined) };
    await putInForce(instance, context);
    const { operations } = instance;
    await Promise.all(Array.from({ length: 20 }, (_, at) => operations.evaluate(context, loan(`a-${at}`))));
    const denied = loan('denied');
    const signals = { ...denied.intent.signals, credit_score: { value: 301 } };
    await operations.evaluate(context, { ...denied, intent: { ...denied.intent, signals } });
    const { holder } = loan('a-1');
    await operations.renew(context, { tenant: TENANT, executionId: parseExecutionId('a-1'), attempt: 1, holder });
    const released = { tenant: TENANT, executionId: parseExecutionId('a-2'), attempt: 1, holder, reason: 'not needed' };
    await operations.release(context, released);
    const told = await listed(instance);
    await instance.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, `state/executions.db${suffix}`), { force: true });
    const found = await listed(await start());
    expect(told.executions).toHaveLength(21);
    expect(found).toEqual(told);
  });

  it('lets calls under way end and takes no others once it closes', async () => {
    const instance = await start({ create: true });
    const context = { principal: instance.authenticate(undefined) };
    await putInForce(instance, context);
    const underWay = Array.from({ length: 50 }, (_, at) => instance.operations.evaluate(context, loan(`a-${at}`)));
    const closing = instance.close();
    expect(await codeOf(instance.operations.evaluate(context, loan('late')))).toBe('SHUTTING_DOWN');
    expect((await Promise.all(underWay)).every(({ grant }) => grant !== undefined)).toBe(true);
    await closing;
    const second = await start();
    const { state } = await second.operations.getExecution(context, {
      tenant: TENANT,
      executionId: parseExecutionId('a-49'),
    });
    expect(state).toBe('reserved');
  });

  it('forgets a ledger in memory, key and all', async () => {
    const memory = { WRIT_STORE_URL: 'memory:', WRIT_SIGNER: 'noble' };
    const first = await start({}, memory);
    const second = await start({}, memory);
    expect(second.keyId).not.toBe(first.keyId);
    const context = { principal: second.authenticate(undefined) };
    await putInForce(second, context);
    expect((await second.operations.evaluate(context, loan('a-1'))).grant).toBeDefined();
  });
});
