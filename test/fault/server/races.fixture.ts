import { join } from 'node:path';
import { newCommitId, WritClient, type CommitRequest, type EvaluateRequest, type Receipt } from '@writ/client';
import type { SignedGrant } from '@writ/evidence';
import { CuttingProxy } from '../../e2e/client/cutting-proxy.js';
import { removeFolders, startTestServer, temporaryFolder, type TestServer } from '../../e2e/harness/server.js';
import { outcomeOf, type Outcome } from '../harness/outcome.js';
import { diceOf, seed, tell } from '../harness/seed.js';
import type { StoreSettings, StoreUnderTest } from '../harness/store-under-test.js';
import { storedExecutions } from '../harness/stored-executions.js';
import { commitOf, newHolder, publishTransferPolicies, TENANT, transfer } from '../harness/transfers.mjs';

export interface RacedLedger {
  readonly store: StoreUnderTest;
  /** Two per execution: who may run it, and whose report counts. */
  readonly rounds: number;
}

const CALLERS = 64;
/** One in ten asks for what can never be granted. */
const INVALID_SHARE = 0.1;
const CLIENTS_PER_DOOR = 2;
const dice = diceOf(seed);

type Ground = 'one_server' | 'two_servers' | 'answers_cut';
type Asking = EvaluateRequest & { readonly holder: Uint8Array };

interface Answered {
  readonly receipt: Receipt;
  readonly grant?: SignedGrant;
  readonly reissued?: boolean;
}

/** One caller's call, and the code that it must get if it is one of the impossible ones. */
interface Call {
  readonly mustBe?: string;
  readonly send: (client: WritClient) => Promise<Answered>;
}

const servers: TestServer[] = [];
let proxy: CuttingProxy | undefined;
let doors: Record<'first' | 'second' | 'cut', readonly WritClient[]> | undefined;
const folder = temporaryFolder();
let settings: StoreSettings;

/** Two servers on one store, reached by two doors and by one that loses answers. */
export function describeRaces({ store, rounds }: RacedLedger): void {
  beforeAll(async () => {
    settings = store(folder);
    const env = { ...settings, WRIT_SWEEP_INTERVAL_MS: '0' };
    servers.push(await startTestServer({ folder, env }));
    servers.push(await startTestServer({ folder, env: { ...env, WRIT_STATE_DIR: join(folder, 'second') } }));
    const [first, second] = servers.map((server) => server.grpcPort) as [number, number];
    proxy = await CuttingProxy.to(first);
    doors = {
      first: clientsOf(`127.0.0.1:${first}`),
      second: clientsOf(`127.0.0.1:${second}`),
      cut: clientsOf(proxy.address),
    };
    await publishTransferPolicies(doors.first[0] as WritClient);
  }, 120_000);

  afterAll(async () => {
    for (const clients of Object.values(doors ?? {})) clients.forEach((client) => client.close());
    await proxy?.close();
    await Promise.all(servers.map((server) => server.stop('SIGKILL')));
    removeFolders();
  }, 30_000);

  describe(`${CALLERS} callers race for one execution`, () => {
    it(
      `one may run it and one report counts, in ${rounds} rounds`,
      async () => {
        const begun = Date.now();
        const reports = new Map<string, string>();
        for (let at = 0; at < rounds / 2; at += 1) {
          const executionId = `race-${at}`;
          const ground = groundOf(at);
          const { request, grant } = await raceToReserve(executionId, ground);
          reports.set(executionId, await raceToCommit(commitOf(request, grant), ground));
        }
        await expectStored(reports);
        tell('races', {
          rounds,
          callers: CALLERS,
          lost: proxy?.lost ?? 0,
          seconds: (Date.now() - begun) / 1_000,
        });
      },
      120_000 + rounds * 3_000,
    );
  });
}

function groundOf(at: number): Ground {
  if (at % 20 === 7) return 'answers_cut';
  return at % 2 === 0 ? 'one_server' : 'two_servers';
}

/** By Evaluate, or by Reserve on a decision that stands already. */
async function raceToReserve(executionId: string, ground: Ground): Promise<{ request: Asking; grant: SignedGrant }> {
  const decided = dice.roll() < 0.5;
  if (decided) await doorFor(0, 'one_server').evaluate(transfer(executionId, { holder: null }));
  const requests = Array.from({ length: CALLERS }, () => transfer(executionId));
  const calls = requests.map(({ holder, ...request }): Call => {
    if (dice.roll() < INVALID_SHARE) return impossibleReservation(executionId, decided);
    return {
      send: (client) => (decided ? client.reserve({ executionId, holder }) : client.evaluate({ ...request, holder })),
    };
  });
  // Somebody must be able to win.
  calls[0] = { send: (client) => client.evaluate(requests[0] as Asking) };
  const outcomes = await race(calls, ground);
  const winner = outcomes.findIndex(({ answer }) => answer?.grant !== undefined);
  const { receipt, grant } = outcomes[winner]?.answer ?? {};
  if (receipt === undefined || grant === undefined) throw new Error(`${executionId}: nobody won`);
  outcomes.forEach((outcome, caller) => {
    const mustBe = calls[caller]?.mustBe ?? (caller === winner ? 'OK' : 'INV-013');
    expect([executionId, caller, outcome.code]).toStrictEqual([executionId, caller, mustBe]);
    if (outcome.code === 'INV-013') expect(firstEventOf(outcome)).toBe(receipt.events[0]?.eventId);
  });
  if (ground !== 'answers_cut') expect(outcomes[winner]?.answer?.reissued).toBe(false);
  return { request: requests[winner] as Asking, grant };
}

