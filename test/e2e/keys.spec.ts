import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { toBase64 } from '@writ/encoding';
import { eraseSecret, readKeyFile } from '@writ/signing';
import { parseTrustFile, verifyBundle } from '@writ/verifier';

import { GrpcClient, http, statusOf, type Json } from './harness/clients.js';
import { removeFolders, startTestServer, temporaryFolder, type TestServer } from './harness/server.js';
import { evaluateRequest, publishLoanPolicy } from './harness/story.js';

jest.setTimeout(240_000);
afterAll(removeFolders);

const ENV = { WRIT_ORIGIN: 'ledger.test/keys', WRIT_ANCHOR_INTERVAL_MS: '200' };
/** From before the key file is made to after the answer, on machines of any speed. */
const DELAYS_MS = [0, 60, 250, 3_000];
const REASON = 'a laptop was stolen';

let server: TestServer;
let executions: GrpcClient;
let lineage: GrpcClient;
let keys: GrpcClient;

async function start(folder: string): Promise<void> {
  server = await startTestServer({ folder, env: ENV });
  executions = new GrpcClient('ExecutionService', server.grpcPort);
  lineage = new GrpcClient('LineageService', server.grpcPort);
  keys = new GrpcClient('KeyService', server.grpcPort);
}

async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<unknown> {
  for (const client of [executions, lineage, keys]) client.close();
  return server.stop(signal);
}

const evaluate = (id: string): Promise<Json> => executions.call('Evaluate', evaluateRequest(id));
const list = async (): Promise<{ keys: Json[]; signsWith: string }> =>
  (await keys.call('ListKeys', {})) as { keys: Json[]; signsWith: string };
const signersOf = async (id: string): Promise<string[]> => {
  const { execution } = await executions.call('GetExecution', { tenant: 'acme', executionId: id });
  return (execution.events as Json[]).map((event) => event['attestation'].keyId as string);
};

/** Whoever pins the first key alone, outside. */
async function pinned(folder: string) {
  const { vkey } = JSON.parse(readFileSync(join(folder, '.writ/checkpoint-key.json'), 'utf8')) as { vkey: string };
  const { keyId, publicKey } = JSON.parse(readFileSync(join(folder, '.writ/attestation-key.json'), 'utf8')) as Record<
    string,
    string
  >;
  return parseTrustFile(`log ${vkey}\nquorum none\nattestation ${keyId} ${publicKey}\n`);
}

async function verdictOf(id: string): Promise<unknown> {
  const wanted = { tenant: 'acme', executionId: id, wanted: 'STANDING_ANCHORED', timeoutMs: 30_000 };
  expect((await lineage.call('AwaitStanding', wanted, 60_000))['reached']).toBe(true);
  const { bundle } = await lineage.call('GetEvidence', { tenant: 'acme', executionId: id });
  const report = verifyBundle(Uint8Array.from(bundle as Buffer), await pinned(server.folder));
  const failed = report.checks.filter(({ status }) => status === 'failed');
  return failed.length === 0 ? report.verdict : failed;
}

