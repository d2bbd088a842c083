import type { RecordedEvent } from '@writ/event-store';
import type { Failure } from './failures.js';

/** What became of a request. `no_answer`: its time is over, its answer is lost, or the client was replaced under it. */
export type Answer<T> = T | { readonly kind: 'failed'; readonly failure: Failure } | { readonly kind: 'no_answer' };
export type AcceptedAppend = {
  readonly kind: 'accepted';
  readonly lastRevision: bigint;
  /** `undefined` when the server told none: the events were there, and somebody hid them. */
  readonly position: bigint | undefined;
};
export type EventsRead = { readonly kind: 'events'; readonly events: readonly RecordedEvent[] };
export type TailRead = { readonly kind: 'tail'; readonly position: bigint };
type AnyAnswer = Answer<AcceptedAppend | EventsRead | TailRead>;

interface Waiting {
  readonly kind: 'append' | 'read';
  readonly sinceMs: number;
  readonly timer: NodeJS.Timeout;
  readonly settle: (answer: AnyAnswer) => void;
}

/** An append without an answer for so long, more than the server's own two seconds, may never get one. */
const LOST_MS = 3_000;

/** The requests that a client has not answered yet, each with a time of its own, in the order in which they were sent. */
export class WaitingRequests {
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  /** The last answer to an append: when it came, and the latest append that was answered. */
  #answeredMs = performance.now();
  #answeredId = 0;

  get size(): number {
    return this.#waiting.size;
  }

  /** Since when the oldest one waits; `undefined` when none does. */
  get oldestMs(): number | undefined {
    return this.#waiting.values().next().value?.sinceMs;
  }

  /** @param send is given the id under which the answer will come */
  add<T>(kind: Waiting['kind'], timeoutMs: number, send: (requestId: number) => void): Promise<Answer<T>> {
    return new Promise((resolve) => {
      this.#lastId = (this.#lastId + 1) >>> 0;
      const requestId = this.#lastId;
      const timer = setTimeout(() => this.settle(requestId, { kind: 'no_answer' }), Math.max(timeoutMs, 0));
      // Which kind of answer comes is what the request was, so the cast only says what the protocol says.
      const settle = resolve as Waiting['settle'];
      this.#waiting.set(requestId, { kind, sinceMs: performance.now(), timer, settle });
      send(requestId);
    });
  }

  settle(requestId: number, answer: AnyAnswer): void {
    const waiting = this.#waiting.get(requestId);
    if (waiting === undefined) return;
    this.#waiting.delete(requestId);
    clearTimeout(waiting.timer);
    if (waiting.kind === 'append' && answer.kind !== 'no_answer') {
      this.#answeredMs = performance.now();
      this.#answeredId = Math.max(this.#answeredId, requestId);
    }
    waiting.settle(answer);
  }

  /** Nobody will answer any of them. */
  forget(): void {
    for (const requestId of [...this.#waiting.keys()]) this.settle(requestId, { kind: 'no_answer' });
  }

  /**
   * A call can end without an answer, and the client then waits for ever. A store that is only slow answers in about the
   * order in which it was asked, so an append that waits long while later ones were answered has lost its answer, and
   * whoever sent it is told.
   * @returns `false` when no append at all is answered any more
   */
  giveUpLostAppends(): boolean {
    const sinceMs = performance.now() - LOST_MS;
    for (const [requestId, waiting] of [...this.#waiting]) {
      if (waiting.sinceMs > sinceMs) break;
      if (waiting.kind === 'read') continue;
      if (requestId < this.#answeredId) this.settle(requestId, { kind: 'no_answer' });
      else if (this.#answeredMs < sinceMs) return false;
    }
    return true;
  }
}
