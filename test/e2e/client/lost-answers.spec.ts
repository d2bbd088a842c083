import { EffectDidNotHappen, newCommitId, WritClient, type ExecuteOutcome } from '@writ/client';
import { removeFolders, startTestServer, type TestServer } from '../harness/server.js';
import { CuttingProxy } from './cutting-proxy.js';
import { FakeBank, payment, publishPaymentPolicies } from './payments.js';

jest.setTimeout(60_000);

const TENANT = 'acme';
let server: TestServer;
let proxy: CuttingProxy;
let direct: WritClient;
let client: WritClient;
let bank: FakeBank;

beforeAll(async () => {
  server = await startTestServer({ env: { WRIT_MAX_SKEW_MS: '200', WRIT_SWEEP_INTERVAL_MS: '100' } });
  proxy = await CuttingProxy.to(server.grpcPort);
  direct = WritClient.connect({ address: `127.0.0.1:${server.grpcPort}`, tenant: TENANT });
  await publishPaymentPolicies(direct);
});

beforeEach(() => {
  bank = new FakeBank();
  proxy.restore();
  client = WritClient.connect({
    address: proxy.address,
    tenant: TENANT,
    timeouts: { attemptMs: 1_000, callMs: 6_000, commitMs: 10_000 },
  });
});

afterEach(() => client.close());

afterAll(async () => {
  direct.close();
  await proxy.close();
  await server.stop();
  removeFolders();
});

async function eventsOf(executionId: string): Promise<string[]> {
  return (await direct.getExecution({ executionId })).events.map(({ type }) => type);
}

const ONCE = ['DecisionAdmitted', 'ReservationPlaced', 'ExecutionCommitted'];

describe('a call whose messages are lost', () => {
  it('runs once when the answer to Evaluate is lost: the retry gets the same grant', async () => {
    proxy.loseAnswers(1);
    const outcome = await client.executeFromSignals(payment('evaluate-lost'), (run) => bank.pay(run.idempotencyKey));
    expect(outcome).toMatchObject({ kind: 'executed', result: { payment: 1 }, attempt: 1, resultRecorded: true });
    expect(proxy.lost).toBeGreaterThan(0);
    expect(await eventsOf('evaluate-lost')).toEqual(ONCE);
    expect(bank.count('evaluate-lost')).toBe(1);
  });

  it('runs once when Evaluate itself is lost, several times over', async () => {
    proxy.loseRequests(3);
    const outcome = await client.executeFromSignals(payment('request-lost'), (run) => bank.pay(run.idempotencyKey));
    expect(outcome.kind).toBe('executed');
    expect(await eventsOf('request-lost')).toEqual(ONCE);
    expect(bank.count('request-lost')).toBe(1);
  });

  it('commits once when the answer to Commit is lost: the retry gets the original receipt', async () => {
    const outcome = await client.executeFromSignals(payment('commit-lost'), (run) => {
      proxy.loseAnswers(2);
      return bank.pay(run.idempotencyKey);
    });
    expect(outcome).toMatchObject({ kind: 'executed', receipt: { replayed: true } });
    expect(await eventsOf('commit-lost')).toEqual(ONCE);
    expect(bank.count('commit-lost')).toBe(1);
  });

  it('commits after an outage that is longer than one try', async () => {
    const outcome = await client.executeFromSignals(payment('outage'), (run) => {
      proxy.cut();
      setTimeout(() => proxy.restore(), 2_500);
      return bank.pay(run.idempotencyKey);
    });
    expect(outcome.kind).toBe('executed');
    expect(await eventsOf('outage')).toEqual(ONCE);
  });

  it('never runs without an answer, says what may have happened, and can go on from there', async () => {
    const impatient = WritClient.connect({
      address: proxy.address,
      tenant: TENANT,
      timeouts: { attemptMs: 300, callMs: 900 },
    });
    proxy.loseAnswers(1_000);
    const outcome = await impatient.executeFromSignals(payment('unanswered'), (run) => bank.pay(run.idempotencyKey));
    proxy.loseAnswers(0);
    if (outcome.kind !== 'unavailable') throw new Error(outcome.kind);
    expect(outcome).toMatchObject({ mayHaveHappened: true, error: { code: 'SERVER_UNREACHABLE' } });
    expect(bank.paid).toEqual([]);
    const [again, twice] = await Promise.all([outcome.retry(), outcome.retry()]);
    expect(again).toMatchObject({ kind: 'executed', attempt: 1 });
    expect(twice).toBe(again);
    expect(await eventsOf('unanswered')).toEqual(ONCE);
    expect(bank.count('unanswered')).toBe(1);
    impatient.close();
  });

  it('says that nothing can have happened when no connection was made', async () => {
    proxy.cut();
    const impatient = WritClient.connect({ address: proxy.address, tenant: TENANT, timeouts: { callMs: 400 } });
    const outcome = await impatient.executeFromSignals(payment('cut-off'), (run) => bank.pay(run.idempotencyKey));
    expect(outcome).toMatchObject({ kind: 'unavailable', mayHaveHappened: false });
    expect(bank.paid).toEqual([]);
    impatient.close();
  });

  it('gives the report back when it cannot be delivered, and the report settles it later', async () => {
    const impatient = WritClient.connect({
      address: proxy.address,
      tenant: TENANT,
      timeouts: { attemptMs: 200, callMs: 5_000, commitMs: 600 },
    });
    const outcome = await impatient.executeFromSignals(payment('undelivered'), (run) => {
      proxy.cut();
      return bank.pay(run.idempotencyKey);
    });
    proxy.restore();
    if (outcome.kind !== 'unknown') throw new Error(outcome.kind);
    expect(outcome).toMatchObject({ effect: 'happened', recorded: false, result: { payment: 1 }, attempt: 1 });
    const { receipt } = await impatient.commit(outcome.report);
    expect(receipt.events.at(-1)?.type).toBe('ExecutionCommitted');
    expect((await impatient.commit(outcome.report)).receipt.replayed).toBe(true);
    expect(await eventsOf('undelivered')).toEqual(ONCE);
    impatient.close();
  });
});

