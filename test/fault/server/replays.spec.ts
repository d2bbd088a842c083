import { join } from 'node:path';
import {
  newCommitId,
  WritClient,
  type CommitRequest,
  type EvaluateRequest,
  type Receipt,
  type ReleaseRequest,
  type RenewRequest,
  type ReserveRequest,
} from '@writ/client';
import { removeFolders, startTestServer, temporaryFolder, type TestServer } from '../../e2e/harness/server.js';
import { outcomeOf } from '../harness/outcome.js';
import { diceOf, seed, tell } from '../harness/seed.js';
import { storedExecutions } from '../harness/stored-executions.js';
import { commitOf, newHolder, publishTransferPolicies, TENANT, transfer } from '../harness/transfers.mjs';

const REPLAYS = Number(process.env['WRIT_REPLAYS'] ?? 10_000);
const AT_ONCE = 32;
const STORIES = 20;
const dice = diceOf(seed);

/** A request as it was sent. */
type Recorded =
  | { readonly method: 'evaluate'; readonly request: EvaluateRequest }
  | { readonly method: 'reserve'; readonly request: ReserveRequest }
  | { readonly method: 'renew'; readonly request: RenewRequest }
  | { readonly method: 'commit'; readonly request: CommitRequest }
  | { readonly method: 'release'; readonly request: ReleaseRequest };

interface Answered {
  readonly receipt: Receipt;
  readonly reissued?: boolean;
}

/** What a replay may be refused with: the execution moved on since the request was first sent. */
const MOVED_ON = ['INV-013', 'LEASE_LAPSED', 'LEASE_LIMIT'];

const folder = temporaryFolder();
const recorded: Recorded[] = [];
let server: TestServer | undefined;
let client: WritClient;

async function begin(): Promise<void> {
  server = await startTestServer({ folder });
  client = WritClient.connect({ address: `127.0.0.1:${server.grpcPort}`, tenant: TENANT });
}

beforeAll(async () => {
  await begin();
  await publishTransferPolicies(client);
  for (let story = 0; story < STORIES; story += 1) {
    await runStories(story);
  }
}, 60_000);

afterAll(async () => {
  client.close();
  await server?.stop('SIGKILL');
  removeFolders();
}, 30_000);

describe('requests that somebody recorded', () => {
  it(
    `add nothing to any execution when they are sent again, ${REPLAYS} times, in any order, also after a restart`,
    async () => {
      const before = await eventIds();
      await replay(REPLAYS / 2);
      client.close();
      await server?.stop('SIGKILL');
      await begin();
      await replay(REPLAYS / 2);
      expect(await eventIds()).toStrictEqual(before);
      tell('replays', { recorded: recorded.length, replays: REPLAYS });
    },
    60_000 + REPLAYS * 20,
  );

  it('are refused when anything in them was altered', async () => {
    const before = await eventIds();
    const altered = recorded.flatMap(alterationsOf);
    const outcomes = await Promise.all(altered.map(async (one) => ({ one, ...(await outcomeOf(send(one))) })));
    expect(outcomes.filter(({ code }) => code === 'OK').map(({ one }) => one)).toStrictEqual([]);
    const codes = new Set(outcomes.map(({ code }) => code));
    const expected = ['ATTEMPT_MISMATCH', 'EXECUTION_NOT_FOUND', 'HOLDER_MISMATCH', 'INV-013', 'REEVALUATION_INVALID'];
    expect([...codes].sort()).toStrictEqual(expected);
    expect(await eventIds()).toStrictEqual(before);
    tell('replays', { altered: altered.length, codes: [...codes].join() });
  }, 60_000);
});

