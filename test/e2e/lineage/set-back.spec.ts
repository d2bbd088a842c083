import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { GrpcClient, http, statusOf } from '../harness/clients.js';
import { removeFolders, startTestServer, temporaryFolder, type TestServer } from '../harness/server.js';
import { evaluateRequest, publishLoanPolicy } from '../harness/story.js';

jest.setTimeout(120_000);

/** The database and what SQLite keeps beside it. */
const FILES = ['ledger.db', 'ledger.db-wal', 'ledger.db-shm'];

describe('a server whose store was replaced by an older copy of it', () => {
  const folder = temporaryFolder();
  const store = join(folder, '.writ/ledger.db');
  const copy = join(folder, 'older.db');
  let server: TestServer;
  let executions: GrpcClient;
  let checkpointBefore: string;

  beforeAll(async () => {
    // 1. A ledger with something in it, and a copy of its store.
    await begin();
    await publishLoanPolicy(server.httpPort, 'acme');
    await executions.call('Evaluate', evaluateRequest('early-1'));
    await anchored('early-1');
    await end();
    copyFileSync(store, copy);
    // 2. More happens after the copy.
    await begin();
    await executions.call('Evaluate', evaluateRequest('late-1'));
    await anchored('late-1');
    checkpointBefore = (await http(server.httpPort, 'GET', '/checkpoint')).body;
    expect(await end()).toBe(0);
    // 3. The copy is put in the store's place; key, state, lineage and mark stay.
    for (const name of FILES) rmSync(join(folder, '.writ', name), { force: true });
    copyFileSync(copy, store);
    await begin();
  });
  afterAll(async () => {
    executions.close();
    server.process.kill('SIGKILL');
    removeFolders();
  });

  async function begin(): Promise<void> {
    server = await startTestServer({ folder, env: { WRIT_ANCHOR_INTERVAL_MS: '200' } });
    executions = new GrpcClient('ExecutionService', server.grpcPort);
  }

  function end(): ReturnType<TestServer['stop']> {
    executions.close();
    return server.stop();
  }

  async function anchored(executionId: string): Promise<void> {
    const path = `/v1/acme/executions/${executionId}/standing?timeoutMs=30000`;
    expect((await http(server.httpPort, 'GET', path)).body.reached).toBe(true);
  }

  it('takes no writes, and gives no grant again', async () => {
    for (const executionId of ['early-2', 'late-1']) {
      const refused = await statusOf(executions.call('Evaluate', evaluateRequest(executionId)));
      expect([executionId, refused.code]).toEqual([executionId, 'LEDGER_ROLLED_BACK']);
    }
    const { status, body } = await http(server.httpPort, 'POST', '/v1/acme/policies/loan-approval/retire', {
      version: '1.0.3',
      reason: 'test',
    });
    expect([status, body.code]).toEqual([500, 'LEDGER_ROLLED_BACK']);
  });

  it('says so, and is read all the same', async () => {
    const { status, body } = await http(server.httpPort, 'GET', '/health/ready');
    expect(status).toBe(503);
    expect(body.checks).toContainEqual({ name: 'lineage', ok: false, code: 'LEDGER_ROLLED_BACK' });
    const { execution } = await executions.call('GetExecution', { tenant: 'acme', executionId: 'early-1' });
    expect(execution.state).toBe('EXECUTION_STATE_RESERVED');
    const metrics = (await http(server.httpPort, 'GET', '/metrics')).body as string;
    expect(metrics).toContain('writ_lineage_fault 1');
    expect(metrics).toContain('writ_ready 0');
  });

  it('signs nothing', async () => {
    await new Promise((wake) => setTimeout(wake, 1_000));
    const { status, body } = await http(server.httpPort, 'GET', '/checkpoint');
    // What it shows, if anything, was signed before.
    if (status === 200)
      expect(Number(body.split('\n')[1])).toBeLessThanOrEqual(Number(checkpointBefore.split('\n')[1]));
    expect(server.logText()).toContain('LEDGER_ROLLED_BACK');
  });

  it('ends with the code that says: stop and look', async () => {
    expect(await server.stop()).toBe(7);
  });
});
