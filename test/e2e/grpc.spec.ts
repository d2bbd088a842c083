import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

import { v7 } from './harness/ids.js';
import { GrpcClient, readStatus, statusOf, type Json, type Loose } from './harness/clients.js';
import { removeFolders, startTestServer, type TestServer } from './harness/server.js';
import { evaluateRequest, publishLoanPolicy } from './harness/story.js';

let server: TestServer;
let client: GrpcClient;
let policies: GrpcClient;

beforeAll(async () => {
  server = await startTestServer({ env: { WRIT_MAX_BATCH: '8' } });
  await publishLoanPolicy(server.httpPort, 'acme');
  client = new GrpcClient('ExecutionService', server.grpcPort);
  policies = new GrpcClient('PolicyService', server.grpcPort);
}, 60_000);

afterAll(async () => {
  client.close();
  policies.close();
  await server.stop();
  removeFolders();
});

function commitOf(request: Json, grant: Json, outcome = 'RUN_OUTCOME_SUCCEEDED'): Json {
  const payload = JSON.parse(grant['payload'] as string) as Json;
  return {
    tenant: request['tenant'],
    executionId: request['executionId'],
    attempt: payload['attempt'],
    holder: request['holder'],
    commitId: v7(),
    outcome,
    parameters: payload['parameters'],
  };
}

describe('the life of an execution', () => {
  it('is evaluated, run, committed, and never runs again', async () => {
    const request = evaluateRequest('life-1');
    const answer = await client.call('Evaluate', request);
    expect(answer['receipt'].decision).toMatchObject({ outcome: 'OUTCOME_ADMITTED', rule: 'prime', evaluation: 1 });
    expect(answer['receipt'].events.map((event: Json) => event['type'])).toEqual([
      'DecisionAdmitted',
      'ReservationPlaced',
    ]);
    expect(answer['grant'].signature).toHaveLength(64);
    const commit = commitOf(request, answer['grant']);
    const committed = await client.call('Commit', commit);
    expect(committed['receipt'].replayed).toBe(false);
    expect((await client.call('Commit', commit))['receipt'].replayed).toBe(true);

    const again = await statusOf(client.call('Evaluate', { ...request, holder: Buffer.alloc(16, 9) }));
    expect(again).toMatchObject({ grpc: 6, code: 'INV-013' });
    expect(Object.keys(again.details)).toContain('writ.v1.Receipt');
    const { execution } = await client.call('GetExecution', { tenant: 'acme', executionId: 'life-1' });
    expect(execution.state).toBe('EXECUTION_STATE_COMMITTED');
    expect(execution.events).toHaveLength(3);
  });

  it('gives its holder the grant again, and nobody else', async () => {
    const request = evaluateRequest('life-2');
    const first = await client.call('Evaluate', request);
    const second = await client.call('Evaluate', request);
    expect(second['reissued']).toBe(true);
    const payloads = [first, second].map((answer) => JSON.parse(answer['grant'].payload) as Json);
    expect(payloads[1]).toMatchObject({ attempt: 1, expiresAt: payloads[0]!['expiresAt'] });
    const other = await statusOf(client.call('Evaluate', { ...request, holder: Buffer.alloc(16, 1) }));
    expect(other.code).toBe('INV-013');
  });

  it('reserves later, renews, releases, reconciles', async () => {
    const request = evaluateRequest('life-3');
    const decided = await client.call('Evaluate', { ...request, holder: Buffer.alloc(0), noReserve: true });
    expect(decided['grant'] ?? null).toBeNull();
    const { tenant, executionId, holder } = request;
    const reserved = await client.call('Reserve', { tenant, executionId, holder });
    const attempt = JSON.parse(reserved['grant'].payload).attempt as number;
    const renewed = await client.call('Renew', { tenant, executionId, attempt, holder, ttlMs: 600_000 });
    expect(JSON.parse(renewed['grant'].payload).ttlMs).toBe(600_000);
    await client.call('Release', { tenant, executionId, attempt, holder, reason: 'not now' });
    // A holder stands for one attempt.
    const other = { ...request, holder: Buffer.alloc(16, 5) };
    const next = await client.call('Reserve', { tenant, executionId, holder: other['holder'] });
    const unknown = commitOf(other, next['grant'], 'RUN_OUTCOME_UNKNOWN');
    await client.call('Commit', unknown);
    await client.call('Reconcile', {
      tenant,
      executionId,
      attempt: unknown['attempt'],
      outcome: 'RUN_OUTCOME_SUCCEEDED',
      reason: 'the bank shows it',
    });
    const { execution } = await client.call('GetExecution', { tenant, executionId });
    expect(execution.state).toBe('EXECUTION_STATE_COMMITTED');
  });

  it('tells denied and escalated apart, and simulates without recording', async () => {
    const denied = await client.call('Evaluate', evaluateRequest('life-4', { score: 500 }));
    expect(denied['receipt'].decision.outcome).toBe('OUTCOME_DENIED');
    const escalated = await client.call('Evaluate', evaluateRequest('life-5', { amount: 50_000 }));
    expect(escalated['receipt'].decision.outcome).toBe('OUTCOME_ESCALATED');
    const { holder: _holder, ...simulation } = evaluateRequest('life-6');
    const simulated = await client.call('Simulate', simulation);
    expect(simulated['decision']).toMatchObject({ outcome: 'OUTCOME_ADMITTED', decisionId: '' });
    const missing = await statusOf(client.call('GetExecution', { tenant: 'acme', executionId: 'life-6' }));
    expect(missing).toMatchObject({ grpc: 5, code: 'EXECUTION_NOT_FOUND' });
  });

  it('lists by state', async () => {
    const deadline = Date.now() + 5_000;
    let ids: string[] = [];
    while (!ids.includes('life-4') && Date.now() < deadline) {
      const { executions } = await client.call('ListExecutions', {
        tenant: 'acme',
        states: ['EXECUTION_STATE_DENIED'],
      });
      ids = executions.map((execution: Json) => execution['executionId']);
    }
    expect(ids).toEqual(['life-4']);
  });
});