describe('keys that change on a ledger that goes on working', () => {
  beforeAll(async () => {
    await start(temporaryFolder());
    await publishLoanPolicy(server.httpPort, 'acme');
  });
  afterAll(() => stop());

  it('are rotated under load: no call fails, every event verifies from the first key alone', async () => {
    await evaluate('before');
    let ended = false;
    let asked = 0;
    const failures: unknown[] = [];
    const load = Array.from({ length: 16 }, async () => {
      while (!ended) await evaluate(`load-${asked++}`).catch((error: unknown) => failures.push(error));
    });
    for (let round = 0; round < 3; round += 1) {
      await sleep(400);
      const { signsWith } = await list();
      const { key, event, replayed } = await keys.call('RotateKey', { replaces: signsWith });
      expect({ replayed, signer: event.attestation.keyId, type: event.type }).toEqual({
        replayed: false,
        signer: signsWith,
        type: 'KeyRotated',
      });
      // Sent again because its answer was lost.
      const again = await keys.call('RotateKey', { replaces: signsWith });
      expect(again).toMatchObject({ replayed: true, key: { keyId: key.keyId } });
    }
    await sleep(400);
    ended = true;
    await Promise.all(load);
    expect(failures).toEqual([]);
    await evaluate('after');

    const { keys: all, signsWith } = await list();
    expect(all.map(({ state }) => state as string)).toEqual([
      ...Array<string>(3).fill('KEY_STATE_ROTATED'),
      'KEY_STATE_CURRENT',
    ]);
    expect(await signersOf('before')).toEqual([all[0]?.['keyId'], all[0]?.['keyId']]);
    expect(await signersOf('after')).toEqual([signsWith, signsWith]);
    const signers = new Set<string>();
    for (let at = 0; at < asked; at += 1) for (const signer of await signersOf(`load-${at}`)) signers.add(signer);
    expect([...signers].sort()).toEqual(all.map(({ keyId }) => keyId as string).sort());
    for (const id of ['before', 'load-0', `load-${asked - 1}`, 'after'])
      expect(await verdictOf(id)).toBe('reevaluated');
    expect(server.logText()).not.toContain('foreign_event');
    expect((await http(server.httpPort, 'GET', '/health/ready')).status).toBe(200);
  });

  it('are revoked: what they signed before goes on counting', async () => {
    const { keys: all, signsWith } = await list();
    const former = all[0]?.['keyId'] as string;
    const code = async (request: Json) => (await statusOf(keys.call('RevokeKey', request))).code;
    expect(await code({ keyId: signsWith, reason: REASON })).toBe('KEY_IN_USE');
    expect(await code({ keyId: former, reason: REASON, cutOffIndex: '1' })).toBe('REQUEST_INVALID');
    const { body, status } = await http(server.httpPort, 'POST', `/v1/keys/${former}/revoke`, { reason: REASON });
    expect({ status, state: body.key.state, type: body.event.type }).toEqual({
      status: 200,
      state: 'revoked',
      type: 'KeyRevoked',
    });
    expect(await signersOf('before')).toEqual([former, former]);
    expect(await verdictOf('before')).toBe('reevaluated');
    expect(await verdictOf('after')).toBe('reevaluated');
    await evaluate('later');
    expect(await verdictOf('later')).toBe('reevaluated');
  });

  it('are found again after a restart, the first one without its secret', async () => {
    const before = await list();
    const { folder } = server;
    expect(await stop()).toBe(0);
    await eraseSecret(join(folder, '.writ/attestation-key.json'));
    await start(folder);
    expect((await list()).signsWith).toBe(before.signsWith);
    await evaluate('restarted');
    expect(await signersOf('restarted')).toEqual([before.signsWith, before.signsWith]);
    expect(await signersOf('before')).toHaveLength(2);
    expect(await verdictOf('restarted')).toBe('reevaluated');
    for (const name of readdirSync(join(folder, '.writ')).filter((file) => file.startsWith('attestation-key.'))) {
      expect(existsSync(join(folder, '.writ', name))).toBe(true);
    }
  });
});

describe('a rotation that is killed', () => {
  afterAll(() => stop());

  it('is either done or not: the next start signs with the key that the ledger names', async () => {
    const folder = temporaryFolder();
    await start(folder);
    await publishLoanPolicy(server.httpPort, 'acme');
    let rotated = 0;
    for (const delayMs of DELAYS_MS) {
      const { signsWith, keys: before } = await list();
      const rotation = keys.call('RotateKey', { replaces: signsWith }).catch(() => undefined);
      await sleep(delayMs);
      await stop('SIGKILL');
      await rotation;
      await start(folder);
      const { signsWith: now, keys: all } = await list();
      expect(all.filter(({ state }) => state === 'KEY_STATE_CURRENT').map(({ keyId }) => keyId as string)).toEqual([
        now,
      ]);
      if (all.length > before.length) rotated += 1;
      else expect(now).toBe(signsWith);
      const id = `killed-after-${delayMs}`;
      await evaluate(id);
      expect(await signersOf(id)).toEqual([now, now]);
      const own = join(folder, '.writ', all.length === 1 ? 'attestation-key.json' : `attestation-key.${now}.json`);
      const key = await readKeyFile(own);
      expect(all.at(-1)).toMatchObject({ keyId: key.keyId });
      expect(toBase64(all.at(-1)?.['publicKey'] as Uint8Array)).toBe(toBase64(key.publicKey));
      key.erase();
    }
    expect(rotated).toBeGreaterThan(0);
    for (const delayMs of DELAYS_MS) expect(await verdictOf(`killed-after-${delayMs}`)).toBe('reevaluated');
  });
});
