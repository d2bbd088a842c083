import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { generateKeyFile } from './key-file.js';
import { signBatch } from './sign-batch.js';
import { nobleSigner } from './signer.js';
import { WorkerLane, type WorkerLaneOptions } from './worker-lane.js';

// A thread starts in 100 ms; on a busy machine in seconds.
jest.setTimeout(60_000);

const SECRET = Uint8Array.from(createHash('sha256').update('worker').digest());
const signer = nobleSigner(SECRET);
const leaf = () => new Uint8Array(32).fill(7);

/** A worker that greets with the right key and then runs `body` on each request `m`. */
const misbehaving = (body: string, keyId: string = signer.keyId): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(
      `import { parentPort, workerData } from 'node:worker_threads';
       parentPort.on('message', (m) => { ${body} });
       parentPort.postMessage({ type: 'ready', keyId: '${keyId}' });`,
    )}`,
  );

const lanes: WorkerLane[] = [];
const start = async (options: Partial<WorkerLaneOptions> = {}) => {
  const lane = await WorkerLane.start({ origin: 'test', key: { secretKey: SECRET }, keyId: signer.keyId, ...options });
  lanes.push(lane);
  return lane;
};
afterEach(async () => {
  for (const lane of lanes.splice(0)) await lane.close();
});

// The thread runs the built file.
const built = existsSync(join(__dirname, '../dist/sign-worker.js')) ? describe : describe.skip;
built('WorkerLane over the built worker', () => {
  it('signs what this thread would sign, in either domain', async () => {
    const lane = await start();
    for (const domain of ['attestation', 'grant'] as const) {
      const signed = await lane.sign(domain, leaf());
      expect(Buffer.compare(signed, signBatch(signer, domain, 'test', leaf()))).toBe(0);
    }
  });

  it('reads the key from its file, and leaves the caller its own copy of a secret', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'writ-lane-'));
    try {
      const keyFile = join(folder, 'key');
      const key = await generateKeyFile(keyFile);
      const lane = await start({ key: { keyFile }, keyId: key.keyId });
      expect(await lane.sign('grant', leaf())).toHaveLength(65);
      expect(SECRET.some((byte) => byte !== 0)).toBe(true);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('does not start with another key than the expected one', async () => {
    await expect(start({ keyId: '0123456789abcdef' })).rejects.toMatchObject({ code: 'KEY_MISMATCH' });
  });

  it('does not start without its key', async () => {
    const key = { keyFile: '/nonexistent/key' };
    await expect(start({ key })).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
  });

  it('hands on the refusal of a batch, and lives', async () => {
    const lane = await start();
    await expect(lane.sign('grant', new Uint8Array(33))).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
    expect(await lane.sign('grant', leaf())).toHaveLength(65);
    expect(lane.starts).toBe(1);
  });
});

describe('WorkerLane over a worker that misbehaves', () => {
  it('refuses all that was under way when the thread dies, and starts another', async () => {
    const lane = await start({
      module: misbehaving(
        `if (m.id === 2) throw new Error('hit'); if (m.id > 2) parentPort.postMessage({ type: 'signed', id: m.id, signed: new Uint8Array(3) });`,
      ),
    });
    const lost = [lane.sign('grant', leaf()), lane.sign('grant', leaf())];
    for (const batch of lost) await expect(batch).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
    expect(await lane.sign('grant', leaf())).toHaveLength(3);
    expect(lane.starts).toBe(2);
  });

  it('gives a later thread the secret even when the caller has overwritten its own', async () => {
    const secretKey = Uint8Array.from(SECRET);
    const telling = misbehaving(`if (m.id === 1) process.exit(1);
      parentPort.postMessage({ type: 'signed', id: m.id, signed: workerData.key.secretKey });`);
    const lane = await start({ module: telling, key: { secretKey } });
    secretKey.fill(0);
    await expect(lane.sign('grant', leaf())).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
    expect(Buffer.compare(await lane.sign('grant', leaf()), SECRET)).toBe(0);
  });

  it('stops starting threads at the bound, and then refuses at once', async () => {
    const lane = await start({ module: misbehaving('process.exit(1)'), maxStartsPerMinute: 3 });
    for (let n = 0; n < 5; n++) {
      await expect(lane.sign('grant', leaf())).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
    }
    expect(lane.starts).toBe(3);
  });

  it('ends a thread that does not answer in time', async () => {
    const lane = await start({ module: misbehaving(''), answerWithinMs: 30 });
    await expect(lane.sign('grant', leaf())).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
  });

  it('ends a thread that spins', async () => {
    const lane = await start({ module: misbehaving('for (;;);'), answerWithinMs: 30 });
    await expect(lane.sign('grant', leaf())).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
  });

  it('ignores answers to questions that nobody asked', async () => {
    const lane = await start({
      module: misbehaving(`parentPort.postMessage({ type: 'signed', id: 99, signed: new Uint8Array(1) });
        parentPort.postMessage({ type: 'signed', id: m.id, signed: new Uint8Array(2) });`),
    });
    expect(await lane.sign('grant', leaf())).toHaveLength(2);
  });

  it('starts no thread after close', async () => {
    const lane = await start({ module: misbehaving('') });
    const open = lane.sign('grant', leaf());
    await Promise.all([lane.close(), expect(open).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' })]);
    await expect(lane.sign('grant', leaf())).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
    expect(lane.starts).toBe(1);
  });
});
