import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseBase64, utf8 } from '@writ/encoding';
import { POLICY_PUBLICATION_DOMAIN, STREAM_HEAD_DOMAIN } from '@writ/evidence';
import { leafHash } from '@writ/merkle';

import { createAttestor, type Attestor, type AttestorOptions, type LeafToAttest } from './attestor.js';
import { generateKeyFile } from './key-file.js';
import { opensslVerify } from './openssl-verify.js';
import { createVerifier } from './verifier.js';

// A thread starts in 100 ms; on a busy machine in seconds.
jest.setTimeout(60_000);

const SECRET = Uint8Array.from(createHash('sha256').update('attestor').digest());
const ORIGIN = 'ledger.example/test';

const leaf = (n: number | string): LeafToAttest => {
  const entry = utf8(`{"n":"${n}"}`);
  return { entry, leafHash: leafHash(entry) };
};
const verifierOf = (attestor: Attestor) => createVerifier([attestor], { origin: attestor.origin });

const open: Attestor[] = [];
const start = async (options: Partial<AttestorOptions> = {}) => {
  const attestor = await createAttestor({
    secretKey: SECRET,
    origin: ORIGIN,
    worker: false,
    ...options,
  });
  open.push(attestor);
  return attestor;
};
afterEach(async () => {
  jest.useRealTimers();
  for (const attestor of open.splice(0)) await attestor.close();
});

const built = existsSync(join(__dirname, '../dist/sign-worker.js'));
const lanes = [
  [false, it],
  [true, built ? it : it.skip],
] as const;