describe('batch', () => {
  it('answers in order, items independent of each other', async () => {
    const requests = [
      evaluateRequest('batch-1'),
      { ...evaluateRequest('batch-2'), tenant: 'NOT A TENANT' },
      evaluateRequest('batch-3', { score: 400 }),
      evaluateRequest('batch-1'),
    ];
    const { results } = await client.call('EvaluateBatch', { requests });
    expect(results[1].error).toMatchObject({ code: 'NAME_INVALID', kind: 'Rejected', grpcStatus: 3 });
    expect(results[2].response.receipt.executionId).toBe('batch-3');
    // Two holders ask for the same execution: one of them wins, whichever is first.
    const winners = [results[0], results[3]].filter((result: Json) => result['result'] === 'response');
    const losers = [results[0], results[3]].filter((result: Json) => result['result'] === 'error');
    expect(winners).toHaveLength(1);
    expect(losers[0].error).toMatchObject({ code: 'INV-013', grpcStatus: 6 });
    expect(losers[0].error.original.executionId).toBe('batch-1');
  });

  it('has a cap with a name', async () => {
    const requests = Array.from({ length: 9 }, (_, index) => evaluateRequest(`cap-${index}`));
    const refused = await statusOf(client.call('EvaluateBatch', { requests }));
    expect(refused).toMatchObject({ grpc: 3, code: 'BATCH_TOO_LARGE', metadata: { maxItems: '8' } });
  });
});

describe('stream', () => {
  it('answers each request under its correlation id, and ends after the last', async () => {
    const stream = client.raw['EvaluateStream'](client.metadata());
    const answers = new Map<string, Json>();
    const ended = new Promise<void>((settle, reject) => {
      stream.on('data', (answer: Json) => answers.set(answer['correlationId'] as string, answer['result'] as Json));
      stream.on('end', settle);
      stream.on('error', reject);
    });
    const big = '18446744073709551615';
    for (let index = 0; index < 40; index++) {
      stream.write({ correlationId: String(index), request: evaluateRequest(`stream-${index}`) });
    }
    stream.write({ correlationId: big, request: { ...evaluateRequest('x'), executionId: 'not a name' } });
    stream.end();
    await ended;
    expect(answers.size).toBe(41);
    for (let index = 0; index < 40; index++) {
      expect(answers.get(String(index))!['response'].receipt.executionId).toBe(`stream-${index}`);
    }
    expect(answers.get(big)!['error'].code).toBe('NAME_INVALID');
  });
});

