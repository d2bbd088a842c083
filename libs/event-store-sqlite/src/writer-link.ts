import { Worker } from 'node:worker_threads';
import { fromPlainError, UnavailableError, type LedgerError, type PlainError } from '@writ/errors';
import {
  eventIdReused,
  revisionConflict,
  type AppendResult,
  type ExpectedRevision,
  type NewEvent,
  type StoreHealth,
} from '@writ/event-store';
import { AppendBlock } from './append-request.js';
import { uuidOf } from './uuid.js';
import {
  healthCodeOf,
  type FromWriter,
  type RefusedAppend,
  type ToWriter,
  type WriterSettings,
} from './writer-message.js';

export interface QueueLimits {
  readonly maxQueuedAppends: number;
  readonly maxQueuedBytes: number;
}

/** An append that nobody has answered yet. */
interface Waiting {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly count: number;
  readonly bytes: number;
  readonly sinceMs: number;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: LedgerError) => void;
}

/** A writer that has not answered for so long is stuck in a system call: nothing more is sent to it. */
const STALLED_MS = 1_000;
const PROBE_MS = 200;
/** By then the callers of a stuck append have been told that its outcome is unknown. */
const DRAIN_MS = 12_000;
const CLOSE_MS = 10_000;
const FIRST_RESPAWN_DELAY_MS = 10;
const LAST_RESPAWN_DELAY_MS = 500;
const RETRY_AFTER_MS = 50;

/** A thread cannot load TypeScript: from the sources (tests) the built file next door is taken. */
const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? '../dist/writer-thread.js' : './writer-thread.js',
  import.meta.url,
);

/**
 * The caller's end of the writer thread: sends what one turn of the event loop brought as one message, matches answers,
 * bounds the queue, and starts another thread when one dies.
 */
export class WriterLink {
  readonly #settings: WriterSettings;
  readonly #limits: QueueLimits;
  readonly #appended: () => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #probes = new Map<number, (health: StoreHealth) => void>();
  #worker: Worker | undefined;
  #block: AppendBlock | undefined;
  #lastId = 0;
  #queuedBytes = 0;
  #refusal: PlainError | undefined;
  #storeId = '';
  #lastPosition = 0n;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #drained: (() => void) | undefined;
  #opening: { readonly resolve: () => void; readonly reject: (error: LedgerError) => void } | undefined;
  #respawnDelayMs = FIRST_RESPAWN_DELAY_MS;

  private constructor(settings: WriterSettings, limits: QueueLimits, appended: () => void) {
    this.#settings = settings;
    this.#limits = limits;
    this.#appended = appended;
  }

  /**
   * Starts the thread and opens the store in it.
   * @param appended called after every group that was appended here
   * @throws LedgerError as `openWriter` does, translated
   */
  static async start(settings: WriterSettings, limits: QueueLimits, appended: () => void): Promise<WriterLink> {
    const link = new WriterLink(settings, limits, appended);
    await link.#open();
    return link;
  }

  get storeId(): string {
    return this.#storeId;
  }

