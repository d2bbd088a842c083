import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { GrpcClient, http, readStatus, statusOf, type Json, type Loose } from './harness/clients.js';
import { removeFolders, startTestServer } from './harness/server.js';
import { evaluateBody, evaluateRequest, publishLoanPolicy } from './harness/story.js';

afterAll(removeFolders);

describe('shutdown', () => {
  it('answers what is under way, loses nothing that was answered, and exits with 0', async () => {
    const server = await startTestServer();
    await publishLoanPolicy(server.httpPort, 'acme');
    const client = new GrpcClient('ExecutionService', server.grpcPort);
    const acknowledged: string[] = [];
    const refused = new Map<string, string>();
    const evaluate = async (id: string): Promise<void> => {
      try {
        await client.call('Evaluate', evaluateRequest(id));
        acknowledged.push(id);
      } catch (error) {
        const status = readStatus(error as never);
        refused.set(id, status.code ?? `grpc ${status.grpc}`);
      }
    };
    const calls = Array.from({ length: 300 }, (_, index) => evaluate(`down-${index}`));
    await until(async () => acknowledged.length >= 20);
    const ended = server.stop('SIGTERM');
    calls.push(...Array.from({ length: 50 }, (_, index) => evaluate(`late-${index}`)));
    await Promise.all(calls);
    expect(await ended).toBe(0);
    client.close();
    // A connection that is gone is all that a caller may see besides the code.
    const codes = new Set(refused.values());
    expect([...codes].filter((code) => code !== 'SHUTTING_DOWN' && code !== 'grpc 14')).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(0);

    const again = await startTestServer({ folder: server.folder });
    const reader = new GrpcClient('ExecutionService', again.grpcPort);
    for (const executionId of acknowledged) {
      const { execution } = await reader.call('GetExecution', { tenant: 'acme', executionId });
      expect(execution.state).toBe('EXECUTION_STATE_RESERVED');
    }
    // Nor was anything recorded whose answer did not arrive.
    for (const executionId of refused.keys()) {
      const { code } = await statusOf(reader.call('GetExecution', { tenant: 'acme', executionId }));
      expect([executionId, code]).toEqual([executionId, 'EXECUTION_NOT_FOUND']);
    }
    reader.close();
    await again.stop();
  }, 90_000);

  it('ends open streams and watches with a coded status', async () => {
    const server = await startTestServer();
    await publishLoanPolicy(server.httpPort, 'acme');
    const client = new GrpcClient('ExecutionService', server.grpcPort);
    await client.call('Evaluate', evaluateRequest('open-1'));
    const stream = client.raw['EvaluateStream'](client.metadata());
    const watch = client.raw['WatchExecution']({ tenant: 'acme', executionId: 'open-1' }, client.metadata());
    const errors = [stream, watch].map(
      (call) => new Promise<Loose>((settle) => call.on('error', settle).on('data', () => undefined)),
    );
    stream.write({ correlationId: '1', request: evaluateRequest('open-2') });
    await new Promise<void>((settle) => stream.once('data', () => settle()));
    const ended = server.stop('SIGINT');
    for (const error of errors) expect(readStatus(await error)).toMatchObject({ grpc: 14, code: 'SHUTTING_DOWN' });
    expect(await ended).toBe(0);
    client.close();
  }, 60_000);

  it('does not wait at the second signal', async () => {
    const server = await startTestServer({ env: { WRIT_DRAIN_MS: '600000' } });
    const gone = new AbortController();
    const hanging = fetch(`http://127.0.0.1:${server.httpPort}/v1/acme/executions`, { signal: gone.signal });
    await hanging;
    server.process.kill('SIGTERM');
    expect([0, 130]).toContain(await server.stop('SIGTERM'));
  }, 60_000);
});

