import { connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { gzipSync } from 'node:zlib';

import type { ServiceError } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

import { GrpcClient, http, readStatus, statusOf } from './harness/clients.js';
import { removeFolders, startTestServer, type TestServer } from './harness/server.js';
import { evaluateBody, evaluateRequest, publishLoanPolicy } from './harness/story.js';

let server: TestServer;
let client: GrpcClient;
let policies: GrpcClient;

beforeAll(async () => {
  server = await startTestServer({ env: { WRIT_LOG_LEVEL: 'debug' } });
  await publishLoanPolicy(server.httpPort, 'acme');
  client = new GrpcClient('ExecutionService', server.grpcPort, { channel: { 'grpc.max_send_message_length': -1 } });
  policies = new GrpcClient('PolicyService', server.grpcPort);
}, 60_000);

/** Whatever came before, a good request is still answered. */
afterEach(async () => {
  const answer = await client.call(
    'Evaluate',
    evaluateRequest(`alive-${Date.now()}-${Math.round(Math.random() * 1e9)}`),
  );
  expect(answer['receipt'].decision.outcome).toBe('OUTCOME_ADMITTED');
}, 30_000);

afterAll(async () => {
  expect(Object.keys(Object.prototype)).toEqual([]);
  client.close();
  policies.close();
  expect(await server.stop()).toBe(0);
  removeFolders();
});

const EVALUATE = '/writ.v1.ExecutionService/Evaluate';

interface RawAnswer {
  readonly grpc: string;
  readonly details: string;
}

/** One gRPC call with a body of our own making. */
function rawCall(path: string, body: Buffer, headers: Record<string, string> = {}): Promise<RawAnswer> {
  return new Promise((settle, reject) => {
    const session = connect(`http://127.0.0.1:${server.grpcPort}`);
    session.on('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    let answer: RawAnswer = { grpc: 'none', details: '' };
    const note = (given: Record<string, string>): void => {
      if (given['grpc-status'] === undefined) return;
      const bytes = Buffer.from(given['grpc-status-details-bin'] ?? '', 'base64');
      answer = { grpc: given['grpc-status'], details: bytes.toString('latin1') };
    };
    stream
      .on('response', note)
      .on('trailers', note)
      .on('error', () => undefined);
    stream.on('data', () => undefined);
    stream.on('close', () => {
      session.close();
      settle(answer);
    });
    stream.end(body);
  });
}

function framed(message: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

describe('JSON inside and outside of gRPC', () => {
  const deep = '['.repeat(5_000) + ']'.repeat(5_000);

  it.each([
    ['deep nesting', deep, 'JSON_DEPTH'],
    ['a prototype name', '{"__proto__":{"polluted":true}}', 'JSON_NAME_FORBIDDEN'],
    ['a constructor name', '{"constructor":{"prototype":{}}}', 'JSON_NAME_FORBIDDEN'],
    ['the same name twice', '{"a":1,"a":2}', 'JSON_DUPLICATE_NAME'],
    ['a huge number', '{"a":1e999}', 'JSON_NUMBER_RANGE'],
    ['half a surrogate pair', '{"a":"\\ud800"}', 'JSON_STRING_INVALID'],
    ['an array', '[]', 'REQUEST_INVALID'],
    ['nothing', '', 'REQUEST_INVALID'],
  ])('refuses %s', async (_name, text, code) => {
    const request = evaluateRequest('json-1');
    request['intent'].parametersJson = text;
    expect((await statusOf(client.call('Evaluate', request))).code).toBe(code);
    if (text === '' || text === '[]') return;
    const body = JSON.stringify(evaluateBody('json-1')).replace(/"parameters":\{[^}]*\}/, `"parameters":${text}`);
    const answer = await http(server.httpPort, 'POST', '/v1/acme/executions/json-1/evaluate', body);
    expect(answer).toMatchObject({ status: 400, body: { code } });
  });

  it('refuses signals named like prototypes, and keeps prototypes clean', async () => {
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      const root = protobuf.parse(
        `syntax = "proto3"; message E { string tenant = 1; string id = 2; I intent = 3; }
         message I { repeated P signals = 4; } message P { string key = 1; S value = 2; } message S { string v = 1; }`,
      ).root;
      const message = { tenant: 'acme', id: 'p-1', intent: { signals: [{ key: name, value: { v: '1' } }] } };
      const bytes = root.lookupType('E').encode(message).finish();
      expect((await rawCall(EVALUATE, framed(bytes))).details).toContain('holds a forbidden name');
    }
  });
});

describe('sizes', () => {
  const large = 'x'.repeat(64 * 1024 * 1024);

  it('refuses 64 MB over gRPC', async () => {
    const request = evaluateRequest('big-1');
    request['intent'].subject = large;
    const refused = await statusOf(client.call('Evaluate', request, 60_000));
    expect(refused).toMatchObject({ grpc: 8, code: 'REQUEST_TOO_LARGE' });
  }, 90_000);

  it('refuses 64 MB over HTTP', async () => {
    const body = JSON.stringify({ ...evaluateBody('big-2'), padding: large });
    // The server may cut the connection before it has read all that it has already refused.
    const answer = await http(server.httpPort, 'POST', '/v1/acme/executions/big-2/evaluate', body).catch(() => 'cut');
    if (answer !== 'cut') expect(answer).toMatchObject({ status: 413, body: { code: 'REQUEST_TOO_LARGE' } });
  }, 90_000);

  it('refuses what grows too large when unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(32 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(64 * 1024);
    const answer = await rawCall(EVALUATE, framed(bomb, 1), { 'grpc-encoding': 'gzip' });
    expect(answer.grpc).toBe('8');
    expect(answer.details).toContain('REQUEST_TOO_LARGE');
    const broken = await rawCall(EVALUATE, framed(Buffer.from('not gzip'), 1), { 'grpc-encoding': 'gzip' });
    expect(broken.grpc).not.toBe('0');
    const unknown = await rawCall(EVALUATE, framed(Buffer.from('x'), 1), { 'grpc-encoding': 'br' });
    expect(unknown.grpc).not.toBe('0');
  });

  it('stays small under all of that', async () => {
    const { body } = await http(server.httpPort, 'GET', '/metrics');
    const bytes = Number(/^writ_resident_memory_bytes (\S+)$/m.exec(body as string)?.[1]);
    expect(bytes).toBeLessThan(600 * 1024 * 1024);
  });
});