  append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
    bytes: number,
    timeoutMs: number,
  ): Promise<AppendResult> {
    const now = performance.now();
    const refusal = this.#reasonToRefuse(bytes, now);
    if (refusal !== undefined) return Promise.reject(refusal);
    const requestId = this.#nextId();
    this.#block ??= this.#newBlock(bytes);
    this.#block.add(requestId, stream, expected, events);
    this.#queuedBytes += bytes;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(timedOut(timeoutMs)), timeoutMs);
      const count = events.length;
      this.#waiting.set(requestId, { stream, expected, count, bytes, sinceMs: now, timer, resolve, reject });
    });
  }

  /** What the writer says about itself, within 200 ms. */
  async probe(): Promise<StoreHealth> {
    const worker = this.#worker;
    if (this.#refusal !== undefined) return { state: 'read_only', code: healthCodeOf(this.#refusal) };
    if (this.#draining !== undefined || worker === undefined) return { state: 'down', code: 'STORE_UNAVAILABLE' };
    const probeId = this.#nextId();
    return new Promise((resolve) => {
      const done = (health: StoreHealth): void => {
        clearTimeout(timer);
        this.#probes.delete(probeId);
        resolve(health);
      };
      const timer = setTimeout(() => done({ state: 'read_only', code: 'STORE_UNAVAILABLE' }), PROBE_MS);
      this.#probes.set(probeId, done);
      send(worker, { kind: 'probe', probeId });
    });
  }

  /** Takes nothing more, and settles when all that was under way is answered. */
  drain(): Promise<void> {
    this.#draining ??= this.#drainOnce();
    return this.#draining;
  }

  /** Drains, then closes the store and ends the thread. */
  close(): Promise<void> {
    this.#closing ??= this.#closeOnce();
    return this.#closing;
  }

  async #drainOnce(): Promise<void> {
    this.#flush();
    if (this.#waiting.size > 0) await atMost(DRAIN_MS, (done) => (this.#drained = done));
  }

  async #closeOnce(): Promise<void> {
    await this.drain();
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#worker = undefined;
    await atMost(CLOSE_MS, (done) => {
      worker.once('exit', done);
      send(worker, { kind: 'close' });
    });
    // Nothing when it has ended; a thread that hangs in the disk is left to the kernel.
    await worker.terminate();
  }

  #open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#opening = { resolve, reject };
      this.#spawn(this.#settings);
    });
  }

  #spawn(settings: WriterSettings): void {
    const worker = new Worker(THREAD, { workerData: settings });
    this.#worker = worker;
    worker.on('message', (message: FromWriter) => this.#receive(message));
    worker.on('error', (error) => this.#lose(diedOf(error)));
    worker.on('exit', () => this.#ended(worker));
  }

  #receive(message: FromWriter): void {
    switch (message.kind) {
      case 'opened':
        this.#storeId = message.storeId;
        this.#lastPosition = message.lastPosition;
        this.#refusal = undefined;
        this.#opening?.resolve();
        this.#opening = undefined;
        return;
      case 'answers':
        this.#settleDurable(message.durable);
        for (const refused of message.refused) this.#settleRefused(refused);
        if (this.#waiting.size === 0) this.#drained?.();
        return;
      case 'probed':
        this.#probes.get(message.probeId)?.(message.health);
        return;
      case 'gave_up':
        this.#lose(message.error);
    }
  }

  /** The writer is gone or going: tells everybody who waits, and refuses from now on, until another one has opened. */
  #lose(error: PlainError): void {
    this.#refusal = this.#opening === undefined ? outageOf(error) : error;
    this.#block = undefined;
    for (const requestId of [...this.#waiting.keys()]) this.#take(requestId)?.reject(fromPlainError(error));
    this.#drained?.();
    this.#opening?.reject(fromPlainError(error));
  }

  #ended(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    if (this.#refusal === undefined) this.#lose(diedOf('the thread ended'));
    if (this.#opening !== undefined || this.#draining !== undefined) return;
    const resume = { storeId: this.#storeId, lastPosition: this.#lastPosition };
    setTimeout(() => {
      if (this.#draining === undefined) this.#spawn({ ...this.#settings, mode: 'existing', migrate: false, resume });
    }, this.#respawnDelayMs);
    this.#respawnDelayMs = Math.min(this.#respawnDelayMs * 2, LAST_RESPAWN_DELAY_MS);
  }

  #settleDurable(durable: BigInt64Array): void {
    for (let i = 0; i < durable.length; i += 4) {
      const [requestId, before, firstRevision, position] = durable.subarray(i, i + 4) as unknown as [
        bigint,
        bigint,
        bigint,
        bigint,
      ];
      if (position > this.#lastPosition) this.#lastPosition = position;
      const waiting = this.#take(Number(requestId));
      const lastRevision = firstRevision + BigInt((waiting?.count ?? 1) - 1);
      waiting?.resolve({ firstRevision, lastRevision, position, alreadyAppended: before === 1n });
    }
    if (durable.length === 0) return;
    this.#respawnDelayMs = FIRST_RESPAWN_DELAY_MS;
    this.#appended();
  }

  #settleRefused(refused: RefusedAppend): void {
    const waiting = this.#take(refused.requestId);
    if (waiting === undefined) return;
    switch (refused.kind) {
      case 'revision_conflict': {
        const actual = refused.actual < 0n ? undefined : refused.actual;
        waiting.reject(revisionConflict(waiting.stream, waiting.expected, actual));
        return;
      }
      case 'event_id_reused':
        waiting.reject(eventIdReused(waiting.stream, uuidOf(refused.eventId)));
        return;
      case 'failed':
        waiting.reject(fromPlainError(refused.error));
    }
  }

  #take(requestId: number): Waiting | undefined {
    const waiting = this.#waiting.get(requestId);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(requestId);
    this.#queuedBytes -= waiting.bytes;
    clearTimeout(waiting.timer);
    return waiting;
  }

  #reasonToRefuse(bytes: number, now: number): LedgerError | undefined {
    if (this.#draining !== undefined) return new UnavailableError('STORE_UNAVAILABLE', 'the store is closed');
    if (this.#refusal !== undefined) return fromPlainError(this.#refusal);
    const oldest = this.#waiting.values().next().value;
    if (oldest !== undefined && now - oldest.sinceMs > STALLED_MS) {
      return new UnavailableError('STORE_UNAVAILABLE', 'the disk does not answer');
    }
    const { maxQueuedAppends, maxQueuedBytes } = this.#limits;
    if (this.#waiting.size < maxQueuedAppends && this.#queuedBytes + bytes <= maxQueuedBytes) return undefined;
    return new UnavailableError('OVERLOADED', 'the append queue is full', { retryAfterMs: RETRY_AFTER_MS });
  }

  /**
   * A block goes out at the end of the turn when others are under way (their appends will wait for the running commit
   * anyway), and at once, after the running code, when the writer is idle.
   */
  #newBlock(bytes: number): AppendBlock {
    const flush = (): void => this.#flush();
    if (this.#waiting.size === 0) queueMicrotask(flush);
    else setImmediate(flush);
    return new AppendBlock(bytes);
  }

  #flush(): void {
    const block = this.#block;
    if (block === undefined) return;
    this.#block = undefined;
    const { buffer, used } = block.take();
    if (this.#worker !== undefined) send(this.#worker, { kind: 'appends', buffer, used }, [buffer]);
  }

  #nextId(): number {
    this.#lastId = (this.#lastId + 1) >>> 0;
    return this.#lastId;
  }
}

/** Settles when `begin` calls back, or after `ms`. */
function atMost(ms: number, begin: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    begin(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function send(worker: Worker, message: ToWriter, transfer: ArrayBuffer[] = []): void {
  worker.postMessage(message, transfer);
}

function diedOf(cause: unknown): PlainError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return {
    code: 'STORE_OUTCOME_UNKNOWN',
    message: `the writer thread died: ${reason}`,
    details: { mayHaveHappened: true },
  };
}

/** Why appends are refused while a store that was open is being opened again. A file that is gone may come back. */
function outageOf(error: PlainError): PlainError {
  const { code } = error;
  if (code !== 'STORE_OUTCOME_UNKNOWN' && code !== 'STORE_MISSING') return error;
  return { ...error, code: 'STORE_UNAVAILABLE', details: {} };
}

function timedOut(timeoutMs: number): UnavailableError {
  return new UnavailableError('STORE_OUTCOME_UNKNOWN', `no answer within ${timeoutMs} ms`, {
    mayHaveHappened: true,
    timeoutMs,
  });
}