describe('a bug that nobody caught', () => {
  it('ends the process with 70, and the log says where it was and not what it said', async () => {
    // Thrown on a timer of the server's own process, as soon as the file is there.
    const bug =
      'import{existsSync}from"node:fs";' +
      'setInterval(()=>{if(existsSync("boom"))throw new Error(["S3","CRET"].join(""))},100).unref()';
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(bug)}` };
    const server = await startTestServer({ env });
    const ended = new Promise((settle) => server.process.once('exit', settle));
    writeFileSync(join(server.folder, 'boom'), '');
    const code = await ended;
    expect(code).toBe(70);
    expect(server.logLines().find((line) => line['level'] === 60)).toMatchObject({ failure: { name: 'Error' } });
    expect(server.logText()).not.toContain('S3CRET');
  }, 60_000);
});

describe('readiness', () => {
  it('is refused within a second when the store takes no writes, and comes back by itself', async () => {
    const server = await startTestServer({ env: { WRIT_MIN_FREE_BYTES: '0' } });
    await publishLoanPolicy(server.httpPort, 'acme');
    const folder = join(server.folder, '.writ');
    const moved = readdirSync(folder).filter((name) => name.startsWith('ledger.db'));
    mkdirSync(join(server.folder, 'away'));
    for (const name of moved) renameSync(join(folder, name), join(server.folder, 'away', name));
    const notReady = await until(async () => (await http(server.httpPort, 'GET', '/health/ready')).status === 503);
    expect(notReady).toBeLessThan(2_000);
    const refused = await http(server.httpPort, 'POST', '/v1/acme/executions/r-1/evaluate', evaluateBody('r-1'));
    expect(refused.status).toBeGreaterThanOrEqual(500);
    for (const name of moved) renameSync(join(server.folder, 'away', name), join(folder, name));
    await until(async () => (await http(server.httpPort, 'GET', '/health/ready')).status === 200);
    expect((await http(server.httpPort, 'GET', '/health/live')).status).toBe(200);
    await server.stop();
  }, 60_000);
});

describe('deadlines and load', () => {
  it('refuses more than fits, coded, with the time to retry, and nothing begun', async () => {
    const server = await startTestServer({ env: { WRIT_APPEND_QUEUE: '4' } });
    await publishLoanPolicy(server.httpPort, 'acme');
    const client = new GrpcClient('ExecutionService', server.grpcPort);
    const calls = Array.from({ length: 60 }, (_, index) => client.call('Evaluate', evaluateRequest(`load-${index}`)));
    const ended = await Promise.allSettled(calls);
    const failures = ended.flatMap((one) => (one.status === 'rejected' ? [readStatus(one.reason as never)] : []));
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) {
      expect(failure).toMatchObject({ grpc: 8, code: 'OVERLOADED', metadata: { mayHaveHappened: 'false' } });
      expect(Object.keys(failure.details)).toContain('google.rpc.RetryInfo');
    }
    const refusedAt = ended.findIndex((one) => one.status === 'rejected');
    const missing = await statusOf(client.call('GetExecution', { tenant: 'acme', executionId: `load-${refusedAt}` }));
    expect(missing.code).toBe('EXECUTION_NOT_FOUND');
    client.close();
    await server.stop();
  }, 60_000);
});

describe('tracing', () => {
  it('sends a span for each call, under the parent that the caller named, and keeps it in the event', async () => {
    const bodies: string[] = [];
    const collector = createServer((request, answer) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        bodies.push(body);
        answer.end('{}');
      });
    });
    await new Promise<void>((settle) => collector.listen(0, '127.0.0.1', settle));
    const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    const server = await startTestServer({ env: { WRIT_OTLP_ENDPOINT: endpoint } });
    await publishLoanPolicy(server.httpPort, 'acme');
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    await http(server.httpPort, 'POST', '/v1/acme/executions/t-1/evaluate', evaluateBody('t-1'), headers);
    await server.stop();
    collector.close();
    const spans = bodies.flatMap(
      (body) => (JSON.parse(body) as Json)['resourceSpans'][0].scopeSpans[0].spans as Json[],
    );
    const span = spans.find((one) => one['traceId'] === traceId);
    expect(span).toMatchObject({ name: 'Evaluate', parentSpanId: 'b7ad6b7169203331', kind: 2 });
  }, 60_000);
});

/** Waits until `look` says so; how long it took. */
async function until(look: () => Promise<boolean>): Promise<number> {
  const startedMs = Date.now();
  while (!(await look())) {
    if (Date.now() - startedMs > 15_000) throw new Error('it did not happen within 15 s');
    await new Promise((wake) => setTimeout(wake, 50));
  }
  return Date.now() - startedMs;
}
