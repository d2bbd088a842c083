import { join } from 'node:path';
import { WritClient, type CommitRequest, type Execution } from '@writ/client';
import { http } from '../../e2e/harness/clients.js';
import { removeFolders, startTestServer, temporaryFolder, type TestServer } from '../../e2e/harness/server.js';
import { describeIf } from '../harness/machine.js';
import { outcomeOf } from '../harness/outcome.js';
import { diceOf, seed, tell } from '../harness/seed.js';
import { SingleCalls } from '../harness/single-calls.js';
import { hasFaketime, steppingClock, type SteppingClock } from '../harness/stepping-clock.js';
import { commitOf, newHolder, publishTransferPolicies, TENANT, transfer } from '../harness/transfers.mjs';

jest.setTimeout(120_000);

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MAX_SKEW_MS = 200;
/** The setting's default. */
const TOLERANCE_MS = 2_000;
const STEPS = Number(process.env['WRIT_CLOCK_STEPS'] ?? 20);
const BEHIND = 'UNAVAILABLE/CLOCK_BEHIND';
/**
 * Of a holder that asks for what another has, had, or may not have any more. CLOCK_AHEAD: a step back that the node
 * itself bears (its tolerance) leaves events ahead of the clock by more than the skew; those executions wait.
 */
const REFUSALS = ['INV-013', 'ATTEMPTS_EXHAUSTED', 'EVALUATIONS_EXHAUSTED', 'CLOCK_AHEAD'];
const dice = diceOf(seed);

