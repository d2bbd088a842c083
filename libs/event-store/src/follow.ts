import { UnavailableError } from '@writ/errors';
import { checkAfter } from './check-arguments.js';
import type { EventStore, RecordedEvent, SubscribeOptions } from './event-store.js';

/** Events that a subscription reads at a time: enough to amortise a read, few enough not to hold up the event loop. */
const PAGE = 256;

/**
 * Tells subscriptions that there may be something new. The counter closes the gap between "I read and found nothing"
 * and "I wait": who waits says which count he knew before he read.
 */
export class ChangeSignal {
  #count = 0;
  #closed = false;
  readonly #waiting = new Set<() => void>();

  get count(): number {
    return this.#count;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** `true` while somebody waits: nobody needs to look otherwise. */
  get awaited(): boolean {
    return this.#waiting.size > 0;
  }

  raise(): void {
    this.#count += 1;
    for (const wake of this.#waiting) wake();
  }

  /** From now on every wait ends at once. */
  close(): void {
    this.#closed = true;
    this.raise();
  }

  /** Settles when the count is no longer `seen`, when `signal` aborts, or when this closes. */
  async changedSince(seen: number, signal: AbortSignal): Promise<void> {
    if (this.#count !== seen || this.#closed || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}

/**
 * A subscription made of pages and wake-ups: reads until there is nothing more, waits, reads on. Each event comes once
 * because the position of the last one given is where the next page begins.
 * @throws UnavailableError when a read fails or the store closes
 */
export async function* follow(
  store: Pick<EventStore, 'readAll'>,
  changes: ChangeSignal,
  options: SubscribeOptions,
): AsyncGenerator<RecordedEvent> {
  const { signal } = options;
  checkAfter(options.after);
  let after = options.after;
  while (!signal.aborted) {
    if (changes.closed) throw new UnavailableError('STORE_UNAVAILABLE', 'the store was closed under a subscription');
    const seen = changes.count;
    const page = await store.readAll(after === undefined ? { maxCount: PAGE } : { after, maxCount: PAGE });
    for (const event of page) {
      if (signal.aborted) return;
      yield event;
      after = event.position;
    }
    if (page.length < PAGE) await changes.changedSince(seen, signal);
  }
}