describe.each(lanes)('createAttestor({ worker: %s })', (worker, test) => {
  test('attests every leaf of a call, in order and in one batch, for sizes 1 to 257', async () => {
    const attestor = await start({ worker });
    const verifier = verifierOf(attestor);
    for (const size of [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 128, 255, 256, 257]) {
      const leaves = Array.from({ length: size }, (_, n) => leaf(n));
      const attestations = await attestor.attest(leaves);
      expect(attestations).toHaveLength(size);
      for (const [index, attestation] of attestations.entries()) {
        expect(attestation.entry).toBe(`{"n":"${index}"}`);
        expect(attestation.keyId).toBe(attestor.keyId);
        expect(attestation.batch.size).toBe(size);
        expect(attestation.batch.index).toBe(index);
        verifier.verifyAttestation(attestation);
      }
    }
  });

  test('signs a thousand concurrent calls with a handful of signatures', async () => {
    const attestor = await start({ worker });
    const verifier = verifierOf(attestor);
    const calls = Array.from({ length: 1_000 }, (_, n) => attestor.attest([leaf(n)]));
    const grants = Array.from({ length: 1_000 }, (_, n) => attestor.grant(utf8(`{"grant":${n}}`)));
    for (const [n, [attestation]] of (await Promise.all(calls)).entries()) {
      expect(attestation!.entry).toBe(`{"n":"${n}"}`);
      verifier.verifyAttestation(attestation!);
    }
    for (const [n, grant] of (await Promise.all(grants)).entries()) {
      expect(grant.payload).toBe(`{"grant":${n}}`);
      verifier.verifyGrant(grant);
    }
    const { attestationBatches, attestedLeaves, grantBatches, grants: granted } = attestor.counts;
    expect([attestedLeaves, granted]).toEqual([1_000, 1_000]);
    expect(attestationBatches).toBeLessThanOrEqual(4);
    expect(grantBatches).toBeLessThanOrEqual(4);
  });

  test('signs the same bytes in every lane', async () => {
    const [one, other] = [await start({ worker }), await start({ worker: false })];
    const leaves = Array.from({ length: 20 }, (_, n) => leaf(n));
    expect(await one.attest(leaves)).toEqual(await other.attest(leaves));
    expect(await one.grant(utf8('{}'))).toEqual(await other.grant(utf8('{}')));
  });

  test('settles what is under way at close, and then refuses', async () => {
    const attestor = await start({ worker });
    const calls = Array.from({ length: 50 }, (_, n) => attestor.attest([leaf(n)]));
    const grant = attestor.grant(utf8('{}'));
    await attestor.close();
    expect((await Promise.all(calls)).flat()).toHaveLength(50);
    await grant;
    const refused = { code: 'SHUTTING_DOWN' };
    await expect(attestor.attest([leaf(1)])).rejects.toMatchObject(refused);
    await expect(attestor.grant(utf8('{}'))).rejects.toMatchObject(refused);
    await expect(attestor.signPublication(utf8(`${POLICY_PUBLICATION_DOMAIN}\nx`))).rejects.toMatchObject(refused);
    await attestor.close();
  });

  test('reads its key from a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'writ-attestor-'));
    try {
      const keyFile = join(folder, 'key');
      const key = await generateKeyFile(keyFile);
      const attestor = await createAttestor({ keyFile, origin: ORIGIN, worker });
      open.push(attestor);
      expect(attestor.keyId).toBe(key.keyId);
      verifierOf(attestor).verifyAttestation((await attestor.attest([leaf(1)]))[0]!);
      await expect(createAttestor({ keyFile: `${keyFile}.no`, origin: ORIGIN, worker })).rejects.toMatchObject({
        code: 'KEY_FILE_INVALID',
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('a lone request', () => {
  it('waits for no timer: it is signed with the clock at a standstill', async () => {
    const attestor = await start();
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    for (let n = 0; n < 3; n++) {
      const signing = attestor.attest([leaf(n)]);
      expect(jest.getTimerCount()).toBe(0);
      await signing;
    }
    expect(attestor.counts.attestationBatches).toBe(3);
  });

  (built ? it : it.skip)('is signed on its own thread, even where there is a worker', async () => {
    const attestor = await start({ worker: true });
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const signing = attestor.attest([leaf(1)]);
    // One turn of the loop and its microtasks; a worker's answer could not be here yet.
    await new Promise((resolve) => setImmediate(resolve));
    await expect(Promise.race([signing, Promise.resolve('not yet')])).resolves.toHaveLength(1);
    // A batch in the worker would have set its watchdog.
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('bounds', () => {
  it('refuses a call that no batch can hold', async () => {
    const attestor = await start({ maxBatchLeaves: 4 });
    const leaves = Array.from({ length: 5 }, (_, n) => leaf(n));
    await expect(attestor.attest(leaves)).rejects.toMatchObject({ code: 'BATCH_TOO_LARGE' });
    expect(await attestor.attest(leaves.slice(1))).toHaveLength(4);
    expect(await attestor.attest([])).toEqual([]);
  });

  it('refuses what exceeds the queue, and settles the rest', async () => {
    const attestor = await start({ maxBatchLeaves: 4, maxQueuedLeaves: 8 });
    const calls = await Promise.allSettled(Array.from({ length: 12 }, (_, n) => attestor.attest([leaf(n)])));
    const refused = calls.filter((call) => call.status === 'rejected');
    expect(refused).toHaveLength(4);
    for (const call of refused) expect(call.reason).toMatchObject({ code: 'OVERLOADED' });
  });

  it.each(['', 'two\nlines', 'carriage\rreturn'])('never signs for the origin %j', async (origin) => {
    await expect(start({ origin })).rejects.toMatchObject({ code: 'NAME_INVALID' });
  });

  it('refuses an entry that is not UTF-8', async () => {
    const attestor = await start();
    const bad = { entry: Uint8Array.of(0xff), leafHash: new Uint8Array(32) };
    await expect(attestor.attest([bad])).rejects.toMatchObject({ code: 'JSON_STRING_INVALID' });
  });
});

describe.each([
  ['signPublication', POLICY_PUBLICATION_DOMAIN, STREAM_HEAD_DOMAIN],
  ['signStreamHead', STREAM_HEAD_DOMAIN, POLICY_PUBLICATION_DOMAIN],
] as const)('%s', (method, domain, otherDomain) => {
  it('signs in its own domain and in no other', async () => {
    const attestor = await start();
    const message = utf8(`${domain}\n${ORIGIN}\nrest`);
    const { keyId, signature } = await attestor[method](message);
    expect(keyId).toBe(attestor.keyId);
    expect(opensslVerify(message, parseBase64(signature, 64), attestor.publicKey)).toBe(true);
    const others = ['writ/attestation/v1\nx', 'writ/grant/v1\nx', `${otherDomain}\nx`, `${domain}x`, '', 'x'];
    for (const other of others) {
      await expect(attestor[method](utf8(other))).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    }
  });
});
