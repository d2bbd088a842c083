import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { WritClient } from '@writ/client';
import { removeFolders, startTestServer, temporaryFolder, type TestServer } from '../harness/server.js';
import { CuttingProxy } from './cutting-proxy.js';
import { FakeBank, payment, publishPaymentPolicies } from './payments.js';

jest.setTimeout(90_000);

const TENANT = 'acme';
const ENV = { WRIT_MAX_SKEW_MS: '200', WRIT_SWEEP_INTERVAL_MS: '100' };
const timeouts = { attemptMs: 500, callMs: 30_000, commitMs: 30_000 };
let server: TestServer;
let proxy: CuttingProxy;
let client: WritClient;
let bank: FakeBank;
const folder = temporaryFolder();

beforeAll(async () => {
  server = await startTestServer({ folder, env: ENV });
  proxy = await CuttingProxy.to(server.grpcPort);
  client = WritClient.connect({ address: proxy.address, tenant: TENANT, timeouts });
  await publishPaymentPolicies(client);
});

beforeEach(() => {
  bank = new FakeBank();
  proxy.restore();
});

afterAll(async () => {
  client.close();
  await proxy.close();
  await server.stop();
  removeFolders();
});

async function eventsOf(executionId: string): Promise<string[]> {
  return (await client.getExecution({ executionId })).events.map(({ type }) => type);
}

const sleep = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms));
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

describe('the lease of a run', () => {
  it('is renewed for as long as the effect runs', async () => {
    const outcome = await client.executeFromSignals(payment('long-run', 10, 'brief-payments'), async (run) => {
      await sleep(2_500);
      expect(run.signal.aborted).toBe(false);
      return bank.pay(run.idempotencyKey);
    });
    expect(outcome).toMatchObject({ kind: 'executed', attempt: 1 });
    const events = await eventsOf('long-run');
    expect(events.filter((type) => type === 'ReservationRenewed').length).toBeGreaterThanOrEqual(2);
    expect(events.at(-1)).toBe('ExecutionCommitted');
  });

  it('ends at the policy’s maxTtl: the signal aborts, and a truthful late commit still counts', async () => {
    const outcome = await client.executeFromSignals(payment('too-long', 10, 'brief-payments'), async (run) => {
      await aborted(run.signal);
      expect(run.signal.reason).toMatchObject({ code: 'LEASE_LAPSED' });
      await sleep(600);
      return bank.pay(run.idempotencyKey);
    });
    expect(outcome.kind).toBe('executed');
    expect((await client.getExecution({ executionId: 'too-long' })).state).toBe('committed');
    expect(bank.count('too-long')).toBe(1);
  });

  it('ends when it cannot be renewed: before the ledger lets anybody else run', async () => {
    let abortedAtMs = 0;
    const startedAtMs = Date.now();
    const outcome = await client.executeFromSignals(payment('cut-lease', 10, 'repeatable-payments'), async (run) => {
      proxy.cut();
      await aborted(run.signal);
      abortedAtMs = Date.now();
      proxy.restore();
      throw run.signal.reason;
    });
    expect(outcome).toMatchObject({ kind: 'unknown', effect: 'unknown', recorded: true });
    expect(abortedAtMs - startedAtMs).toBeLessThan(1_000 + 400);
    expect(abortedAtMs).toBeLessThanOrEqual(await endOfLease('cut-lease'));
  });

  it('is lost when the ledger says so: another attempt runs, and the first one learns of it', async () => {
    const other = WritClient.connect({ address: `127.0.0.1:${server.grpcPort}`, tenant: TENANT, timeouts });
    const intent = payment('taken-over', 10, 'repeatable-payments');
    const first = client.executeFromSignals(intent, async (run) => {
      proxy.cut();
      await aborted(run.signal);
      const second = await untilExecuted(other, intent);
      proxy.restore();
      expect(second).toBe(2);
      return bank.pay(run.idempotencyKey);
    });
    // It ran on after its right was over, so it happened twice; the ledger knows of both, and one commit stands.
    expect(await first).toMatchObject({ kind: 'unknown', effect: 'happened', recorded: true, attempt: 1 });
    const events = await eventsOf('taken-over');
    expect(events.filter((type) => type === 'ExecutionCommitted')).toHaveLength(1);
    expect(events.at(-1)).toBe('LateOutcomeReported');
    expect((await client.getExecution({ executionId: 'taken-over' })).blocked).toBe(true);
    other.close();
  });
});