/** Every way that an execution can go, each ended or held by somebody. */
async function runStories(story: number): Promise<void> {
  const held = transfer(`held-${story}`);
  await record({ method: 'evaluate', request: held });

  await record({ method: 'evaluate', request: transfer(`denied-${story}`, { amount: 500 }) });

  const committed = transfer(`committed-${story}`);
  const { grant } = await evaluate(committed);
  await record({ method: 'commit', request: commitOf(committed, grant) });

  const unknown = transfer(`unknown-${story}`);
  const lost = await evaluate(unknown);
  await record({ method: 'commit', request: commitOf(unknown, lost.grant, { outcome: 'unknown' }) });

  const renewed = transfer(`renewed-${story}`, { policyId: 'brief-transfers' });
  const leased = await evaluate(renewed);
  const { executionId, holder } = renewed;
  await record({ method: 'renew', request: { executionId, holder, attempt: 1, ttlMs: 1_500 } });
  await record({ method: 'commit', request: commitOf(renewed, leased.grant) });

  const released = transfer(`released-${story}`);
  await evaluate(released);
  const name = { executionId: released.executionId };
  await record({ method: 'release', request: { ...name, holder: released.holder, attempt: 1, reason: 'not now' } });
  const again = { ...name, holder: newHolder() };
  await record({ method: 'reserve', request: again });
}

async function evaluate(request: EvaluateRequest): Promise<Required<Awaited<ReturnType<WritClient['evaluate']>>>> {
  recorded.push({ method: 'evaluate', request });
  const answer = await client.evaluate(request);
  if (answer.grant === undefined) throw new Error('not admitted');
  return { ...answer, grant: answer.grant };
}

async function record(one: Recorded): Promise<void> {
  recorded.push(one);
  await send(one);
}

function send(one: Recorded): Promise<Answered> {
  switch (one.method) {
    case 'evaluate':
      return client.evaluate(one.request);
    case 'reserve':
      return client.reserve(one.request);
    case 'renew':
      return client.renew(one.request);
    case 'commit':
      return client.commit(one.request);
    case 'release':
      return client.release(one.request);
  }
}

/** The first half in the order in which they were sent, the rest in any. */
async function replay(count: number): Promise<void> {
  const ordered = Array.from({ length: Math.floor(count / 2) }, (_value, at) => recorded[at % recorded.length]);
  const queue = [
    ...ordered,
    ...Array.from({ length: count - ordered.length }, () => dice.pick(recorded)),
  ] as Recorded[];
  const lane = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const { code, answer } = await outcomeOf(send(one));
      if (answer === undefined) expect(MOVED_ON).toContain(code);
      else expect([one.request.executionId, answer.receipt.replayed]).toStrictEqual([one.request.executionId, true]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/** Each request with one thing changed. */
function alterationsOf(one: Recorded): readonly Recorded[] {
  switch (one.method) {
    case 'evaluate': {
      const { intent } = one.request;
      const intents = [
        { ...intent, subject: 'somebody else' },
        { ...intent, parameters: { ...intent.parameters, to: 'somebody else' } },
        { ...intent, policyId: intent.policyId === 'transfers' ? 'brief-transfers' : 'transfers' },
      ];
      return [
        ...intents.map((altered): Recorded => ({ method: 'evaluate', request: { ...one.request, intent: altered } })),
        { method: 'evaluate', request: { ...one.request, reevaluate: newCommitId() } },
      ];
    }
    case 'reserve':
      return [
        { method: 'reserve', request: { ...one.request, holder: newHolder() } },
        { method: 'reserve', request: { ...one.request, executionId: 'never-seen' } },
      ];
    case 'commit': {
      const { request } = one;
      const altered: readonly CommitRequest[] = [
        { ...request, outcome: request.outcome === 'failed' ? 'succeeded' : 'failed' },
        { ...request, result: { transfer: 'another' } },
        { ...request, parameters: `sha256:${'1'.repeat(64)}` },
        { ...request, holder: newHolder() },
        { ...request, attempt: 2 },
      ];
      return altered.map((changed) => ({ method: 'commit', request: changed }));
    }
    case 'renew':
      return [{ method: 'renew', request: { ...one.request, holder: newHolder() } }];
    case 'release':
      return [{ method: 'release', request: { ...one.request, holder: newHolder() } }];
  }
}

async function eventIds(): Promise<Readonly<Record<string, readonly string[]>>> {
  const stored = await storedExecutions(`sqlite:${join(folder, '.writ/ledger.db')}`);
  return Object.fromEntries([...stored].map(([stream, execution]) => [stream, execution.eventIds]));
}
