import { Worker } from 'node:worker_threads';

import { IntegrityError, UnavailableError } from '@writ/errors';

import type { BatchLane } from './batch-lane.js';
import type { KeySource } from './open-signer.js';
import type { BatchDomain } from './sign-batch.js';
import type { SignRequest, WorkerReply, WorkerStart } from './worker-messages.js';

export interface WorkerLaneOptions {
  readonly origin: string;
  readonly key: KeySource;
  /** The key that the worker must turn out to hold. */
  readonly keyId: string;
  /** A worker that has not answered by then is ended; default 10,000, which a start on a busy machine fits into. */
  readonly answerWithinMs?: number;
  /** How many workers may be started within a minute. */
  readonly maxStartsPerMinute?: number;
  /** The module that the thread runs; for tests of what happens when it misbehaves. */
  readonly module?: URL;
}

interface Outstanding {
  readonly resolve: (signed: Uint8Array) => void;
  readonly reject: (error: Error) => void;
  readonly watchdog: NodeJS.Timeout;
}

const MINUTE_MS = 60_000;

/**
 * Signs in a worker thread, which is started again when it dies, a bounded number of times a minute; past that bound
 * every batch is refused until the minute is over. Whatever was under way in a dead worker is refused with
 * SIGNER_UNAVAILABLE: no signature of it was seen, and nothing was appended.
 */
export class WorkerLane implements BatchLane {
  readonly #options: WorkerLaneOptions;
  readonly #outstanding = new Map<number, Outstanding>();
  #worker: Worker | undefined;
  #ready: Promise<void> = Promise.resolve();
  /** When the workers of the last minute were started; monotonic milliseconds. */
  #starts: number[] = [];
  #startCount = 0;
  #lastId = 0;
  #closed = false;

  private constructor(options: WorkerLaneOptions) {
    // A secret is copied, since a later worker needs it when the caller's array may be overwritten.
    const { key } = options;
    this.#options = 'secretKey' in key ? { ...options, key: { secretKey: Uint8Array.from(key.secretKey) } } : options;
  }

  /** Resolves when the worker is ready and holds the right key. Throws SIGNER_UNAVAILABLE or KEY_MISMATCH. */
  static async start(options: WorkerLaneOptions): Promise<WorkerLane> {
    const lane = new WorkerLane(options);
    lane.#spawn();
    try {
      await lane.#ready;
    } catch (error) {
      await lane.close();
      throw error;
    }
    return lane;
  }

  sign(domain: BatchDomain, leafHashes: Uint8Array): Promise<Uint8Array> {
    const worker = this.#worker ?? this.#spawn();
    if (worker === undefined) return Promise.reject(unavailable('no signing worker runs'));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const watchdog = setTimeout(() => void worker.terminate(), this.#options.answerWithinMs ?? 10_000);
      watchdog.unref();
      this.#outstanding.set(id, { resolve, reject, watchdog });
      // Only while somebody waits may the thread keep the process alive.
      worker.ref();
      worker.postMessage({ id, domain, leafHashes } satisfies SignRequest, [leafHashes.buffer as ArrayBuffer]);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const { key } = this.#options;
    if ('secretKey' in key) key.secretKey.fill(0);
    await this.#worker?.terminate();
  }

  /** How many workers were started, the first included. */
  get starts(): number {
    return this.#startCount;
  }

  #spawn(): Worker | undefined {
    const nowMs = performance.now();
    this.#starts = this.#starts.filter((startedMs) => nowMs - startedMs < MINUTE_MS);
    if (this.#closed || this.#starts.length >= (this.#options.maxStartsPerMinute ?? 5)) return undefined;
    this.#starts.push(nowMs);
    this.#startCount += 1;

    const worker = new Worker(this.#options.module ?? workerModule(), this.#workerOptions());
    this.#worker = worker;
    this.#ready = new Promise((resolve, reject) => {
      let cause: unknown;
      worker.on('message', (reply: WorkerReply) => {
        if (reply.type === 'ready') this.#greet(worker, reply.keyId, resolve, reject);
        else this.#settle(worker, reply);
      });
      worker.on('error', (error) => (cause = error));
      worker.on('exit', () => {
        const error = unavailable('the signing worker died', cause);
        reject(error);
        this.#bury(worker, error);
        this.#spawn();
      });
    });
    // Awaited by `start` alone; a later worker that fails to start is seen by those who wait for its answers.
    this.#ready.catch(() => undefined);
    return worker;
  }

  #workerOptions(): { workerData: WorkerStart; transferList?: ArrayBuffer[]; execArgv: string[]; name: string } {
    const { origin, key } = this.#options;
    const base = { execArgv: [], name: 'writ-signer' };
    if ('keyFile' in key) return { ...base, workerData: { origin, key: { keyFile: key.keyFile } } };
    // A copy that moves over to the thread instead of being copied once more; the thread overwrites it.
    const secretKey = Uint8Array.from(key.secretKey);
    return { ...base, workerData: { origin, key: { secretKey } }, transferList: [secretKey.buffer] };
  }

  #greet(worker: Worker, keyId: string, resolve: () => void, reject: (error: Error) => void): void {
    if (keyId === this.#options.keyId) {
      if (this.#outstanding.size === 0) worker.unref();
      resolve();
      return;
    }
    // The file was exchanged since it was read: nothing may be signed with what it holds now. Whoever waits is refused
    // first, so that an answer already on its way finds nobody.
    this.#closed = true;
    const error = new IntegrityError('KEY_MISMATCH', 'the signing worker holds another key', {
      expected: this.#options.keyId,
      actual: keyId,
    });
    reject(error);
    this.#bury(worker, error);
    void worker.terminate();
  }

  #settle(worker: Worker, reply: Exclude<WorkerReply, { type: 'ready' }>): void {
    const waiting = this.#outstanding.get(reply.id);
    if (waiting === undefined) return;
    this.#outstanding.delete(reply.id);
    clearTimeout(waiting.watchdog);
    if (this.#outstanding.size === 0) worker.unref();
    if (reply.type === 'signed') waiting.resolve(reply.signed);
    else waiting.reject(unavailable(`the batch could not be signed: ${reply.reason}`));
  }

  #bury(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const lost = [...this.#outstanding.values()];
    this.#outstanding.clear();
    for (const waiting of lost) {
      clearTimeout(waiting.watchdog);
      waiting.reject(error);
    }
  }
}

function unavailable(message: string, cause?: unknown): UnavailableError {
  return new UnavailableError('SIGNER_UNAVAILABLE', message, {}, { cause });
}

/** A thread cannot run TypeScript: from sources (tests), the built file next door is used. */
function workerModule(): URL {
  const here = import.meta.url;
  const base = here.endsWith('.ts') ? here.replace(/\/src\/([^/]+)$/, '/dist/$1') : here;
  return new URL('./sign-worker.js', base);
}