describe('watch', () => {
  it('tells the execution now and after each event, until the client goes', async () => {
    const request = evaluateRequest('watch-1');
    const { grant } = await client.call('Evaluate', request);
    const call = client.raw['WatchExecution']({ tenant: 'acme', executionId: 'watch-1' }, client.metadata());
    const states: string[] = [];
    const committed = new Promise<void>((settle) => {
      call.on('data', ({ execution }: Json) => {
        states.push(execution.state);
        if (states.length === 1) void client.call('Commit', commitOf(request, grant));
        if (execution.state === 'EXECUTION_STATE_COMMITTED') settle();
      });
    });
    const cancelled = new Promise((settle) => call.on('error', settle));
    await committed;
    expect(states).toEqual(['EXECUTION_STATE_RESERVED', 'EXECUTION_STATE_COMMITTED']);
    call.cancel();
    await cancelled;
  });

  it('refuses what does not exist', async () => {
    const call = client.raw['WatchExecution']({ tenant: 'acme', executionId: 'nowhere' }, client.metadata());
    const error = await new Promise<Loose>((settle) => call.on('error', settle).on('data', () => undefined));
    expect(readStatus(error)).toMatchObject({ grpc: 5, code: 'EXECUTION_NOT_FOUND' });
  });
});

describe('errors and deadlines', () => {
  it('names the field', async () => {
    const request = evaluateRequest('err-1');
    request['intent'].signals.bureau.observedAt = 'yesterday';
    const refused = await statusOf(client.call('Evaluate', request));
    expect(refused).toMatchObject({ grpc: 3, code: 'REQUEST_INVALID' });
    expect(refused.details['google.rpc.BadRequest']!['fieldViolations'][0].field).toBe(
      'intent.signals.bureau.observed_at',
    );
  });

  it('ends with a coded DEADLINE_EXCEEDED, and the retry with the same ids is answered', async () => {
    const request = evaluateRequest('deadline-1');
    const error = await new Promise<Loose>((settle) => {
      client.raw['Evaluate'](request, client.metadata(), { deadline: Date.now() + 1 }, settle);
    });
    expect(error.code).toBe(4);
    const answer = await client.call('Evaluate', request);
    expect(answer['grant']).not.toBeNull();
  });
});

describe('policies', () => {
  it('lints, gets, lists and diffs', async () => {
    const lint = await policies.call('LintPolicy', { text: 'id: 7', format: 'POLICY_FORMAT_YAML' });
    expect(lint['publishable']).toBe(false);
    expect(lint['findings'][0].line).toBeGreaterThan(0);
    const { policy } = await policies.call('GetPolicy', { tenant: 'acme', policyId: 'loan-approval' });
    expect(JSON.parse(policy.documentJson).id).toBe('loan-approval');
    expect(policy.state).toBe('POLICY_VERSION_STATE_IN_FORCE');
    const listed = await policies.call('ListPolicies', { tenant: 'acme' });
    expect(listed['policies']).toHaveLength(1);
    const { version } = policy;
    const diff = await policies.call('DiffPolicies', {
      tenant: 'acme',
      policyId: 'loan-approval',
      fromVersion: version,
      toVersion: version,
    });
    expect(JSON.parse(diff['changesJson'])).toEqual([]);
    const other = await statusOf(policies.call('GetPolicy', { tenant: 'acme', policyId: 'nothing' }));
    expect(other).toMatchObject({ grpc: 5, code: 'POLICY_UNKNOWN' });
  });
});

describe('health and reflection', () => {
  const buf = (path: string, request: Json): string =>
    execFileSync(
      resolve(__dirname, '../../node_modules/.bin/buf'),
      // From a folder without a buf module, so that the schema comes from reflection.
      ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '-d', JSON.stringify(request), url(path)],
      { cwd: server.folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
    );
  const url = (path: string): string => `http://127.0.0.1:${server.grpcPort}/${path}`;

  it('are enough for `buf curl`', () => {
    const { tenant, executionId, intent } = evaluateRequest('buf-1');
    const answer = buf('writ.v1.ExecutionService/Evaluate', { tenant, executionId, intent, noReserve: true });
    expect(JSON.parse(answer).receipt.decision.outcome).toBe('OUTCOME_ADMITTED');
    expect(JSON.parse(buf('grpc.health.v1.Health/Check', {}))).toEqual({ status: 'SERVING' });
  });
});
