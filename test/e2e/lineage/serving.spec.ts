import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseCheckpoint, parseNote, parseTlogProof } from '@writ/checkpoint';
import { WritClient } from '@writ/client';
import { parseBundle } from '@writ/evidence';
import { createToken } from '@writ/instance';
import { leafHash, rootOf, verifyConsistency, verifyInclusion, type Hash } from '@writ/merkle';

import { readKeyFile } from '@writ/signing';
import { mirrorOf, parseTrustFile, verifyBundle } from '@writ/verifier';

import { GrpcClient, http, statusOf, type HttpAnswer, type Json } from '../harness/clients.js';
import { removeFolders, startTestServer, temporaryFolder, type TestServer } from '../harness/server.js';
import { evaluateRequest, publishLoanPolicy } from '../harness/story.js';
import { TlogClient } from './tlog-client.js';

jest.setTimeout(120_000);

/** So that the tree has more than one tile, and a second level. */
const EXECUTIONS = 140;

let server: TestServer;
let executions: GrpcClient;
let lineage: GrpcClient;
let log: TlogClient;
const tokens: Record<string, string> = {};
/** What a decision was answered with. */
let answer: Json;

const bearer = (name: string): Record<string, string> => ({ authorization: `Bearer ${tokens[name]}` });
const get = (path: string, name = 'auditor'): Promise<HttpAnswer> =>
  http(server.httpPort, 'GET', path, undefined, bearer(name));
const anonymously = (path: string): Promise<HttpAnswer> => http(server.httpPort, 'GET', path);
const vkeyIn = (folder: string): string =>
  JSON.parse(readFileSync(join(folder, '.writ/checkpoint-key.json'), 'utf8')).vkey as string;

beforeAll(async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'tokens.json');
  const add = (name: string, role: 'caller' | 'auditor' | 'operator', tenants: string[] | '*'): void => {
    tokens[name] = createToken(file, { name, role, tenants, actions: '*' }, new Date().toISOString());
  };
  add('operator', 'operator', '*');
  add('auditor', 'auditor', '*');
  add('acme', 'caller', ['acme']);
  add('globex', 'caller', ['globex']);
  const env = { WRIT_TOKENS_FILE: file, WRIT_ORIGIN: 'ledger.test/serving', WRIT_ANCHOR_INTERVAL_MS: '200' };
  server = await startTestServer({ folder, env });
  await publishLoanPolicy(server.httpPort, 'acme', tokens['operator']);
  executions = new GrpcClient('ExecutionService', server.grpcPort, { token: tokens['acme']! });
  lineage = new GrpcClient('LineageService', server.grpcPort, { token: tokens['acme']! });
  log = new TlogClient(`http://127.0.0.1:${server.httpPort}`, vkeyIn(folder), bearer('auditor'));
  answer = await executions.call('Evaluate', evaluateRequest('app-0'));
  const others = Array.from({ length: EXECUTIONS }, (_, at) => evaluateRequest(`app-${at + 1}`));
  await executions.call('EvaluateBatch', { requests: others });
  await anchored('app-0');
  await anchored(`app-${EXECUTIONS}`);
});
afterAll(async () => {
  executions.close();
  lineage.close();
  await server.stop();
  removeFolders();
});

async function anchored(executionId: string): Promise<Json> {
  const wanted = { tenant: 'acme', executionId, wanted: 'STANDING_ANCHORED', timeoutMs: 30_000 };
  const standing = await lineage.call('AwaitStanding', wanted, 60_000);
  expect(standing['reached']).toBe(true);
  return standing;
}

