import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join, resolve } from 'node:path';

import { credentials, loadPackageDefinition, type ChannelCredentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { createToken } from '@writ/instance';

import { GrpcClient, http, statusOf, type Json, type Loose, type RpcStatus } from './harness/clients.js';
import { v7 } from './harness/ids.js';
import { removeFolders, startTestServer, temporaryFolder, type TestServer } from './harness/server.js';
import { evaluateRequest, publishLoanPolicy } from './harness/story.js';

afterAll(removeFolders);

describe('tokens and roles', () => {
  let server: TestServer;
  const tokens: Record<string, string> = {};
  const clients: Record<string, GrpcClient> = {};

  beforeAll(async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'tokens.json');
    const createdAt = new Date().toISOString();
    const add = (
      name: string,
      role: 'caller' | 'auditor' | 'operator',
      tenants: string[] | '*',
      actions: string[] | '*',
    ) => {
      tokens[name] = createToken(file, { name, role, tenants, actions }, createdAt);
    };
    add('operator', 'operator', '*', '*');
    add('acme', 'caller', ['acme'], ['loan.disburse']);
    add('acme-other-action', 'caller', ['acme'], ['payment.send']);
    add('globex', 'caller', ['globex'], '*');
    add('auditor', 'auditor', ['acme'], '*');
    server = await startTestServer({ folder, env: { WRIT_TOKENS_FILE: file, WRIT_PUBLIC_HEALTH: 'no' } });
    await publishLoanPolicy(server.httpPort, 'acme', tokens['operator']);
    for (const [name, token] of Object.entries(tokens)) {
      clients[name] = new GrpcClient('ExecutionService', server.grpcPort, { token });
    }
    clients['nobody'] = new GrpcClient('ExecutionService', server.grpcPort);
    clients['stranger'] = new GrpcClient('ExecutionService', server.grpcPort, { token: `writ_${'x'.repeat(43)}` });
  }, 60_000);

  afterAll(async () => {
    for (const client of Object.values(clients)) client.close();
    await server.stop();
  });

  const as = (name: string): GrpcClient => clients[name]!;

  it('are needed, and unknown ones let nobody in', async () => {
    for (const name of ['nobody', 'stranger']) {
      const refused = await statusOf(as(name).call('Evaluate', evaluateRequest('a-0')));
      expect(refused).toMatchObject({ grpc: 16, code: 'UNAUTHENTICATED' });
    }
    for (const path of ['/v1/acme/executions', '/metrics', '/health/live', '/health/ready']) {
      const refused = await http(server.httpPort, 'GET', path);
      expect([path, refused.status, refused.headers.get('www-authenticate')]).toEqual([path, 401, 'Bearer']);
    }
    const basic = await http(server.httpPort, 'GET', '/v1/acme/executions', undefined, { authorization: 'Basic eDp5' });
    expect(basic.status).toBe(401);
  });

  it('say who asked: the actor stands in the event', async () => {
    const { receipt } = await as('acme').call('Evaluate', evaluateRequest('a-1'));
    expect(JSON.parse(receipt.events[0].data).actor).toEqual({ id: 'acme', role: 'caller' });
  });

  it('bind callers to their actions, auditors to reading, and leave reconciling to operators', async () => {
    const refusals = [
      as('acme-other-action').call('Evaluate', evaluateRequest('a-2')),
      as('auditor').call('Evaluate', evaluateRequest('a-2')),
      as('acme').call('Reconcile', {
        tenant: 'acme',
        executionId: 'a-1',
        attempt: 1,
        outcome: 'RUN_OUTCOME_FAILED',
        reason: 'x',
      }),
    ];
    for (const refusal of refusals) {
      expect(await statusOf(refusal)).toMatchObject({ grpc: 7, code: 'PERMISSION_DENIED' });
    }
    const { execution } = await as('auditor').call('GetExecution', { tenant: 'acme', executionId: 'a-1' });
    expect(execution.state).toBe('EXECUTION_STATE_RESERVED');
    const published = await http(server.httpPort, 'POST', '/v1/acme/policies', { text: 'x' }, bearer('acme'));
    expect(published.status).toBe(403);
  });

  it('give a foreign tenant the same answer as what does not exist, on every call', async () => {
    const calls: Record<string, (executionId: string) => Json> = {
      Evaluate: (executionId) => evaluateRequest(executionId),
      Simulate: (executionId) => {
        const { holder: _holder, ...rest } = evaluateRequest(executionId);
        return rest;
      },
      Reserve: (executionId) => ({ tenant: 'acme', executionId, holder: Buffer.alloc(16, 1) }),
      Renew: (executionId) => ({ tenant: 'acme', executionId, holder: Buffer.alloc(16, 1), attempt: 1 }),
      Commit: (executionId) => ({
        tenant: 'acme',
        executionId,
        holder: Buffer.alloc(16, 1),
        attempt: 1,
        commitId: v7(),
        outcome: 'RUN_OUTCOME_SUCCEEDED',
        parameters: `sha256:${'0'.repeat(64)}`,
      }),
      Release: (executionId) => ({ tenant: 'acme', executionId, holder: Buffer.alloc(16, 1), attempt: 1, reason: 'x' }),
      GetExecution: (executionId) => ({ tenant: 'acme', executionId }),
      ListExecutions: () => ({ tenant: 'acme' }),
    };
    for (const [method, requestOf] of Object.entries(calls)) {
      const existing = await statusOf(as('globex').call(method, requestOf('a-1')));
      const missing = await statusOf(as('globex').call(method, requestOf('a-none')));
      // The id that was asked for is told back; nothing else may differ.
      const shown = ({ grpc, code, metadata }: RpcStatus, id: string): string =>
        JSON.stringify([method, grpc, code, metadata]).replaceAll(id, 'ID');
      expect(shown(existing, 'a-1')).toBe(shown(missing, 'a-none'));
    }
  });

  it('guard the gRPC health service too, when it is not public', async () => {
    const file = resolve(__dirname, '../../node_modules/grpc-health-check/proto/health/v1/health.proto');
    const loaded: Loose = loadPackageDefinition(loadSync(file, { enums: String }));
    const health: Loose = new loaded.grpc.health.v1.Health(
      `127.0.0.1:${server.grpcPort}`,
      credentials.createInsecure(),
    );
    const error = await new Promise<Loose>((settle) => health.check({ service: '' }, settle));
    expect(error.code).toBe(16);
    const answer = await new Promise((settle) =>
      health.check({ service: '' }, as('auditor').metadata(), (_failure: unknown, value: unknown) => settle(value)),
    );
    expect(answer).toEqual({ status: 'SERVING' });
    health.close();
  });

  function bearer(name: string): Record<string, string> {
    return { authorization: `Bearer ${tokens[name]}` };
  }
});

