import { textOf, toBase64, type KeyId } from '@writ/encoding';
import { RejectedError, UnavailableError } from '@writ/errors';
import {
  attestationMessage,
  POLICY_PUBLICATION_DOMAIN,
  STREAM_HEAD_DOMAIN,
  type Attestation,
  type SignedGrant,
  type SigningDomain,
} from '@writ/evidence';
import { leafHash } from '@writ/merkle';

import { inlineLane, type BatchLane } from './batch-lane.js';
import { checkedSigner } from './checked-signer.js';
import { openSigner, type KeySource } from './open-signer.js';
import { MicroBatcher } from './micro-batcher.js';
import type { BatchDomain } from './sign-batch.js';
import type { Signer } from './signer.js';
import { warmUp } from './warm-up.js';
import { WorkerLane } from './worker-lane.js';

/** A leaf of the lineage tree that is to be attested: the entry's bytes, and SHA-256(0x00 ‖ entry). */
export interface LeafToAttest {
  readonly entry: Uint8Array;
  /** The same as text, where the caller has it. */
  readonly entryText?: string;
  readonly leafHash: Uint8Array;
}

/** A signature over one message, as events carry it. */
export interface DetachedSignature {
  readonly keyId: KeyId;
  /** Base64 of 64 bytes. */
  readonly signature: string;
}

/**
 * Signs what the ledger vouches for, in micro-batches, each kind in its own domain. Every method may be called
 * concurrently. A signature is not a record: what was signed counts once it is durable in the store.
 *
 * All methods reject with SIGNER_UNAVAILABLE when no signature could be made, OVERLOADED when too much waits, and
 * SHUTTING_DOWN after `close`; in each case nothing was given away, and the same call may be made again.
 */
export interface Attestor {
  readonly origin: string;
  readonly keyId: KeyId;
  /** The compressed point, 33 bytes. */
  readonly publicKey: Uint8Array;
  /** One attestation per leaf, in order; all leaves of one call land in one batch. BATCH_TOO_LARGE beyond its size. */
  attest(leaves: readonly LeafToAttest[]): Promise<Attestation[]>;
  /** Signs the canonical bytes of a grant. Call it beside the append, not after it: then it takes no time of its own. */
  grant(payload: Uint8Array): Promise<SignedGrant>;
  /** Signs a message of the policy publication domain; REQUEST_INVALID for any other. */
  signPublication(message: Uint8Array): Promise<DetachedSignature>;
  /** Signs a message of the stream head domain; REQUEST_INVALID for any other. */
  signStreamHead(message: Uint8Array): Promise<DetachedSignature>;
  readonly counts: AttestorCounts;
  /** Takes no more, settles what is under way, then overwrites the key. */
  close(): Promise<void>;
}

/** For metrics; since the start. */
export interface AttestorCounts {
  readonly attestationBatches: number;
  readonly attestedLeaves: number;
  readonly grantBatches: number;
  readonly grants: number;
  /** Workers started; more than 1 means that one died. */
  readonly workerStarts: number;
}

export type AttestorOptions = KeySource & {
  /** The ledger's name; part of every signed message. */
  readonly origin: string;
  /** Default 1,024. */
  readonly maxBatchLeaves?: number;
  /** Default 16 batches. */
  readonly maxQueuedLeaves?: number;
  /** Sign busy batches in a worker thread; else everything on the calling thread. */
  readonly worker: boolean;
};

/** Beyond so many leaves a lone call's tree costs more than the way to the worker and back. */
const MAX_INLINE_LEAVES = 16;

/**
 * Reads the key, proves and warms the signer, starts the worker. Throws KEY_FILE_INVALID, SIGNER_UNAVAILABLE, KEY_MISMATCH, and
 * NAME_INVALID for an origin outside its pattern.
 */
export async function createAttestor(options: AttestorOptions): Promise<Attestor> {
  // An origin that cannot be signed for is refused here rather than at the first request.
  attestationMessage(options.origin, 1, new Uint8Array(32));
  const signer = checkedSigner(await openSigner(options));
  warmUp(signer);
  const inline = inlineLane(signer, options.origin);
  try {
    const { origin } = options;
    const worker = options.worker ? await WorkerLane.start({ origin, key: options, keyId: signer.keyId }) : undefined;
    return new BatchingAttestor(options, signer, inline, worker);
  } catch (error) {
    signer.close();
    throw error;
  }
}