describe('a client of tiled logs that knows nothing of Writ', () => {
  it('reads the whole log and verifies it', async () => {
    const { sizeLeaves, rootHash } = await log.checkpoint();
    expect(sizeLeaves).toBeGreaterThan(256n);
    const leaves = await log.leafHashes(sizeLeaves);
    expect(BigInt(leaves.length)).toBe(sizeLeaves);
    expect(rootOf(leaves)).toEqual(rootHash);
    const entries = await log.entries(sizeLeaves, leaves);
    const types = entries.map((entry) => (JSON.parse(Buffer.from(entry).toString()) as { type: string }).type);
    expect(types.slice(0, 3)).toEqual(['KeyAdded', 'PolicyPublished', 'PolicyActivated']);
    expect(types.filter((type) => type === 'DecisionAdmitted')).toHaveLength(EXECUTIONS + 1);
    // The lineage does not tell of itself, and entries name no execution.
    expect(types).not.toContain('EntriesSequenced');
    expect(Buffer.concat(entries).toString()).not.toContain('app-0');
  });

  it('is told types and how long to keep what it gets', async () => {
    const headersOf = async (path: string) => {
      const { status, headers } = await log.get(path);
      return [status, headers.get('content-type'), headers.get('cache-control')];
    };
    expect(await headersOf('checkpoint')).toEqual([200, 'text/plain; charset=utf-8', 'public, max-age=1']);
    const octets = 'application/octet-stream';
    expect(await headersOf('tile/0/000')).toEqual([200, octets, 'public, max-age=31536000, immutable']);
    expect(await headersOf('tile/1/000.p/1')).toEqual([200, octets, 'public, max-age=31536000, immutable']);
    expect(await headersOf('tile/entries/000')).toEqual([200, octets, 'private, max-age=31536000, immutable']);
  });

  it('gets narrower tiles too, and nothing beyond the published tree', async () => {
    const whole = await log.bytes('tile/0/000');
    expect(whole).toHaveLength(8_192);
    for (const width of [1, 100, 255]) {
      expect(await log.bytes(`tile/0/000.p/${width}`)).toEqual(whole.slice(0, 32 * width));
    }
    const bundle = await log.bytes('tile/entries/000');
    expect(bundle.slice(0, (await log.bytes('tile/entries/000.p/7')).length)).toEqual(
      await log.bytes('tile/entries/000.p/7'),
    );
    for (const path of ['tile/0/x001/000', 'tile/0/001', 'tile/1/000', 'tile/2/000.p/1', 'tile/63/000.p/1']) {
      expect([path, (await log.get(path)).status]).toEqual([path, 404]);
    }
  });

  it('gets each tile under its one name', async () => {
    const others = [
      'tile/0/0',
      'tile/00/000',
      'tile/0/x000/000',
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/007',
      'tile/0/000/',
      'tile//0/000',
      'tile/%30/000',
      'tile/0/%30%30%30',
      'tile/64/000.p/1',
      'tile/-1/000',
      'tile/entries/0',
      'tile/',
      'tile/0/../0/%2e%2e/000',
    ];
    for (const path of others) expect([path, (await log.get(path)).status]).toEqual([path, 404]);
  });
});

describe('what is open', () => {
  it('are checkpoint and hash tiles, not the entries', async () => {
    expect((await anonymously('/checkpoint')).status).toBe(200);
    expect((await anonymously('/tile/0/000')).status).toBe(200);
    expect((await anonymously('/tile/entries/000')).status).toBe(401);
    expect((await get('/tile/entries/000', 'acme')).status).toBe(403);
    expect((await get('/tile/entries/000', 'operator')).status).toBe(200);
    expect((await anonymously('/v1/lineage/checkpoint')).status).toBe(401);
  });

  it('follows the settings', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'tokens.json');
    const token = createToken(
      file,
      { name: 'a', role: 'auditor', tenants: '*', actions: '*' },
      new Date().toISOString(),
    );
    const env = { WRIT_TOKENS_FILE: file, WRIT_PUBLIC_TILES: 'no', WRIT_PUBLIC_ENTRIES: 'yes' };
    const other = await startTestServer({ folder, env });
    const client = new TlogClient(`http://127.0.0.1:${other.httpPort}`, vkeyIn(folder), {
      authorization: `Bearer ${token}`,
    });
    await eventually(async () => expect((await client.checkpoint()).sizeLeaves).toBe(1n));
    const ask = async (path: string) => (await http(other.httpPort, 'GET', `/${path}`)).status;
    expect([await ask('checkpoint'), await ask('tile/0/000.p/1'), await ask('tile/entries/000.p/1')]).toEqual([
      401, 401, 200,
    ]);
    expect((await client.get('checkpoint')).headers.get('cache-control')).toBe('private, max-age=1');
    await other.stop();
  });
});

