import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { endThread, type EventStore } from '@writ/event-store';
import type { TrustedKey } from '@writ/evidence';

import type { TileStore } from '../tiles/tile-store.js';
import type { EntryIndex } from './entry-index.js';
import type { FollowerHost } from './follower-host.js';
import { Follower } from './follower.js';
import {
  integrityErrorFrom,
  sequencerFailure,
  type FromWorker,
  type SequencerStart,
  type ToWorker,
} from './sequencer-messages.js';
import { TreeWriter } from './tree-writer.js';

/** What follows the store for this node, wherever it runs. */
export interface Sequencer {
  setPublisher(publisher: boolean): void;
  /** Makes tiles and index again; what is served meanwhile is what is there. */
  rebuild(): void;
  /** Settles once all that the store held at the call was handled, as far as it could be. */
  flush(): Promise<void>;
  /** Ends what is under way and lets go of the files. Idempotent. */
  close(): Promise<void>;
}

export interface SequencerHost extends FollowerHost {
  /** It ended without being asked to; it is begun again. */
  died(): void;
}

const NONCE_BYTES = 16;
const RESTART_DELAY_MS = 500;
const MAX_RESTART_DELAY_MS = 30_000;

/** On this thread: for a ledger that lives in this process alone. */
export function localSequencer(
  ports: {
    readonly store: EventStore;
    readonly origin: string;
    readonly pinned: readonly TrustedKey[];
    readonly tiles: TileStore;
    readonly openIndex: () => EntryIndex;
  },
  host: SequencerHost,
): Sequencer {
  const { store, origin, pinned, tiles, openIndex } = ports;
  const openWriter = (): TreeWriter => new TreeWriter(tiles, openIndex());
  const nonce = (): Uint8Array => Uint8Array.from(randomBytes(NONCE_BYTES));
  const follower = new Follower({ store, origin, pinned, openWriter, nonce, host });
  const running = follower.run();
  return {
    setPublisher: (publisher) => follower.setPublisher(publisher),
    rebuild: () => follower.rebuild(),
    flush: () => follower.flush(),
    close: async () => {
      follower.stop();
      await running;
    },
  };
}

/** In a thread of its own, which reads the store by itself: what it does takes no time from decisions. */
export function workerSequencer(start: SequencerStart, host: SequencerHost): Sequencer {
  return new SequencerThread(start, host);
}

class SequencerThread implements Sequencer {
  readonly #start: SequencerStart;
  readonly #host: SequencerHost;
  readonly #waiting = new Map<number, () => void>();
  #worker: Worker | undefined;
  #publisher = false;
  #nextId = 1;
  #restarts = 0;
  #closed = false;

  constructor(start: SequencerStart, host: SequencerHost) {
    this.#start = start;
    this.#host = host;
    this.#spawn();
  }

  setPublisher(publisher: boolean): void {
    this.#publisher = publisher;
    this.#send({ kind: 'role', publisher });
  }

  rebuild(): void {
    this.#send({ kind: 'rebuild' });
  }

  flush(): Promise<void> {
    return this.#ask('flush');
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    await endThread(worker, () => this.#ask('close'));
  }

  #ask(kind: 'flush' | 'close'): Promise<void> {
    if (this.#worker === undefined) return Promise.resolve();
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#send({ kind, id });
    });
  }

  #send(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  #spawn(): void {
    const worker = new Worker(workerUrl(), { workerData: this.#start });
    this.#worker = worker;
    worker.unref();
    worker.on('message', (message: FromWorker) => {
      this.#receive(message);
    });
    worker.on('error', () => undefined); // 'exit' follows and is handled there
    worker.on('exit', () => {
      this.#worker = undefined;
      for (const resolve of this.#waiting.values()) resolve();
      this.#waiting.clear();
      if (this.#closed) return;
      this.#host.died();
      // What it had written is whole up to its last save, and the next one goes on from there.
      const delayMs = Math.min(MAX_RESTART_DELAY_MS, RESTART_DELAY_MS * 2 ** Math.min(this.#restarts++, 10));
      setTimeout(() => {
        if (!this.#closed) this.#spawn();
      }, delayMs).unref();
    });
    if (this.#publisher) this.#send({ kind: 'role', publisher: true });
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'report':
        return this.#host.report(message.report);
      case 'foreign':
        return this.#host.foreign({ ...message.place, error: integrityErrorFrom(message.error) });
      case 'done':
        this.#waiting.get(message.id)?.();
        this.#waiting.delete(message.id);
        return;
      case 'append': {
        const { id, request } = message;
        this.#host.append(request).then(
          (outcome) => {
            this.#send({ kind: 'appended', id, outcome });
          },
          (error: unknown) => {
            this.#send({ kind: 'failed', id, error: sequencerFailure(error) });
          },
        );
        return;
      }
    }
  }
}

/** Worker threads load compiled JavaScript only: from `src` (tests) the way leads to `dist`. */
function workerUrl(): URL {
  return import.meta.url.endsWith('.ts')
    ? new URL('../../dist/sequencing/sequencer.worker.js', import.meta.url)
    : new URL('./sequencer.worker.js', import.meta.url);
}
