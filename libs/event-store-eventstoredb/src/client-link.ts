import { Worker } from 'node:worker_threads';
import { endThread } from '@writ/event-store';
import { unpackRecords } from './events.js';
import { Packer } from './packing.js';
import type { FromThread, ThreadSettings, ToThread } from './thread-message.js';
import {
  WaitingRequests,
  type AcceptedAppend,
  type Answer,
  type EventsRead,
  type TailRead,
} from './waiting-requests.js';

/** Why nothing is sent now. */
export interface Outage {
  readonly kind: 'unreachable' | 'denied';
  readonly message: string;
}

/** When nothing at all was answered for so long while something waits, the store counts as out. */
const STALLED_MS = 2_000;
/** How long a thread may take to load the client, where others want the machine too. */
const START_MS = 15_000;
/** How long a probe may take before the client under it is replaced; the first of a client makes the connection too. */
const FIRST_PROBE_MS = 5_000;
const PROBE_MS = 2_000;
/** Between two probes while the store is out. */
const PROBE_PAUSE_MS = 250;
/** A client that failed every probe for so long is replaced: its connection may wait much longer before it tries again. */
const SPENT_MS = 1_500;
/** How often we look for a stall, and how long a store may go without being asked anything. */
const LOOK_MS = 250;
const IDLE_MS = 1_000;

const NOT_CONNECTED = 'not connected yet';

/** A thread cannot load TypeScript: from the sources (tests) the built file next door is taken. */
const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? '../dist/client-thread.js' : './client-thread.js',
  import.meta.url,
);

/**
 * The caller's end of the client thread: sends what one turn of the event loop brought as one message, matches answers,
 * gives each request a time of its own, and knows whether the store can be used. While it cannot, it asks again and
 * again, with another client where the old one will not recover, and nothing else is sent.
 */
export class ClientLink {
  readonly #settings: ThreadSettings;
  readonly #waiting = new WaitingRequests();
  readonly #look: NodeJS.Timeout;
  readonly #ending = new Set<Promise<void>>();
  #worker: Worker | undefined;
  #block: Packer | undefined;
  #heardMs = performance.now();
  #outage: Outage | undefined = { kind: 'unreachable', message: NOT_CONNECTED };
  #probing: Promise<void> | undefined;
  #recovered: (() => void)[] = [];
  #closing: Promise<void> | undefined;
  #ready: (() => void) | undefined;
  #firstReadyMs: number | undefined;
  #tail = -1n;

  constructor(settings: ThreadSettings) {
    this.#settings = settings;
    // Once more through the event loop: where this thread was busy, answers may lie in the mailbox.
    this.#look = setInterval(() => setImmediate(() => this.#lookAround()), LOOK_MS);
    this.#startProbing();
  }

  /** Why nothing is sent now; `undefined` while the store can be used. */
  get outage(): Outage | undefined {
    return this.#outage;
  }

  /** Since when, by the monotonic clock, the store is asked at all; `undefined`: the client is still loaded. */
  get askingSinceMs(): number | undefined {
    return this.#firstReadyMs;
  }

  /** The highest position that was acknowledged or read: what is appended from now on stands behind it. */
  get tail(): bigint {
    return this.#tail;
  }

