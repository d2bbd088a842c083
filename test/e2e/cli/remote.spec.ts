import { join } from 'node:path';

import { createToken } from '@writ/instance';

import { removeFolders, startTestServer, temporaryFolder, type TestServer } from '../harness/server.js';
import { argumentsOf, order, POLICIES, writ, type Circumstances, type Ran } from './writ.js';

jest.setTimeout(60_000);

let server: TestServer;
let env: Record<string, string>;
let callerToken: string;

beforeAll(async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'tokens.json');
  const createdAt = new Date().toISOString();
  const token = createToken(file, { name: 'ops', role: 'operator', tenants: '*', actions: '*' }, createdAt);
  const caller = { name: 'api', role: 'caller', tenants: ['acme'], actions: ['payment.send'] } as const;
  callerToken = createToken(file, caller, createdAt);
  server = await startTestServer({ folder, env: { WRIT_TOKENS_FILE: file } });
  env = { WRIT_ADDRESS: `127.0.0.1:${server.grpcPort}`, WRIT_TOKEN: token, WRIT_TENANT: 'acme' };
  const published = await writ(['policy', 'publish', join(POLICIES, 'payment.yaml'), '--activate'], { env });
  expect(published).toMatchObject({ exitCode: 0 });
});

afterAll(async () => {
  await server.stop();
  removeFolders();
});

const ask = (args: readonly string[], circumstances: Circumstances = {}): Promise<Ran> =>
  writ(args, { env, ...circumstances });

describe('a ledger over the network', () => {
  const grantFile = join(temporaryFolder(), 'grant.json');

  it('governs an execution from evaluate to commit', async () => {
    const admitted = await ask(['evaluate', '-', '--save', grantFile, '--json'], { stdin: order('r-1') });
    expect(admitted.json()).toMatchObject({ receipt: { tenant: 'acme', decision: { outcome: 'admitted' } } });
    const again = await ask(['evaluate', '-', '--reserve', '--json'], { stdin: order('r-1') });
    expect(again.exitCode).toBe(5);
    expect(again.json()).toMatchObject({ error: { code: 'INV-013', details: { receipt: { executionId: 'r-1' } } } });
    const args = ['--parameters', JSON.stringify(argumentsOf('r-1'))];
    const committed = await ask(['commit', '-g', grantFile, ...args, '--json']);
    expect(committed.json().receipt.events.at(-1)).toMatchObject({ type: 'ExecutionCommitted' });
  });

  it('is told in the form that HTTP has', async () => {
    const shown = await ask(['show', 'r-1', '--json']);
    const response = await fetch(`http://127.0.0.1:${server.httpPort}/v1/acme/executions/r-1`, {
      headers: { authorization: `Bearer ${env['WRIT_TOKEN']}` },
    });
    expect(shown.json()).toEqual(await response.json());
  });

  it('is watched until interrupted', async () => {
    const interruption = new AbortController();
    const watching = ask(['show', 'r-1', '--watch', '--json'], { interrupted: interruption.signal });
    setTimeout(() => interruption.abort(), 1_500);
    const ran = await watching;
    expect(ran.lines()[0]).toMatchObject({ executionId: 'r-1', state: 'committed' });
  });

  it('lets nobody in without a token, and callers only so far', async () => {
    const stranger = await ask(['show', 'r-1', '--token', `writ_${'A'.repeat(43)}`]);
    expect(stranger).toMatchObject({ exitCode: 4, stderr: expect.stringMatching(/^UNAUTHENTICATED: /) });
    expect(stranger.stdout + stranger.stderr).not.toContain('writ_AAA');
    const settle = ['reconcile', 'r-1', '--attempt', '1', '--outcome', 'failed', '--reason', 'r'];
    const caller = await ask([...settle, '--token', callerToken]);
    expect(caller).toMatchObject({ exitCode: 4, stderr: expect.stringMatching(/^PERMISSION_DENIED: /) });
  });

  it('lists policies and their findings', async () => {
    expect((await ask(['policy', 'list', '--json'])).json()).toMatchObject({
      policies: [{ policyId: 'payment', state: 'in_force' }],
    });
    const refused = await ask(['policy', 'publish', '-'], { stdin: 'id: x\nversion: 1\n' });
    expect(refused).toMatchObject({ exitCode: 4, stderr: expect.stringMatching(/^POLICY_INVALID: /) });
    expect(refused.stderr).toMatch(/\d+:\d+ FIELD_/);
  });

  it('is healthy', async () => {
    const healthy = await ask(['health', '--http', `127.0.0.1:${server.httpPort}`, '--json']);
    expect(healthy).toMatchObject({ exitCode: 0, stderr: '' });
    expect(healthy.json()).toMatchObject({ healthy: true, status: 'ready' });
    expect((await ask(['health', '--http', `127.0.0.1:${server.httpPort}`, '--live'])).exitCode).toBe(0);
  });
});

describe('a ledger that cannot be reached', () => {
  it('is Unavailable, within the time that callers give', async () => {
    const health = await writ(['health', '--http', '127.0.0.1:1', '--json']);
    expect(health).toMatchObject({ exitCode: 6, stderr: expect.stringMatching(/^SERVER_UNREACHABLE: /) });
    expect(health.json()).toMatchObject({ error: { code: 'SERVER_UNREACHABLE', retryable: true, exitCode: 6 } });
    const evaluation = await writ(['evaluate', '-', '--reserve', '--address', '127.0.0.1:1'], { stdin: order('x') });
    expect(evaluation).toMatchObject({ exitCode: 6 });
    expect(evaluation.stderr).toMatch(/SERVER_UNREACHABLE: /);
  });

  it('beyond loopback is not talked to in the clear', async () => {
    const ran = await writ(['show', 'x', '--address', 'ledger.example:7420']);
    expect(ran).toMatchObject({ exitCode: 78, stderr: expect.stringMatching(/^CONFIGURATION_INVALID: /) });
  });
});
