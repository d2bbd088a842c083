import { http, type Json } from './harness/clients.js';
import { v7 } from './harness/ids.js';
import { removeFolders, startTestServer, type TestServer } from './harness/server.js';
import { evaluateBody, publishLoanPolicy } from './harness/story.js';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  await publishLoanPolicy(server.httpPort, 'acme');
}, 60_000);

afterAll(async () => {
  await server.stop();
  removeFolders();
});

const post = (path: string, body: unknown): ReturnType<typeof http> => http(server.httpPort, 'POST', path, body);
const get = (path: string): ReturnType<typeof http> => http(server.httpPort, 'GET', path);

describe('executions', () => {
  it('are evaluated, committed once, and refused a second time with the receipt', async () => {
    const body = evaluateBody('h-1');
    const answer = await post('/v1/acme/executions/h-1/evaluate', body);
    expect(answer.status).toBe(200);
    expect(answer.body.receipt.decision.outcome).toBe('admitted');
    const payload = JSON.parse(answer.body.grant.payload) as Json;
    const commit = {
      attempt: payload['attempt'],
      holder: body['holder'],
      commitId: v7(),
      outcome: 'succeeded',
      parameters: payload['parameters'],
      result: { transfer: 'T-1' },
    };
    const committed = await post('/v1/acme/executions/h-1/commit', commit);
    expect(committed.body.receipt.replayed).toBe(false);
    const again = await post('/v1/acme/executions/h-1/evaluate', evaluateBody('h-1'));
    expect(again.status).toBe(409);
    expect(again.headers.get('content-type')).toContain('application/problem+json');
    expect(again.body).toMatchObject({
      type: 'urn:writ:error:INV-013',
      code: 'INV-013',
      kind: 'Conflict',
      retryable: false,
      receipt: { executionId: 'h-1' },
    });
    const shown = await get('/v1/acme/executions/h-1');
    expect(shown.body).toMatchObject({ state: 'committed', revision: '2', attempts: 1 });
  });

  it('may be decided alone, reserved, renewed, released and reconciled', async () => {
    const { holder, ...decideOnly } = evaluateBody('h-2');
    const path = '/v1/acme/executions/h-2';
    expect((await post(`${path}/evaluate`, { ...decideOnly, noReserve: true })).body.grant).toBeUndefined();
    expect((await post(`${path}/reserve`, { holder })).body.grant).toBeDefined();
    expect((await post(`${path}/renew`, { holder, attempt: 1, ttlMs: 400_000 })).status).toBe(200);
    expect((await post(`${path}/release`, { holder, attempt: 1 })).status).toBe(200);
    const notWaiting = await post(`${path}/reconcile`, { attempt: 1, outcome: 'failed', reason: 'looked' });
    expect(notWaiting).toMatchObject({ status: 422, body: { code: 'NOT_RECONCILABLE' } });
  });

  it('come in batches, each item with its own answer', async () => {
    const requests = [
      { executionId: 'h-3', ...evaluateBody('h-3') },
      { executionId: 'h-4' },
      { executionId: 'h-5', ...evaluateBody('h-5', { score: 400 }) },
    ];
    const { body } = await post('/v1/acme/evaluate-batch', { requests });
    expect(body.results[0].response.receipt.executionId).toBe('h-3');
    expect(body.results[1].error).toMatchObject({ code: 'REQUEST_INVALID', details: { field: 'intent' } });
    expect(body.results[2].response.receipt.decision.outcome).toBe('denied');
  });

  it('are simulated and listed', async () => {
    const { holder: _holder, ...rest } = evaluateBody('h-6');
    const simulated = await post('/v1/acme/simulate', { executionId: 'h-6', ...rest });
    expect(simulated.body.decision.outcome).toBe('admitted');
    expect((await get('/v1/acme/executions/h-6')).status).toBe(404);
    const listed = await get('/v1/acme/executions?state=committed&pageSize=10');
    expect(listed.status).toBe(200);
    expect((await get('/v1/acme/executions?pageSize=0')).body.details.field).toBe('pageSize');
    expect((await get('/v1/acme/executions?colour=red')).body.code).toBe('REQUEST_INVALID');
  });

  it('are watched as server-sent events', async () => {
    const gone = new AbortController();
    const answer = await fetch(`http://127.0.0.1:${server.httpPort}/v1/acme/executions/h-1/watch`, {
      signal: gone.signal,
    });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    const reader = answer.body!.getReader();
    const first = new TextDecoder().decode((await reader.read()).value);
    expect(first).toMatch(/^event: execution\nid: 2\ndata: \{/);
    gone.abort();
    expect((await get('/v1/acme/executions/nowhere/watch')).body.code).toBe('EXECUTION_NOT_FOUND');
  });
});

describe('requests', () => {
  it.each([
    ['duplicate names', '{"holder":"a","holder":"b"}', 'JSON_DUPLICATE_NAME'],
    ['prototype names', '{"intent":{"__proto__":{}}}', 'JSON_NAME_FORBIDDEN'],
    ['large integers', '{"ttlMs":9007199254740993}', 'JSON_NUMBER_RANGE'],
    ['broken JSON', '{"a"', 'JSON_SYNTAX'],
    ['unknown names', JSON.stringify({ ...evaluateBody('h-7'), colour: 1 }), 'REQUEST_INVALID'],
    ['wrong types', JSON.stringify({ ...evaluateBody('h-7'), ttlMs: '5' }), 'REQUEST_INVALID'],
    ['nothing', '', 'JSON_SYNTAX'],
  ])('refuse %s', async (_name, body, code) => {
    const answer = await post('/v1/acme/executions/h-7/evaluate', body);
    expect(answer).toMatchObject({ status: 400, body: { code } });
  });

  it('refuse other media types, compression, bad names and bad paths', async () => {
    const path = '/v1/acme/executions/h-7/evaluate';
    const body = JSON.stringify(evaluateBody('h-7'));
    const typed = await http(server.httpPort, 'POST', path, body, { 'content-type': 'text/plain' });
    expect(typed).toMatchObject({ status: 415, body: { type: 'about:blank' } });
    const packed = await http(server.httpPort, 'POST', path, body, { 'content-encoding': 'gzip' });
    expect(packed.body).toMatchObject({ code: 'REQUEST_INVALID', details: { field: 'content-encoding' } });
    expect((await post('/v1/ACME/executions/h-7/evaluate', evaluateBody('h-7'))).body.code).toBe('NAME_INVALID');
    expect((await get('/v1/acme/executions/%zz')).status).toBe(400);
    expect((await get('/v1')).status).toBe(404);
    const wrongMethod = await http(server.httpPort, 'DELETE', '/v1/acme/executions/h-1');
    expect(wrongMethod.status).toBe(405);
    expect(wrongMethod.headers.get('allow')).toContain('GET');
  });

  it('that have no time left are not begun', async () => {
    const answer = await http(server.httpPort, 'POST', '/v1/acme/executions/h-8/evaluate', evaluateBody('h-8'), {
      'writ-timeout-ms': 'soon',
    });
    expect(answer.body.details.field).toBe('writ-timeout-ms');
  });

  it('from a page that found us by another name are not answered', async () => {
    const { request } = await import('node:http');
    const status = await new Promise((settle) => {
      const options = { port: server.httpPort, path: '/v1/acme/executions', headers: { host: 'evil.example' } };
      request(options, (answer) => settle(answer.statusCode)).end();
    });
    expect(status).toBe(421);
  });
});

describe('description, health, metrics', () => {
  it('serves OpenAPI and security headers', async () => {
    const answer = await get('/openapi.json');
    expect(answer.body.openapi).toBe('3.1.0');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('tells alive from ready, and its figures', async () => {
    expect(await get('/health/live')).toMatchObject({ status: 200, body: { status: 'live' } });
    expect(await get('/health/ready')).toMatchObject({ status: 200, body: { status: 'ready' } });
    const { body } = await get('/metrics');
    expect(body).toMatch(/writ_calls_total\{method="Evaluate",protocol="http",code="OK"\} \d+/);
    expect(body).toMatch(/^writ_ready 1$/m);
    expect(body).toMatch(/^writ_appends_total [1-9]/m);
  });
});