describe('receipts', () => {
  it('tell where they stand: recorded when answered, anchored when read later', async () => {
    expect(answer.receipt.events.map(({ standing }: Json) => standing)).toEqual([
      'STANDING_RECORDED',
      'STANDING_RECORDED',
    ]);
    const { execution } = await executions.call('GetExecution', { tenant: 'acme', executionId: 'app-0' });
    expect(execution.events[0]).toMatchObject({ standing: 'STANDING_ANCHORED', index: '3', cosignedBy: 0 });
    expect(Number(execution.events[0].checkpointSize)).toBeGreaterThan(256);
    const read = await get('/v1/acme/executions/app-0');
    expect(read.body.events[1]).toMatchObject({ standing: 'anchored', index: '4', cosignedBy: 0 });
  });

  it('can be waited for over either edge, no longer than asked', async () => {
    await executions.call('Evaluate', evaluateRequest('waited-1'));
    const path = '/v1/acme/executions/waited-1/standing';
    const waited = await get(`${path}?wait=anchored&timeoutMs=30000`, 'acme');
    expect(waited.body).toMatchObject({ reached: true, tenant: 'acme', executionId: 'waited-1' });
    expect(waited.body.events.map(({ type, standing }: Json) => [type, standing])).toEqual([
      ['DecisionAdmitted', 'anchored'],
      ['ReservationPlaced', 'anchored'],
    ]);
    expect((await get(path, 'globex')).body.code).toBe('EXECUTION_NOT_FOUND');
    expect((await get(`${path}?wait=recorded`)).body.code).toBe('REQUEST_INVALID');
    expect((await get(`${path}?timeoutMs=60001`)).body.code).toBe('REQUEST_INVALID');
  });
});