  /** Sends an append that `packAppend` made; waits at most so long. */
  append(packed: Uint8Array, timeoutMs: number): Promise<Answer<AcceptedAppend>> {
    return this.#request('append', timeoutMs, (requestId) => {
      this.#block ??= this.#newBlock();
      this.#block.u32(requestId);
      this.#block.raw(packed);
    });
  }

  readStream(stream: string, fromRevision: bigint, maxCount: number, timeoutMs: number): Promise<Answer<EventsRead>> {
    return this.#ask(timeoutMs, (requestId) => ({ kind: 'read_stream', requestId, stream, fromRevision, maxCount }));
  }

  readAll(after: bigint, maxCount: number, timeoutMs: number): Promise<Answer<EventsRead>> {
    return this.#ask(timeoutMs, (requestId) => ({ kind: 'read_all', requestId, after, maxCount }));
  }

  /** Where the store ends now, the server's own events included. */
  readTail(timeoutMs: number): Promise<Answer<TailRead>> {
    return this.#ask(timeoutMs, (requestId) => ({ kind: 'tail', requestId }));
  }

  /** Waits until the store can be used; `false` when it cannot after so long, or the link closes. */
  async untilUsable(timeoutMs: number): Promise<boolean> {
    if (this.#outage === undefined) return true;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#recovered.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    return this.#outage === undefined;
  }

  /** Stops sending until a probe has shown that the store can be used. */
  suspect(message: string, clientIsSpent = false): void {
    if (clientIsSpent) this.#replace();
    this.#outage ??= { kind: 'unreachable', message };
    this.#startProbing();
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeOnce();
    return this.#closing;
  }

  async #closeOnce(): Promise<void> {
    clearInterval(this.#look);
    this.#outage = { kind: 'unreachable', message: 'the store is closed' };
    const worker = this.#worker;
    this.#worker = undefined;
    this.#forgetWaiting();
    this.#tellRecovered();
    if (worker !== undefined) this.#end(worker);
    await Promise.all([...this.#ending, this.#probing]);
  }

  #ask<T extends EventsRead | TailRead>(
    timeoutMs: number,
    message: (requestId: number) => ToThread,
  ): Promise<Answer<T>> {
    return this.#request('read', timeoutMs, (requestId) => this.#worker?.postMessage(message(requestId)));
  }

  #request<T>(kind: 'append' | 'read', timeoutMs: number, send: (requestId: number) => void): Promise<Answer<T>> {
    if (this.#worker === undefined) return Promise.resolve({ kind: 'no_answer' });
    return this.#waiting.add(kind, timeoutMs, send);
  }

  #newBlock(): Packer {
    // After the running turn: whatever it still appends goes along.
    setImmediate(() => this.#flush());
    return new Packer(16_384);
  }

  #flush(): void {
    const block = this.#block;
    if (block === undefined) return;
    this.#block = undefined;
    const { buffer, used } = block.take();
    this.#worker?.postMessage({ kind: 'appends', buffer, used } satisfies ToThread, [buffer]);
  }

  #receive(message: FromThread): void {
    this.#heardMs = performance.now();
    switch (message.kind) {
      case 'ready':
        this.#firstReadyMs ??= this.#heardMs;
        this.#ready?.();
        return;
      case 'accepted':
        this.#settleAccepted(message.answers);
        return;
      case 'events':
        this.#waiting.settle(message.requestId, {
          kind: 'events',
          events: unpackRecords(message.buffer, message.used),
        });
        return;
      case 'tail':
        this.#reach(message.position);
        this.#waiting.settle(message.requestId, { kind: 'tail', position: message.position });
        return;
      case 'failed': {
        const { failure, requestId } = message;
        if (failure.kind === 'outage') this.suspect(failure.message, failure.clientIsSpent);
        this.#waiting.settle(requestId, { kind: 'failed', failure });
      }
    }
  }

  #settleAccepted(answers: BigInt64Array): void {
    for (let i = 0; i + 2 < answers.length; i += 3) {
      const [requestId, lastRevision, position] = answers.subarray(i, i + 3) as unknown as [bigint, bigint, bigint];
      this.#reach(position);
      this.#waiting.settle(Number(requestId), {
        kind: 'accepted',
        lastRevision,
        position: position < 0n ? undefined : position,
      });
    }
  }

  #reach(position: bigint): void {
    if (position > this.#tail) this.#tail = position;
  }

  #spawn(): Worker {
    // The client writes its connection string, with the password, to the log when it is asked for one.
    const { DEBUG: _unwanted, ...env } = process.env;
    const worker = new Worker(THREAD, { workerData: this.#settings, env });
    worker.on('message', (message: FromThread) => {
      if (this.#worker === worker) this.#receive(message);
    });
    worker.on('error', (error) => {
      if (this.#worker === worker) this.#lose(`the client's thread died: ${String(error)}`);
    });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#lose("the client's thread ended");
    });
    return worker;
  }

  #lose(message: string): void {
    this.#worker = undefined;
    this.#forgetWaiting();
    this.suspect(message);
  }

  /** Lets go of the client; the next probe begins with another one. Nobody will answer what it was asked. */
  #replace(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#forgetWaiting();
    if (worker !== undefined) this.#end(worker);
  }

  /** Asks the thread to end by itself; one that hangs is cut off. */
  #end(worker: Worker): void {
    const ended = endThread(worker, async () => worker.postMessage({ kind: 'close' } satisfies ToThread));
    this.#ending.add(ended);
    void ended.then(() => this.#ending.delete(ended));
  }

  #forgetWaiting(): void {
    this.#block = undefined;
    this.#waiting.forget();
  }

  #startProbing(): void {
    if (this.#closing === undefined) this.#probing ??= this.#probe();
  }

  async #probe(): Promise<void> {
    let readyMs = -Infinity;
    while (this.#closing === undefined) {
      const fresh = this.#worker === undefined;
      if (fresh) {
        await this.#start();
        readyMs = performance.now();
      }
      const answer = await this.readTail(fresh ? FIRST_PROBE_MS : PROBE_MS);
      if (this.#closing !== undefined) return;
      if (answer.kind === 'tail') {
        // Before anybody can suspect the store again, which must begin another round.
        this.#probing = undefined;
        this.#outage = undefined;
        this.#tellRecovered();
        return;
      }
      this.#outage = outageOf(answer, this.#outage);
      if (answer.kind === 'no_answer' || performance.now() - readyMs > SPENT_MS) this.#replace();
      await new Promise((resolve) => setTimeout(resolve, PROBE_PAUSE_MS));
    }
  }

  /** Settles when the thread has loaded its client, has ended, or takes too long. */
  async #start(): Promise<void> {
    const worker = this.#spawn();
    this.#worker = worker;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, START_MS);
      this.#ready = () => {
        clearTimeout(timer);
        resolve();
      };
      worker.once('exit', this.#ready);
    });
  }

  #tellRecovered(): void {
    const recovered = this.#recovered;
    this.#recovered = [];
    for (const tell of recovered) tell();
  }

  #lookAround(): void {
    if (this.#outage !== undefined) return;
    if (this.#isStalled()) this.suspect('the event store does not answer');
    // While reads work, a client that gets no append answered is at fault itself.
    else if (!this.#waiting.giveUpLostAppends()) this.suspect('appends are not answered', true);
    else if (this.#waiting.size === 0 && performance.now() - this.#heardMs > IDLE_MS) {
      // Asked for what it does to the link: an answer is a sign of life, a failure or silence opens the circuit.
      void this.readTail(STALLED_MS * 2);
    }
  }

  #isStalled(): boolean {
    const { oldestMs } = this.#waiting;
    const sinceMs = performance.now() - STALLED_MS;
    return oldestMs !== undefined && oldestMs < sinceMs && this.#heardMs < sinceMs;
  }
}

/** Silence says less than a reason that was told before it. */
function outageOf(answer: Exclude<Answer<TailRead>, TailRead>, before: Outage | undefined): Outage {
  if (answer.kind === 'no_answer') {
    const told = before?.kind === 'unreachable' && before.message !== NOT_CONNECTED;
    return told ? before : { kind: 'unreachable', message: 'the event store does not answer' };
  }
  const { failure } = answer;
  switch (failure.kind) {
    case 'denied':
      return { kind: 'denied', message: failure.message };
    case 'outage':
    case 'busy':
    case 'too_large':
      return { kind: 'unreachable', message: failure.message };
    case 'conflict':
    case 'deleted':
      return { kind: 'unreachable', message: `the event store answered a read with \`${failure.kind}\`` };
  }
}