describe('bytes that are no request', () => {
  it('refuses cut-off, empty, doubled and senseless frames', async () => {
    const cut = framed(Buffer.alloc(100)).subarray(0, 40);
    const bodies = [cut, Buffer.alloc(0), Buffer.from([0, 0]), Buffer.concat([framed(Buffer.alloc(0)), cut])];
    for (const body of bodies) expect((await rawCall(EVALUATE, body)).grpc).not.toBe('0');
    const senseless = await rawCall(EVALUATE, framed(Buffer.from('ffffffffffffffffffff', 'hex')));
    expect(senseless.details).toContain('REQUEST_INVALID');
  });

  it('refuses the wrong wire type in every field of Evaluate and Commit', async () => {
    // Field number and wire types that are wrong for it; 2 is text, bytes and messages, 0 a number.
    const fields = { Evaluate: [2, 2, 2, 2, 0, 0, 2], Commit: [2, 2, 0, 2, 2, 0, 2, 2] };
    for (const [method, types] of Object.entries(fields)) {
      for (const [index, right] of types.entries()) {
        for (const wrong of [0, 1, 2, 3, 4, 5, 6, 7].filter((type) => type !== right)) {
          const message = Buffer.concat([Buffer.from([((index + 1) << 3) | wrong]), Buffer.alloc(12)]);
          const answer = await rawCall(`/writ.v1.ExecutionService/${method}`, framed(message));
          expect([method, index + 1, wrong, answer.grpc]).toEqual([method, index + 1, wrong, '3']);
          expect(answer.details).toContain('REQUEST_INVALID');
        }
      }
    }
  }, 60_000);

  it('refuses ill-formed UTF-8 instead of reading something else', async () => {
    const tenant = Buffer.from([0x0a, 2, 0xc3, 0x28]);
    expect((await rawCall(EVALUATE, framed(tenant))).details).toContain('REQUEST_INVALID');
  });

  it('survives 3,000 random messages on methods of every kind', async () => {
    const executions = ['Evaluate', 'EvaluateBatch', 'Simulate', 'Reserve', 'Commit', 'ListExecutions', 'GetExecution'];
    const proofs = ['GetCheckpoint', 'GetInclusionProof', 'GetConsistencyProof', 'GetEvidence', 'AwaitStanding'];
    const methods = [
      ...executions.map((method) => `ExecutionService/${method}`),
      ...proofs.map((method) => `LineageService/${method}`),
    ];
    let seed = 20_261_123;
    const random = (below: number): number => (seed = (Math.imul(seed, 48_271) >>> 0) % 2_147_483_647) % below;
    const session = connect(`http://127.0.0.1:${server.grpcPort}`);
    session.setMaxListeners(0);
    const call = (method: string, body: Buffer): Promise<void> =>
      new Promise((settle) => {
        const headers = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };
        const stream = session.request({ ...headers, ':path': `/writ.v1.${method}` });
        stream
          .on('error', () => undefined)
          .on('data', () => undefined)
          .on('close', () => settle());
        stream.end(body);
      });
    for (let round = 0; round < 60; round++) {
      const bodies = Array.from({ length: 50 }, () =>
        Buffer.from(Array.from({ length: random(60) }, () => random(256))),
      );
      await Promise.all(bodies.map((body, index) => call(methods[index % methods.length]!, framed(body))));
    }
    session.close();
  }, 90_000);

  it('survives HTTP that is none', async () => {
    const texts = [
      'GET / HTTP/1.1\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      '\0\0\0\0',
      'POST /v1 HTTP/1.1\r\nContent-Length: -5\r\n\r\n',
    ];
    for (const port of [server.httpPort, server.grpcPort]) {
      for (const text of texts) {
        await new Promise<void>((settle) => {
          const socket = connectSocket(port, '127.0.0.1', () => socket.end(text));
          socket.on('data', () => undefined).on('error', () => undefined);
          socket.on('close', () => settle());
          setTimeout(() => socket.destroy(), 500);
        });
      }
    }
  });
});

