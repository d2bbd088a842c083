import { parentPort, workerData } from 'node:worker_threads';

import { checkedSigner } from './checked-signer.js';
import { openSigner } from './open-signer.js';
import { signBatch } from './sign-batch.js';
import type { Signer } from './signer.js';
import { warmUp } from './warm-up.js';
import type { SignRequest, WorkerReply, WorkerStart } from './worker-messages.js';

/** The body of the signing thread: one message in, one message out, in order. */
async function main(): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('the signing worker runs in a worker thread only');
  const start = workerData as WorkerStart;
  const signer = checkedSigner(await openSigner(start.key));
  if ('secretKey' in start.key) start.key.secretKey.fill(0);
  warmUp(signer);
  port.on('message', (request: SignRequest) => {
    const reply = answer(signer, start.origin, request);
    port.postMessage(reply, reply.type === 'signed' ? [reply.signed.buffer as ArrayBuffer] : []);
  });
  port.postMessage({ type: 'ready', keyId: signer.keyId } satisfies WorkerReply);
}

function answer(signer: Signer, origin: string, request: SignRequest): WorkerReply {
  try {
    return {
      type: 'signed',
      id: request.id,
      signed: signBatch(signer, request.domain, origin, request.leafHashes),
    };
  } catch (error) {
    return { type: 'failed', id: request.id, reason: error instanceof Error ? error.message : 'unknown' };
  }
}

await main();