describe('two addresses', () => {
  it('goes on with the other when one is dead or loses answers', async () => {
    const pair = WritClient.connect({
      address: ['127.0.0.1:1', proxy.address, `127.0.0.1:${server.grpcPort}`],
      tenant: TENANT,
      timeouts: { attemptMs: 1_000, callMs: 8_000 },
    });
    proxy.loseAnswers(1);
    const outcome = await pair.executeFromSignals(payment('failover'), (run) => bank.pay(run.idempotencyKey));
    expect(outcome).toMatchObject({ kind: 'executed', attempt: 1 });
    expect(await eventsOf('failover')).toEqual(ONCE);
    pair.close();
  });
});

describe('two callers of one execution', () => {
  it('lets one of many run, and gives the others the original receipt', async () => {
    const others = Array.from({ length: 8 }, () =>
      WritClient.connect({ address: `127.0.0.1:${server.grpcPort}`, tenant: TENANT }),
    );
    const outcomes = await Promise.all(
      others.map((one) => one.executeFromSignals(payment('raced'), (run) => bank.pay(run.idempotencyKey))),
    );
    const kinds = outcomes.map(({ kind }) => kind).sort();
    expect(kinds).toEqual(['executed', ...Array<string>(7).fill('replayed')]);
    for (const outcome of outcomes) {
      if (outcome.kind !== 'replayed') continue;
      expect(outcome.error.code).toBe('INV-013');
      expect(outcome.receipt?.decision.outcome).toBe('admitted');
    }
    expect(bank.count('raced')).toBe(1);
    expect(await eventsOf('raced')).toEqual(ONCE);
    for (const one of others) one.close();
  });
});