describe('a server that is killed', () => {
  it('mid-effect: the run is committed at the restarted server, once', async () => {
    const outcome = await client.executeFromSignals(payment('killed'), async (run) => {
      await server.stop('SIGKILL');
      const result = bank.pay(run.idempotencyKey);
      server = await startTestServer({ folder, env: ENV });
      proxy.target = server.grpcPort;
      return result;
    });
    expect(outcome).toMatchObject({ kind: 'executed', attempt: 1 });
    expect(await eventsOf('killed')).toEqual(['DecisionAdmitted', 'ReservationPlaced', 'ExecutionCommitted']);
    expect(bank.count('killed')).toBe(1);
  });

  it('while it is asked: the same question goes to the restarted server', async () => {
    await server.stop('SIGKILL');
    const outcome = client.executeFromSignals(payment('asked-dead'), (run) => bank.pay(run.idempotencyKey));
    server = await startTestServer({ folder, env: ENV });
    proxy.target = server.grpcPort;
    expect(await outcome).toMatchObject({ kind: 'executed', attempt: 1 });
    expect(bank.count('asked-dead')).toBe(1);
  });

  it('is watched across its death', async () => {
    const states: string[] = [];
    let watching: Promise<void> | undefined;
    await client.executeFromSignals(payment('watched'), async (run) => {
      const views = client.watchExecution({ executionId: 'watched' });
      states.push((await views.next()).value?.state ?? 'none');
      watching = (async () => {
        for await (const { state } of views) {
          states.push(state);
          if (state === 'committed') return;
        }
      })();
      await server.stop('SIGKILL');
      server = await startTestServer({ folder, env: ENV });
      proxy.target = server.grpcPort;
      return bank.pay(run.idempotencyKey);
    });
    await watching;
    expect(states).toEqual(['reserved', 'committed']);
  });
});

describe('a caller that is killed', () => {
  it('mid-effect: nobody runs it again, and a human settles it', async () => {
    const intent = payment('dying', 10, 'brief-payments');
    const caller = join(__dirname, 'dying-caller.mjs');
    const dying = spawn(process.execPath, [caller, proxy.address, intent.executionId, intent.policyId], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(dying.stdout, 'data');
    const meanwhile = await client.executeFromSignals(intent, () => bank.pay('dying'));
    expect(meanwhile).toMatchObject({ kind: 'replayed', reason: 'reserved' });
    dying.kill('SIGKILL');
    await once(dying, 'exit');
    for (;;) {
      const { state } = await client.getExecution({ executionId: 'dying' });
      if (state === 'unknown') break;
      expect(['reserved', 'lapsed']).toContain(state);
      await sleep(100);
    }
    const afterwards = await client.executeFromSignals(intent, () => bank.pay('dying'));
    expect(afterwards).toMatchObject({ kind: 'replayed', reason: 'unknown' });
    expect(bank.paid).toEqual([]);
    await client.reconcile({ executionId: 'dying', attempt: 1, outcome: 'failed', reason: 'the bank has no record' });
    expect(await client.executeFromSignals(intent, () => bank.pay('dying'))).toMatchObject({
      kind: 'executed',
      attempt: 2,
    });
    expect(bank.count('dying')).toBe(1);
  });
});

async function endOfLease(executionId: string): Promise<number> {
  const { events } = await client.getExecution({ executionId });
  const leases = events.filter(({ type }) => type === 'ReservationPlaced' || type === 'ReservationRenewed');
  return Math.max(...leases.map(({ data }) => Date.parse((JSON.parse(data) as { expiresAt: string }).expiresAt)));
}

/** Asks again until the ledger lets this caller run; the attempt that it ran as. */
async function untilExecuted(other: WritClient, intent: ReturnType<typeof payment>): Promise<number> {
  for (;;) {
    const outcome = await other.executeFromSignals(intent, (run) => bank.pay(run.idempotencyKey));
    if (outcome.kind === 'executed') return outcome.attempt;
    if (outcome.kind !== 'replayed') throw new Error(outcome.kind);
    await sleep(100);
  }
}