function impossibleReservation(executionId: string, decided: boolean): Call {
  const impossible: readonly Call[] = [
    { mustBe: 'REQUEST_INVALID', send: (client) => client.reserve({ executionId, holder: newHolder().slice(1) }) },
    { mustBe: 'EXECUTION_NOT_FOUND', send: (client) => client.reserve({ executionId: 'nobody', holder: newHolder() }) },
    {
      mustBe: 'REEVALUATION_INVALID',
      send: (client) => client.evaluate({ ...transfer(executionId), reevaluate: newCommitId() }),
    },
  ];
  const another: Call = {
    mustBe: 'INV-013',
    send: (client) => client.evaluate(transfer(executionId, { amount: 11 })),
  };
  return dice.pick(decided ? [...impossible, another] : impossible);
}

/** Some send the same report, the others their own. @returns id of the event that stands */
async function raceToCommit(report: CommitRequest, ground: Ground): Promise<string> {
  const reports = Array.from({ length: CALLERS }, (_value, caller) =>
    caller < CALLERS / 4 ? report : { ...report, commitId: newCommitId(), result: { caller } },
  );
  const calls = reports.map((own, caller): Call =>
    caller > 0 && dice.roll() < INVALID_SHARE ? impossibleReport(own) : { send: (client) => client.commit(own) },
  );
  const outcomes = await race(calls, ground);
  const told = outcomes.map(({ answer }) => answer?.receipt);
  const standing = told.find((receipt) => receipt !== undefined)?.events.at(-1);
  expect(standing?.type).toBe('ExecutionCommitted');
  const winners = new Set<string>();
  outcomes.forEach((outcome, caller) => {
    const { executionId } = report;
    const { mustBe } = calls[caller] as Call;
    if (mustBe === undefined && outcome.code === 'OK') {
      winners.add(reports[caller]?.commitId ?? '');
      expect(outcome.answer.receipt.events.at(-1)?.eventId).toBe(standing?.eventId);
    } else {
      expect([executionId, caller, outcome.code]).toStrictEqual([executionId, caller, mustBe ?? 'INV-013']);
      if (mustBe === undefined) expect(lastEventOf(outcome)).toBe(standing?.eventId);
    }
  });
  expect(winners.size).toBe(1);
  const fresh = told.filter((receipt) => receipt?.replayed === false).length;
  if (ground === 'answers_cut') expect(fresh).toBeLessThanOrEqual(1);
  else expect(fresh).toBe(1);
  return standing?.eventId ?? '';
}

function impossibleReport(report: CommitRequest): Call {
  const own = { ...report, commitId: newCommitId() };
  return dice.pick<Call>([
    { mustBe: 'HOLDER_MISMATCH', send: (client) => client.commit({ ...own, holder: newHolder() }) },
    { mustBe: 'ATTEMPT_MISMATCH', send: (client) => client.commit({ ...own, attempt: 2 }) },
    {
      mustBe: 'PARAMETERS_MISMATCH',
      send: (client) => client.commit({ ...own, parameters: `sha256:${'0'.repeat(64)}` }),
    },
  ]);
}

async function race(calls: readonly Call[], ground: Ground): Promise<readonly Outcome<Answered>[]> {
  if (ground === 'answers_cut') proxy?.loseAnswers(1 + dice.below(3));
  const outcomes = await Promise.all(calls.map((call, caller) => outcomeOf(call.send(doorFor(caller, ground)))));
  proxy?.loseAnswers(0);
  return outcomes;
}

function doorFor(caller: number, ground: Ground): WritClient {
  const door = { one_server: 'first', two_servers: caller % 2 === 0 ? 'first' : 'second', answers_cut: 'cut' } as const;
  return doors?.[door[ground]][(caller >> 1) % CLIENTS_PER_DOOR] as WritClient;
}

async function expectStored(reports: ReadonlyMap<string, string>): Promise<void> {
  const stored = await storedExecutions(settings.WRIT_STORE_URL);
  expect(stored.size).toBe(reports.size);
  for (const [executionId, reported] of reports) {
    const { types, eventIds } = stored.get(`execution-${TENANT}.${executionId}`) ?? { types: [], eventIds: [] };
    expect(types).toStrictEqual(['DecisionAdmitted', 'ReservationPlaced', 'ExecutionCommitted']);
    expect(eventIds.at(-1)).toBe(reported);
  }
}

function originalOf(outcome: Outcome<unknown>): Receipt | undefined {
  return outcome.code === 'OK' ? undefined : (outcome.details['receipt'] as Receipt | undefined);
}

const firstEventOf = (outcome: Outcome<unknown>): string | undefined => originalOf(outcome)?.events[0]?.eventId;
const lastEventOf = (outcome: Outcome<unknown>): string | undefined => originalOf(outcome)?.events.at(-1)?.eventId;

function clientsOf(address: string): readonly WritClient[] {
  const timeouts = { attemptMs: 5_000, callMs: 30_000 };
  return Array.from({ length: CLIENTS_PER_DOOR }, () => WritClient.connect({ address, tenant: TENANT, timeouts }));
}