describe('TLS', () => {
  const folder = temporaryFolder();
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const files = { WRIT_TLS_CERT_FILE: cert, WRIT_TLS_KEY_FILE: key };
  const missing = { tenant: 'acme', executionId: 'x' };

  beforeAll(() => {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const output = ['-keyout', key, '-out', cert, '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...curve, ...output, ...subject], { stdio: 'ignore' });
  });

  const over = (port: number, channel: ChannelCredentials): GrpcClient =>
    new GrpcClient('ExecutionService', port, { host: 'localhost', credentials: channel });

  /** The status of a GET over HTTPS, or the code of the error. */
  const https = (port: number, options: object): Promise<unknown> =>
    new Promise((settle) => {
      const where = { host: 'localhost', port, path: '/health/ready', ca: readFileSync(cert), ...options };
      request(where, (answer) => settle(answer.statusCode))
        .on('error', () => settle('refused'))
        .end();
    });

  it('holds on both ports, and plain text is not answered', async () => {
    const server = await startTestServer({ env: files });
    const client = over(server.grpcPort, credentials.createSsl(readFileSync(cert)));
    expect((await statusOf(client.call('GetExecution', missing))).code).toBe('EXECUTION_NOT_FOUND');
    expect(await https(server.httpPort, {})).toBe(200);
    const plain = new GrpcClient('ExecutionService', server.grpcPort);
    expect((await statusOf(plain.call('GetExecution', missing, 3_000))).code).toBeUndefined();
    await expect(http(server.httpPort, 'GET', '/health/live')).rejects.toBeDefined();
    client.close();
    plain.close();
    await server.stop();
  }, 60_000);

  it('lets in only whom the client authority signed, where there is one', async () => {
    const server = await startTestServer({ env: { ...files, WRIT_TLS_CLIENT_CA_FILE: cert } });
    const [ca, secret] = [readFileSync(cert), readFileSync(key)];
    const known = over(server.grpcPort, credentials.createSsl(ca, secret, ca));
    const unknown = over(server.grpcPort, credentials.createSsl(ca));
    expect((await statusOf(known.call('GetExecution', missing))).code).toBe('EXECUTION_NOT_FOUND');
    expect((await statusOf(unknown.call('GetExecution', missing, 3_000))).code).toBeUndefined();
    expect(await https(server.httpPort, { cert: ca, key: secret })).toBe(200);
    expect(await https(server.httpPort, {})).toBe('refused');
    known.close();
    unknown.close();
    await server.stop();
  }, 60_000);

  it('with a file that is not there is a wrong configuration', async () => {
    const wrong = startTestServer({ env: { ...files, WRIT_TLS_CERT_FILE: join(folder, 'none.pem') } });
    await expect(wrong).rejects.toThrow(/CONFIGURATION_INVALID.*WRIT_TLS_CERT_FILE/s);
  }, 60_000);
});