describe('proofs', () => {
  it('of one event are had by index, by id and by execution, and verify', async () => {
    const event = answer.receipt.events[0];
    const { checkpoint } = await lineage.call('GetCheckpoint', {});
    const targets = [
      { index: 3 },
      { eventId: event.eventId },
      { execution: { tenant: 'acme', executionId: 'app-0', revision: 0 } },
    ];
    for (const target of targets) {
      const proof = await lineage.call('GetInclusionProof', { target, checkpointSize: checkpoint.size });
      expect(proof.entry).toBe(event.attestation.entry);
      verified(proof.path as Buffer[], proof.index as string, proof.entry as string, proof.checkpoint.note as string);
    }
    const queries = ['index=3', `eventId=${event.eventId}`, 'tenant=acme&executionId=app-0&revision=0'];
    for (const query of queries) {
      const { body } = await get(`/v1/lineage/inclusion?${query}`, 'acme');
      const path = (body.path as string[]).map((hash) => Buffer.from(hash, 'base64'));
      verified(path, body.index, body.entry, body.checkpoint.note);
      const text = await get(`/v1/lineage/tlog-proof?${query}`, 'acme');
      expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8');
      const proof = parseTlogProof(text.body);
      verified(proof.path, proof.index.toString(), body.entry, proof.checkpoint);
    }
  });

  function verified(path: readonly Uint8Array[], index: string, entry: string, note: string): void {
    const { sizeLeaves, rootHash } = parseCheckpoint(parseNote(note).text);
    const proof = {
      leafHash: leafHash(Uint8Array.from(Buffer.from(entry))),
      index: BigInt(index),
      sizeLeaves,
      path: path.map((hash) => Uint8Array.from(hash) as Hash),
    };
    expect(() => verifyInclusion(proof, rootHash)).not.toThrow();
  }

  it('tie two checkpoints together', async () => {
    const old = (await get('/v1/lineage/checkpoint')).body;
    await executions.call('Evaluate', evaluateRequest('later-1'));
    await anchored('later-1');
    const { oldSize, path, checkpoint } = await lineage.call('GetConsistencyProof', { oldSize: old.size });
    expect(oldSize).toBe(old.size);
    expect(Number(checkpoint.size)).toBeGreaterThan(Number(old.size));
    const proof = {
      oldSizeLeaves: BigInt(old.size),
      oldRootHash: Uint8Array.from(Buffer.from(old.root, 'base64')) as Hash,
      newSizeLeaves: BigInt(checkpoint.size),
      newRootHash: Uint8Array.from(checkpoint.root as Buffer) as Hash,
      path: (path as Buffer[]).map((hash) => Uint8Array.from(hash) as Hash),
    };
    expect(() => verifyConsistency(proof)).not.toThrow();
    const overHttp = await get(`/v1/lineage/consistency?from=${old.size}&to=${checkpoint.size}`);
    expect(overHttp.body.path).toEqual((path as Buffer[]).map((hash) => hash.toString('base64')));
    // The older one is still there by its size.
    expect((await get(`/v1/lineage/checkpoint?size=${old.size}`)).body).toEqual(old);
    expect((await get('/v1/lineage/checkpoint?size=1000000')).body.code).toBe('CHECKPOINT_UNKNOWN');
  });

  it('are refused alike where nothing is and where it is not yours', async () => {
    const { eventId } = answer.receipt.events[0];
    const codes = async (name: string) => [
      (await get('/v1/lineage/inclusion?index=3', name)).body.code,
      (await get(`/v1/lineage/inclusion?eventId=${eventId}`, name)).body.code,
      (await get('/v1/lineage/inclusion?tenant=acme&executionId=app-0', name)).body.code,
      (await get('/v1/acme/executions/app-0/evidence', name)).body.code,
    ];
    expect(await codes('globex')).toEqual([
      'ENTRY_NOT_FOUND',
      'NOT_SEQUENCED_YET',
      'EXECUTION_NOT_FOUND',
      'EXECUTION_NOT_FOUND',
    ]);
    expect(await codes('auditor')).toEqual([undefined, undefined, undefined, undefined]);
    expect((await get('/v1/lineage/inclusion?index=1000000')).body.code).toBe('ENTRY_NOT_FOUND');
    for (const query of ['', '?index=1&eventId=x', '?index=-1', '?index=01', `?index=${2n ** 63n}`, '?x=1']) {
      expect((await get(`/v1/lineage/inclusion${query}`)).body.code).toBe('REQUEST_INVALID');
    }
    expect((await statusOf(lineage.call('GetInclusionProof', {}))).code).toBe('REQUEST_INVALID');
    expect((await statusOf(lineage.call('GetConsistencyProof', { oldSize: 0 }))).code).toBe('REQUEST_INVALID');
  });
});