describeIf(hasFaketime, 'faketime is not installed')('a wall clock that steps', () => {
  let folder: string;
  let clock: SteppingClock;
  let server: TestServer | undefined;
  let client: WritClient;
  let calls: SingleCalls;

  async function begin(): Promise<void> {
    const env = { ...clock.env, WRIT_MAX_SKEW_MS: `${MAX_SKEW_MS}`, WRIT_SWEEP_INTERVAL_MS: '100' };
    server = await startTestServer({ folder, env });
    client = WritClient.connect({ address: `127.0.0.1:${server.grpcPort}`, tenant: TENANT });
    calls = new SingleCalls(server.grpcPort);
  }

  async function stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    client.close();
    calls.close();
    await server?.stop(signal);
    server = undefined;
  }

  beforeEach(async () => {
    folder = temporaryFolder();
    clock = steppingClock(join(folder, 'offset'));
    await begin();
    await publishTransferPolicies(client);
  });

  afterEach(() => stop());
  afterAll(removeFolders);

  async function place(executionId: string, policyId = 'transfers'): Promise<CommitRequest> {
    const request = transfer(executionId, { policyId });
    const { grant } = await client.evaluate(request);
    if (grant === undefined) throw new Error(`${executionId}: no grant`);
    return commitOf(request, grant);
  }

  /** A new holder's try to run it. */
  async function tryToRun(executionId: string, policyId = 'transfers') {
    const request = transfer(executionId, { policyId });
    const { code, answer } = await outcomeOf(client.evaluate(request));
    return { code, report: answer?.grant === undefined ? undefined : commitOf(request, answer.grant) };
  }

  /** Nothing is decided, granted, renewed or recorded; the node says so, and does not start again. */
  async function expectBehind(report: CommitRequest): Promise<void> {
    const { executionId, holder, attempt, commitId, parameters } = report;
    const answers = await Promise.all([
      calls.evaluate(`fresh-${dice.roll()}`),
      calls.evaluate(executionId),
      calls.answerTo('reserve', { executionId, holder: newHolder() }),
      calls.answerTo('renew', { executionId, holder, attempt }),
      calls.answerTo('commit', { executionId, holder, attempt, commitId, parameters, outcome: 1 }),
    ]);
    expect(answers).toStrictEqual(answers.map(() => BEHIND));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await http(server?.httpPort ?? 0, 'GET', '/health/ready')).status).toBe(503);
    await stop();
    await expect(begin()).rejects.toThrow('CLOCK_BEHIND');
  }

  async function eventsOf(executionId: string): Promise<Execution['events']> {
    return (await client.getExecution({ executionId })).events;
  }

  const typesOf = (events: Execution['events']): readonly string[] => events.map(({ type }) => type);

  it.each([HOUR_MS + MINUTE_MS, DAY_MS])(
    'forward by %i ms, and back: no second grant, and the late commit counts',
    async (step) => {
      const report = await place('leap');
      clock.setOffsetMs(step);
      expect((await tryToRun('leap')).code).toBe('INV-013');
      clock.setOffsetMs(0);
      await expectBehind(report);
      clock.setOffsetMs(step);
      await begin();
      expect((await tryToRun('leap')).code).toBe('INV-013');
      await client.commit(report);
      expect(typesOf(await eventsOf('leap'))).toStrictEqual([
        'DecisionAdmitted',
        'ReservationPlaced',
        'ReservationExpired',
        'ExecutionCommitted',
      ]);
    },
  );

  it.each([HOUR_MS, DAY_MS])('back by %i ms, and forward: no lease lives longer', async (step) => {
    const report = await place('back');
    const brief = await place('brief', 'brief-transfers');
    clock.setOffsetMs(-step);
    await expectBehind(report);
    clock.setOffsetMs(0);
    await begin();
    const { executionId, holder, attempt } = brief;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await outcomeOf(client.renew({ executionId, holder, attempt }))).code).toBe('LEASE_LAPSED');
    expect((await tryToRun('brief', 'brief-transfers')).code).toBe('INV-013');
    await client.commit(brief);
    await client.commit(report);
    expect(typesOf(await eventsOf('back'))).toStrictEqual([
      'DecisionAdmitted',
      'ReservationPlaced',
      'ExecutionCommitted',
    ]);
  });

  it('to and fro where a lapsed lease frees the execution: leases never overlap, and every report is kept', async () => {
    const first = await place('again', 'repeatable-transfers');
    clock.setOffsetMs(HOUR_MS);
    const second = (await tryToRun('again', 'repeatable-transfers')).report as CommitRequest;
    expect(second.attempt).toBe(2);
    clock.setOffsetMs(0);
    await expectBehind(first);
    clock.setOffsetMs(HOUR_MS);
    await begin();
    await client.commit(first);
    await client.commit(second);
    const events = await eventsOf('again');
    expectLeasesApart(events);
    expect(typesOf(events).filter((type) => type === 'ExecutionCommitted')).toHaveLength(1);
    expect(typesOf(events)).toContain('LateOutcomeReported');
  });

  it(`at random, ${STEPS} times, over restarts: one live grant at a time, and every report is kept`, async () => {
    const policies = ['transfers', 'brief-transfers', 'repeatable-transfers'];
    const names = policies.flatMap((policyId) =>
      [1, 2].map((number) => ({ executionId: `${policyId}-${number}`, policyId })),
    );
    const reports: CommitRequest[] = [];
    let offsetMs = 0;
    let highestMs = 0;
    for (let step = 0; step < STEPS; step += 1) {
      const behind = offsetMs < highestMs - TOLERANCE_MS;
      if (!behind && dice.roll() < 0.25) {
        await stop(dice.pick(['SIGKILL', 'SIGTERM']));
        await begin();
      }
      for (const { executionId, policyId } of names) {
        if (behind) {
          expect([step, await calls.evaluate(executionId, { policyId })]).toStrictEqual([step, BEHIND]);
          continue;
        }
        const { code, report } = await tryToRun(executionId, policyId);
        if (report === undefined) expect(REFUSALS).toContain(code);
        else reports.push(report);
      }
      offsetMs =
        behind && dice.roll() < 0.6
          ? highestMs
          : offsetMs + dice.pick([-DAY_MS, -HOUR_MS, -1_000, 1_000, HOUR_MS, DAY_MS]);
      highestMs = Math.max(highestMs, offsetMs);
      clock.setOffsetMs(offsetMs);
    }
    clock.setOffsetMs(highestMs);
    for (const report of dice.shuffle(reports)) await client.commit(report);
    for (const { executionId, policyId } of names) {
      const events = await eventsOf(executionId);
      const types = typesOf(events);
      const own = reports.filter((report) => report.executionId === executionId);
      expectLeasesApart(events);
      expect(types.filter((type) => type === 'ReservationPlaced')).toHaveLength(own.length);
      expect(types.filter((type) => type === 'ExecutionCommitted')).toHaveLength(1);
      expect(types.filter((type) => type === 'LateOutcomeReported')).toHaveLength(own.length - 1);
      if (policyId !== 'repeatable-transfers') expect(own).toHaveLength(1);
    }
    tell('clock', { steps: STEPS, grants: reports.length, furthestHours: highestMs / HOUR_MS });
  });
});

/** Each attempt begins after the end of the former one and the skew; and no stream goes back in time. */
function expectLeasesApart(events: Execution['events']): void {
  let overMs = -Infinity;
  let latestMs = -Infinity;
  for (const { type, recordedAtMs, data } of events) {
    expect(recordedAtMs).toBeGreaterThanOrEqual(latestMs);
    latestMs = recordedAtMs;
    if (type !== 'ReservationPlaced') continue;
    expect(recordedAtMs).toBeGreaterThanOrEqual(overMs);
    overMs = Date.parse((JSON.parse(data) as { expiresAt: string }).expiresAt) + MAX_SKEW_MS;
  }
}