describe('what a run can come to', () => {
  it('tells denied and escalated apart from errors, and runs neither', async () => {
    const denied = await client.executeFromSignals(payment('denied', 300), () => bank.pay('denied'));
    expect(denied).toMatchObject({ kind: 'denied', reasons: [{ code: 'RULE', rule: 'otherwise' }] });
    const escalated = await client.executeFromSignals(payment('escalated', 900), () => bank.pay('escalated'));
    expect(escalated).toMatchObject({ kind: 'escalated', decision: { rule: 'large' } });
    expect(bank.paid).toEqual([]);
  });

  it('begins another attempt after an effect that surely did not happen', async () => {
    const failed = await client.executeFromSignals(payment('declined'), () => {
      throw new EffectDidNotHappen('the card was declined');
    });
    expect(failed).toMatchObject({ kind: 'failed', attempt: 1 });
    const second = await client.executeFromSignals(payment('declined'), (run) => bank.pay(run.idempotencyKey));
    expect(second).toMatchObject({ kind: 'executed', attempt: 2 });
    expect(bank.count('declined')).toBe(1);
  });

  it('leaves the outcome unknown for every other throw, until the holder or an operator settles it', async () => {
    const outcome = await client.executeFromSignals(payment('timed-out'), () => {
      bank.pay('timed-out');
      throw new Error('the bank did not answer');
    });
    if (outcome.kind !== 'unknown') throw new Error(outcome.kind);
    expect(outcome).toMatchObject({ recorded: true, effect: 'unknown', cause: { message: 'the bank did not answer' } });
    const replay = await client.executeFromSignals(payment('timed-out'), () => bank.pay('timed-out'));
    expect(replay).toMatchObject({ kind: 'replayed', reason: 'unknown' });
    const settled = await client.commit({ ...outcome.report, commitId: newCommitId(), outcome: 'succeeded' });
    expect(settled.receipt.events.at(-1)?.type).toBe('ExecutionCommitted');
    expect(bank.count('timed-out')).toBe(1);
  });

  it('refuses another intent under the same id', async () => {
    await client.executeFromSignals(payment('same-id', 10), (run) => bank.pay(run.idempotencyKey));
    const other = await client.executeFromSignals(payment('same-id', 11), (run) => bank.pay(run.idempotencyKey));
    expect(other).toMatchObject({ kind: 'replayed', reason: 'other_intent' });
    expect(bank.count('same-id')).toBe(1);
  });

  it('records the run also when the ledger cannot take its result', async () => {
    const large = await client.executeFromSignals(payment('large-result'), () => 'x'.repeat(600_000));
    expect(large).toMatchObject({ kind: 'executed', resultRecorded: false });
    const odd = await client.executeFromSignals(payment('odd-result'), () => new Map([[1, 2]]));
    expect(odd).toMatchObject({ kind: 'executed', resultRecorded: false, result: new Map([[1, 2]]) });
    const none = await client.executeFromSignals(payment('no-result'), () => undefined);
    expect(none).toMatchObject({ kind: 'executed', resultRecorded: true });
  });

  it('throws what is wrong with the request, before anything runs', async () => {
    const run = (): Promise<ExecuteOutcome<unknown>> =>
      client.executeFromSignals(payment('a b'), () => bank.pay('a b'));
    await expect(run()).rejects.toMatchObject({ code: 'NAME_INVALID', kind: 'Rejected' });
    const unknown = client.executeFromSignals(payment('no-policy', 10, 'nothing-like-it'), () => bank.pay('x'));
    await expect(unknown).rejects.toMatchObject({ code: 'POLICY_UNKNOWN' });
    expect(bank.paid).toEqual([]);
  });

  it('runs with the parameters that were admitted, whatever becomes of the caller’s object', async () => {
    const parameters = { amount: 10, to: 'supplier', lines: [{ item: 'a' }] };
    const seen: unknown[] = [];
    const running = client.executeFromSignals({ ...payment('frozen'), parameters }, (run) => {
      seen.push(run.parameters);
      expect(() => Object.assign(run.parameters.lines[0]!, { item: 'b' })).toThrow(TypeError);
    });
    parameters.amount = 99;
    parameters.lines[0]!.item = 'c';
    expect((await running).kind).toBe('executed');
    expect(seen).toEqual([{ amount: 10, to: 'supplier', lines: [{ item: 'a' }] }]);
  });
});