describe('evidence', () => {
  it('is one file, the same over both edges but for the signed ends of its streams', async () => {
    const { checkpoint } = await lineage.call('GetCheckpoint', {});
    const name = { tenant: 'acme', executionId: 'app-0' };
    const { bundle } = await lineage.call('GetEvidence', { ...name, checkpointSize: checkpoint.size });
    const parsed = parseBundle(Uint8Array.from(bundle as Buffer));
    expect(parsed).toMatchObject({ ...name, origin: 'ledger.test/serving', checkpoint: checkpoint.note });
    expect(parsed.streams.execution.events.map(({ type }) => type)).toEqual(['DecisionAdmitted', 'ReservationPlaced']);
    const path = `/v1/acme/executions/app-0/evidence?checkpointSize=${checkpoint.size}`;
    const overHttp = await get(path, 'acme');
    expect(overHttp.headers.get('content-type')).toContain('application/json');
    expect(JSON.stringify(overHttp.body)).toBe((bundle as Buffer).toString());
  });

  it('verifies with the network left alone, up to the decision made anew', async () => {
    const { keyId, publicKey } = await readKeyFile(join(server.folder, '.writ/attestation-key.json'));
    const trust = parseTrustFile(
      [
        `log ${vkeyIn(server.folder)}`,
        'quorum none',
        `attestation ${keyId} ${Buffer.from(publicKey).toString('base64')}`,
        '',
      ].join('\n'),
    );
    const evidence = async (withholdAll: boolean): Promise<Uint8Array> => {
      const wanted = { tenant: 'acme', executionId: 'app-0', withholdAll };
      return Uint8Array.from((await lineage.call('GetEvidence', wanted))['bundle'] as Buffer);
    };
    expect(verifyBundle(await evidence(false), trust).verdict).toBe('reevaluated');
    expect(verifyBundle(await evidence(true), trust).verdict).toBe('decided');
    // A mirror of the entries proves what the signed ends of the streams assert.
    const { sizeLeaves } = await log.checkpoint();
    const { bundle } = await lineage.call('GetEvidence', {
      tenant: 'acme',
      executionId: 'app-0',
      checkpointSize: sizeLeaves.toString(),
    });
    const mirror = mirrorOf(await log.entries(sizeLeaves, await log.leafHashes(sizeLeaves)), sizeLeaves);
    const { claims } = verifyBundle(Uint8Array.from(bundle as Buffer), trust, { mirror });
    expect(claims?.execution?.completeness).toBe('proved');
  });

  it('shows no more than is asked for', async () => {
    const openings = async (query: string) => {
      const { body } = await get(`/v1/acme/executions/app-0/evidence${query}`, 'acme');
      return Object.keys(body.streams.execution.events[0].openings ?? {}).sort();
    };
    const all = await openings('');
    expect(all).toContain('signal:credit_score');
    expect(await openings('?withhold=signal:credit_score&withhold=subject')).toEqual(
      all.filter((name) => name !== 'signal:credit_score' && name !== 'subject'),
    );
    expect(await openings('?withhold=*')).toEqual([]);
    const withheld = { tenant: 'acme', executionId: 'app-0', withholdAll: true };
    const { bundle } = await lineage.call('GetEvidence', withheld);
    expect((bundle as Buffer).toString()).not.toContain('borrower of app-0');
  });

  it('is had by the client of Writ', async () => {
    const client = WritClient.connect({
      address: `127.0.0.1:${server.grpcPort}`,
      tenant: 'acme',
      token: tokens['acme']!,
    });
    await executions.call('Evaluate', evaluateRequest('client-1'));
    const wanted = { executionId: 'client-1', wanted: 'anchored' as const, timeoutMs: 30_000 };
    const { reached, events } = await client.lineage.awaitStanding(wanted);
    expect([reached, events[0]?.standing]).toEqual([true, 'anchored']);
    const checkpoint = await client.lineage.getCheckpoint();
    const bundle = parseBundle(await client.lineage.getEvidence({ executionId: 'client-1', withhold: 'all' }));
    expect(bundle.streams.execution.events).toHaveLength(2);
    const target = { kind: 'execution', executionId: 'client-1', revision: 0n } as const;
    const proof = await client.lineage.proveInclusion({ target, checkpointSizeLeaves: checkpoint.sizeLeaves });
    expect(proof.index).toBe(events[0]?.index);
    expect(parseTlogProof(await client.lineage.getTlogProof({ target })).index).toBe(proof.index);
    const { path } = await client.lineage.proveConsistency({ oldSizeLeaves: 1n });
    expect(path.length).toBeGreaterThan(0);
    client.close();
  });
});

async function eventually(look: () => Promise<void>): Promise<void> {
  const endMs = Date.now() + 20_000;
  for (;;) {
    try {
      await look();
      return;
    } catch (error) {
      if (Date.now() > endMs) throw error;
      await new Promise((wake) => setTimeout(wake, 50));
    }
  }
}