class BatchingAttestor implements Attestor {
  readonly origin: string;
  readonly keyId: KeyId;
  readonly publicKey: Uint8Array;
  readonly #signer: Signer;
  readonly #inline: BatchLane;
  readonly #worker: WorkerLane | undefined;
  readonly #attestations: MicroBatcher;
  readonly #grants: MicroBatcher;
  #awake = false;
  #closed = false;

  constructor(options: AttestorOptions, signer: Signer, inline: BatchLane, worker: WorkerLane | undefined) {
    this.origin = options.origin;
    this.keyId = signer.keyId;
    this.publicKey = signer.publicKey;
    this.#signer = signer;
    this.#inline = inline;
    this.#worker = worker;
    const maxBatchLeaves = options.maxBatchLeaves ?? 1024;
    const maxQueuedLeaves = options.maxQueuedLeaves ?? 16 * maxBatchLeaves;
    const batcher = (domain: BatchDomain) =>
      new MicroBatcher({
        domain,
        maxBatchLeaves,
        maxQueuedLeaves,
        laneFor: laneChooser(inline, worker),
        wake: () => this.#wake(),
      });
    this.#attestations = batcher('attestation');
    this.#grants = batcher('grant');
  }

  async attest(leaves: readonly LeafToAttest[]): Promise<Attestation[]> {
    this.#requireOpen();
    const entries = leaves.map((leaf) => leaf.entryText ?? textOf(leaf.entry));
    const signed = await this.#attestations.add(leaves.map((leaf) => leaf.leafHash));
    return signed.map((leaf, index) => ({ entry: entries[index] ?? '', keyId: this.keyId, ...leaf }));
  }

  async grant(payload: Uint8Array): Promise<SignedGrant> {
    this.#requireOpen();
    const text = textOf(payload);
    const [signed] = await this.#grants.add([leafHash(payload)]);
    if (signed === undefined) throw new UnavailableError('SIGNER_UNAVAILABLE', 'the batch came back empty');
    return { payload: text, keyId: this.keyId, ...signed };
  }

  async signPublication(message: Uint8Array): Promise<DetachedSignature> {
    return this.#signOne(POLICY_PUBLICATION_DOMAIN, message);
  }

  async signStreamHead(message: Uint8Array): Promise<DetachedSignature> {
    return this.#signOne(STREAM_HEAD_DOMAIN, message);
  }

  get counts(): AttestorCounts {
    const attestations = this.#attestations.counts;
    const grants = this.#grants.counts;
    return {
      attestationBatches: attestations.batches,
      attestedLeaves: attestations.leaves,
      grantBatches: grants.batches,
      grants: grants.leaves,
      workerStarts: this.#worker?.starts ?? 0,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#attestations.idle(), this.#grants.idle()]);
    await Promise.all([this.#worker?.close(), this.#inline.close()]);
  }

  /** One start per turn of the event loop, after everything that the turn brought: not a wait, the loop goes on at once. */
  #wake(): void {
    if (this.#awake) return;
    this.#awake = true;
    setImmediate(() => {
      this.#awake = false;
      this.#attestations.start();
      this.#grants.start();
    });
  }

  #signOne(domain: SigningDomain, message: Uint8Array): DetachedSignature {
    this.#requireOpen();
    const inDomain = Buffer.from(message).toString('latin1').startsWith(`${domain}\n`);
    if (!inDomain) throw new RejectedError('REQUEST_INVALID', `the message is not of the domain \`${domain}\``);
    return { keyId: this.keyId, signature: toBase64(this.#signer.sign(message)) };
  }

  #requireOpen(): void {
    if (this.#closed) throw new UnavailableError('SHUTTING_DOWN', 'the attestor is closed');
  }
}

/**
 * A lone call is signed on this thread: the way to the worker and back would cost it half a signature more. As soon as
 * calls come together, the worker signs, and this thread serves callers meanwhile (docs/decisions/0004-signing.md).
 */
function laneChooser(inline: BatchLane, worker: BatchLane | undefined): (calls: number, leaves: number) => BatchLane {
  let lastCalls = 0;
  return (calls, leaves) => {
    const lone = calls === 1 && lastCalls <= 1 && leaves <= MAX_INLINE_LEAVES;
    lastCalls = calls;
    return lone ? inline : (worker ?? inline);
  };
}
