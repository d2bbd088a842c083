import { RejectedError, UnavailableError } from '@writ/errors';

import type { BatchLane } from './batch-lane.js';
import { signedLeaves, type BatchDomain, type SignedLeaf } from './sign-batch.js';

export interface MicroBatcherOptions {
  readonly domain: BatchDomain;
  readonly maxBatchLeaves: number;
  /** Leaves that may wait while a batch is signed; beyond it calls are refused. */
  readonly maxQueuedLeaves: number;
  /** Where to sign a batch of so many calls and leaves. */
  readonly laneFor: (calls: number, leaves: number) => BatchLane;
  /** Asks the owner to call `start` in this turn of the event loop, after what arrived with it. */
  readonly wake: () => void;
}

interface Call {
  readonly leafHashes: readonly Uint8Array[];
  readonly resolve: (leaves: SignedLeaf[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers leaves into batches of one signature each. A batch starts as soon as none is under way: what arrived in the
 * same turn of the event loop goes together, and what arrives while it is signed goes into the next one. Nobody waits
 * for company: there is no timer here.
 */
export class MicroBatcher {
  readonly #options: MicroBatcherOptions;
  readonly #queue: Call[] = [];
  #queuedLeaves = 0;
  #underWay = false;
  #batches = 0;
  #leaves = 0;
  #whenIdle: (() => void)[] = [];

  constructor(options: MicroBatcherOptions) {
    this.#options = options;
  }

  /**
   * Resolves to one proof per leaf, in order, all from one batch. Throws REQUEST_INVALID for a leaf hash that is not
   * 32 bytes, BATCH_TOO_LARGE for more than a batch holds, OVERLOADED when too many wait, SIGNER_UNAVAILABLE.
   */
  async add(leafHashes: readonly Uint8Array[]): Promise<SignedLeaf[]> {
    if (leafHashes.length === 0) return [];
    this.#check(leafHashes);
    return new Promise((resolve, reject) => {
      this.#queue.push({ leafHashes, resolve, reject });
      this.#queuedLeaves += leafHashes.length;
      if (!this.#underWay) this.#options.wake();
    });
  }

  /** Signs what waits, unless a batch is under way. */
  start(): void {
    if (this.#underWay || this.#queue.length === 0) return;
    this.#underWay = true;
    void this.#signNext();
  }

  /** Resolves when nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    if (!this.#underWay && this.#queue.length === 0) return;
    await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  /** Batches and leaves that were signed since the start. */
  get counts(): { readonly batches: number; readonly leaves: number } {
    return { batches: this.#batches, leaves: this.#leaves };
  }

  async #signNext(): Promise<void> {
    const calls = this.#take();
    const leafHashes = joined(calls);
    const sizeLeaves = leafHashes.length / 32;
    try {
      const lane = this.#options.laneFor(calls.length, sizeLeaves);
      const signed = signedLeaves(await lane.sign(this.#options.domain, leafHashes), sizeLeaves);
      this.#batches += 1;
      this.#leaves += sizeLeaves;
      hand(calls, signed);
    } catch (error) {
      for (const call of calls) call.reject(error);
    }
    this.#underWay = false;
    this.start();
    if (!this.#underWay) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** The calls of the next batch, first come first; a call is never split. */
  #take(): Call[] {
    let leaves = 0;
    let count = 0;
    for (const call of this.#queue) {
      if (leaves + call.leafHashes.length > this.#options.maxBatchLeaves) break;
      leaves += call.leafHashes.length;
      count += 1;
    }
    this.#queuedLeaves -= leaves;
    return this.#queue.splice(0, count);
  }

  #check(leafHashes: readonly Uint8Array[]): void {
    const { maxBatchLeaves, maxQueuedLeaves } = this.#options;
    if (leafHashes.some((hash) => !(hash instanceof Uint8Array) || hash.length !== 32)) {
      throw new RejectedError('REQUEST_INVALID', 'a leaf hash must be 32 bytes');
    }
    if (leafHashes.length > maxBatchLeaves) {
      throw new RejectedError('BATCH_TOO_LARGE', 'more leaves than one batch holds', {
        leaves: leafHashes.length,
        maxBatchLeaves,
      });
    }
    if (this.#queuedLeaves + leafHashes.length > maxQueuedLeaves) {
      throw new UnavailableError('OVERLOADED', 'too many leaves wait for a signature', { retryAfterMs: 50 });
    }
  }
}

function joined(calls: readonly Call[]): Uint8Array {
  const sizeLeaves = calls.reduce((sum, call) => sum + call.leafHashes.length, 0);
  const whole = new Uint8Array(sizeLeaves * 32);
  let at = 0;
  for (const call of calls) {
    for (const hash of call.leafHashes) {
      whole.set(hash, at);
      at += 32;
    }
  }
  return whole;
}

function hand(calls: readonly Call[], signed: readonly SignedLeaf[]): void {
  let at = 0;
  for (const call of calls) {
    call.resolve(signed.slice(at, at + call.leafHashes.length));
    at += call.leafHashes.length;
  }
}