describe('policies that bomb', () => {
  const bomb = (when: string): string => `
id: bomb
version: 1.0.0
action: a.b
signals: { n: { type: int } }
rules: [{ id: r, when: '${when}', then: admit, reason: x }]
admission: { ttl: 1h, maxEvaluations: 1 }
reservation: { ttl: 1s, maxTtl: 1h, effect: once, maxAttempts: 1 }
`;
  const list = `[${Array.from({ length: 40 }, (_, index) => index).join(',')}]`;

  it.each([
    ['nested comprehensions', `${list}.all(a, ${list}.all(b, ${list}.all(c, ${list}.all(d, a + b + c + d >= 0))))`],
    ['deep parentheses', '('.repeat(3_000) + 'true' + ')'.repeat(3_000)],
    ['a long chain', Array.from({ length: 3_000 }, () => 'true').join(' && ')],
    ['unknown names', 'process.exit(1)'],
  ])('refuses %s with findings', async (_name, when) => {
    const startedMs = Date.now();
    const refused = await statusOf(
      policies.call('PublishPolicy', { tenant: 'acme', text: bomb(when), format: 'POLICY_FORMAT_YAML' }),
    );
    expect(refused).toMatchObject({ grpc: 3, code: 'POLICY_INVALID' });
    expect(Date.now() - startedMs).toBeLessThan(5_000);
  });
});

describe('logs', () => {
  it('are JSON lines without anything of what callers sent', async () => {
    const secret = 'S3CRET-0451';
    const texts = naughtyStrings(500);
    const calls = texts.map((text, index) => {
      const request = evaluateRequest(`naughty-${index}`);
      request['intent'].subject = `${secret} ${text}`;
      request['intent'].parametersJson = JSON.stringify({
        applicationId: `naughty-${index}`,
        amount: 15_000,
        note: `${secret} ${text}`,
      });
      request['intent'].signals.bureau.source = `${secret} ${text}`;
      if (index % 3 === 1) request['executionId'] = `${secret} ${text}`;
      if (index % 3 === 2)
        request['intent'].signals[`${secret} ${text}`] = { valueJson: JSON.stringify(`${secret} ${text}`) };
      return client.call('Evaluate', request, 60_000).catch((error: unknown) => readStatus(error as ServiceError));
    });
    await Promise.all(calls);
    const token = `writ_${'T'.repeat(43)}`;
    await http(server.httpPort, 'GET', '/v1/acme/executions', undefined, { authorization: `Bearer ${token}` });
    const lines = server.logText().trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(500);
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
    expect(server.logText()).not.toContain(secret);
    expect(server.logText()).not.toContain(token);
    expect(server.logText()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  }, 120_000);
});

/** Texts that have broken logs, terminals and parsers before: control characters, bidi, markup, format strings. */
function naughtyStrings(count: number): string[] {
  const seeds = [
    '\r\n{"level":60,"msg":"forged"}',
    '\u001b[31mred\u001b[0m',
    '\u202eright to left',
    '\u0000null',
    '<script>alert(1)</script>',
    '%s%n%x',
    '${jndi:ldap://x}',
    '"; DROP TABLE events; --',
    '../../../etc/passwd',
    '=cmd|calc',
    '\ufeffbom',
    'Z\u0351\u036b\u0343a\u0363lgo',
    '🏳️‍🌈👩‍👩‍👧‍👧',
    '１２３',
    'undefined',
    'null',
    '\\u0000',
    "' OR 1=1",
    '{{7*7}}',
    '\u2028\u2029',
  ];
  return Array.from({ length: count }, (_, index) => `${seeds[index % seeds.length]!} ${index}`);
}
