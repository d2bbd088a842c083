import { createHash } from 'node:crypto';

import { UnavailableError } from '@writ/errors';

import { inlineLane, type BatchLane } from './batch-lane.js';
import { MicroBatcher } from './micro-batcher.js';
import { nobleSigner } from './signer.js';

const hashOf = (label: string | number): Uint8Array =>
  Uint8Array.from(createHash('sha256').update(String(label)).digest());
const leavesOf = (count: number): Uint8Array[] => Array.from({ length: count }, (_, n) => hashOf(n));

/** A lane that signs when it is told to. */
class HeldLane implements BatchLane {
  readonly sizes: number[] = [];
  readonly #inline = inlineLane(nobleSigner(hashOf('secret')), 'test');
  readonly #held: (() => void)[] = [];

  async sign(...[domain, leafHashes]: Parameters<BatchLane['sign']>): Promise<Uint8Array> {
    this.sizes.push(leafHashes.length / 32);
    await new Promise<void>((resolve) => this.#held.push(resolve));
    return this.#inline.sign(domain, leafHashes);
  }

  async release(): Promise<void> {
    this.#held.shift()?.();
    await turn();
  }

  close(): Promise<void> {
    return this.#inline.close();
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function batcherOver(lane: BatchLane, options: { maxBatchLeaves?: number; maxQueuedLeaves?: number } = {}) {
  const batcher: MicroBatcher = new MicroBatcher({
    domain: 'attestation',
    maxBatchLeaves: options.maxBatchLeaves ?? 8,
    maxQueuedLeaves: options.maxQueuedLeaves ?? 20,
    laneFor: () => lane,
    wake: () => setImmediate(() => batcher.start()),
  });
  return batcher;
}

describe('MicroBatcher', () => {
  it('gathers one turn into a batch, and what comes meanwhile into the next', async () => {
    const lane = new HeldLane();
    const batcher = batcherOver(lane);
    const first = [batcher.add(leavesOf(1)), batcher.add(leavesOf(2))];
    await turn();
    const second = [batcher.add(leavesOf(1)), batcher.add(leavesOf(1)), batcher.add(leavesOf(3))];
    await turn();
    expect(lane.sizes).toEqual([3]);
    await lane.release();
    expect(lane.sizes).toEqual([3, 5]);
    await lane.release();
    expect((await Promise.all(first)).flat().map((leaf) => [leaf.batch.index, leaf.batch.size])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
    ]);
    expect((await Promise.all(second)).map((leaves) => leaves.map((leaf) => leaf.batch.index))).toEqual([
      [0],
      [1],
      [2, 3, 4],
    ]);
    expect(batcher.counts).toEqual({ batches: 2, leaves: 8 });
  });

  it('never splits a call, and keeps the order', async () => {
    const lane = new HeldLane();
    const batcher = batcherOver(lane);
    const calls = [5, 4, 8, 1, 1].map((count) => batcher.add(leavesOf(count)));
    await turn();
    for (let n = 0; n < 4; n++) await lane.release();
    expect(lane.sizes).toEqual([5, 4, 8, 2]);
    for (const leaves of await Promise.all(calls)) {
      expect(new Set(leaves.map((leaf) => leaf.signature)).size).toBe(1);
    }
  });

  it('refuses what can never fit, what is malformed, and what is too much for now; and goes on', async () => {
    const lane = new HeldLane();
    const batcher = batcherOver(lane);
    await expect(batcher.add(leavesOf(9))).rejects.toMatchObject({ code: 'BATCH_TOO_LARGE' });
    for (const bad of [new Uint8Array(31), new Uint8Array(33), 'x'.repeat(32), undefined]) {
      await expect(batcher.add([bad as Uint8Array])).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    }
    const underWay = batcher.add(leavesOf(8));
    await turn();
    const waiting = [batcher.add(leavesOf(8)), batcher.add(leavesOf(8)), batcher.add(leavesOf(4))];
    await expect(batcher.add(leavesOf(1))).rejects.toMatchObject({ code: 'OVERLOADED' });
    for (let n = 0; n < 4; n++) await lane.release();
    await Promise.all([underWay, ...waiting]);
    const after = batcher.add(leavesOf(1));
    await turn();
    await lane.release();
    expect(await after).toHaveLength(1);
  });

  it('answers a call without leaves at once, signing nothing', async () => {
    const lane = new HeldLane();
    expect(await batcherOver(lane).add([])).toEqual([]);
    await turn();
    expect(lane.sizes).toEqual([]);
  });

  it('hands a failure to the calls of that batch alone', async () => {
    let fail = true;
    const signer = inlineLane(nobleSigner(hashOf('secret')), 'test');
    const lane: BatchLane = {
      sign: (...batch) =>
        fail ? Promise.reject(new UnavailableError('SIGNER_UNAVAILABLE', 'gone')) : signer.sign(...batch),
      close: () => signer.close(),
    };
    const batcher = batcherOver(lane);
    const lost = [batcher.add(leavesOf(1)), batcher.add(leavesOf(1))];
    for (const call of lost) await expect(call).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
    fail = false;
    expect(await batcher.add(leavesOf(1))).toHaveLength(1);
    expect(batcher.counts).toEqual({ batches: 1, leaves: 1 });
  });

  it('is idle only when nothing waits and nothing is under way', async () => {
    const lane = new HeldLane();
    const batcher = batcherOver(lane);
    await batcher.idle();
    void batcher.add(leavesOf(8));
    void batcher.add(leavesOf(8));
    let idle = false;
    void batcher.idle().then(() => (idle = true));
    await turn();
    await lane.release();
    expect(idle).toBe(false);
    await lane.release();
    expect(idle).toBe(true);
  });
});
