/**
 * What signing costs: each signer and verifier alone, a lone attestation on this thread and through the worker, and how
 * much of the event loop an attested leaf takes at several numbers of callers. Prints JSON; times in microseconds,
 * medians. The figures behind docs/decisions/0004-signing.md.
 */
import { createHash, randomBytes } from 'node:crypto';
import { attestationMessage, verifySignature } from '../libs/evidence/dist/index.js';
import { leafHash } from '../libs/merkle/dist/index.js';
import { createAttestor, fastSigner, nobleSigner, opensslVerify } from '../libs/signing/dist/index.js';
import { WorkerLane } from '../libs/signing/dist/worker-lane.js';

const secretKey = Uint8Array.from(randomBytes(32));
const median = (values) => Math.round([...values].sort((a, b) => a - b)[values.length >> 1]);

async function microseconds(count, act) {
  const times = [];
  for (let n = 0; n < count; n += 1) {
    const start = performance.now();
    await act(n);
    times.push((performance.now() - start) * 1_000);
  }
  return median(times.slice(count >> 2));
}

let leaves = 0;
function newLeaf() {
  leaves += 1;
  const entry = Buffer.from(`{"n":${leaves},"text":"${'x'.repeat(280)}"}`);
  return { entry, leafHash: leafHash(entry) };
}

async function crowd(attestor, callers, total) {
  const before = attestor.counts;
  const startLoop = performance.eventLoopUtilization();
  const start = performance.now();
  let begun = 0;
  const call = async () => {
    while (begun < total) {
      begun += 1;
      await attestor.attest([newLeaf()]);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  const elapsed = performance.now() - start;
  const { active } = performance.eventLoopUtilization(startLoop);
  const signed = attestor.counts.attestedLeaves - before.attestedLeaves;
  return {
    callers,
    leavesPerSecond: Math.round((signed / elapsed) * 1_000),
    leavesPerSignature: Math.round(signed / (attestor.counts.attestationBatches - before.attestationBatches)),
    loopMicrosecondsPerLeaf: Number(((active / signed) * 1_000).toFixed(1)),
  };
}

const [noble, fast] = [nobleSigner(secretKey), await fastSigner(secretKey)];
const message = attestationMessage('bench', 1, createHash('sha256').digest());
const signature = noble.sign(message);
const alone = {
  signNoble: await microseconds(400, () => noble.sign(message)),
  signFast: await microseconds(1_000, () => fast.sign(message)),
  verifyNoble: await microseconds(200, () => verifySignature(message, signature, noble.publicKey)),
  verifyOpenssl: await microseconds(1_000, () => opensslVerify(message, signature, noble.publicKey)),
};

const inline = await createAttestor({ secretKey, origin: 'bench', worker: false });
const adaptive = await createAttestor({ secretKey, origin: 'bench', worker: true });
const worker = await WorkerLane.start({ origin: 'bench', key: { secretKey }, keyId: noble.keyId });
const lone = {
  thisThread: await microseconds(1_500, () => inline.attest([newLeaf()])),
  adaptive: await microseconds(1_500, () => adaptive.attest([newLeaf()])),
  throughWorker: await microseconds(1_500, () => worker.sign('attestation', new Uint8Array(32))),
};
const crowded = { thisThread: [], adaptive: [] };
for (const callers of [1, 2, 4, 16, 64, 256]) {
  const total = callers === 1 ? 2_000 : Math.max(4_000, callers * 100);
  crowded.thisThread.push(await crowd(inline, callers, total));
  crowded.adaptive.push(await crowd(adaptive, callers, total));
}
await Promise.all([inline.close(), adaptive.close(), worker.close()]);
console.log(JSON.stringify({ alone, lone, crowded }, undefined, 2));
