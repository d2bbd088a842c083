import { LedgerError, UnavailableError } from '@writ/errors';

export interface QueueLimits {
  readonly maxQueuedAppends: number;
  readonly maxQueuedBytes: number;
}

const RETRY_AFTER_MS = 50;
/** Ids of appends without a known outcome that are remembered; a caller asks again within seconds, or never. */
const DOUBTFUL_IDS = 65_536;

/**
 * The appends that nobody has answered yet: bounds them, keeps equal ones apart, and remembers which ended without a
 * known outcome, so that the same ids are recognised when they come again.
 */
export class InFlight {
  readonly #limits: QueueLimits;
  /** By the id of the first event: appends that begin with the same event go one behind the other. */
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #doubtful = new Set<string>();
  #count = 0;
  #bytes = 0;
  #drained: (() => void) | undefined;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /**
   * @param append is told whether an earlier append with this id ended without a known outcome
   * @throws UnavailableError `OVERLOADED`, with nothing begun; and whatever `append` throws
   */
  async run<T>(eventId: string, bytes: number, append: (sentBefore: boolean) => Promise<T>): Promise<T> {
    const { maxQueuedAppends, maxQueuedBytes } = this.#limits;
    if (this.#count >= maxQueuedAppends || this.#bytes + bytes > maxQueuedBytes) {
      throw new UnavailableError('OVERLOADED', 'the append queue is full', { retryAfterMs: RETRY_AFTER_MS });
    }
    this.#count += 1;
    this.#bytes += bytes;
    const before = this.#last.get(eventId);
    const begin = (): Promise<T> => append(this.#doubtful.has(eventId));
    const running = before === undefined ? begin() : before.then(begin, begin);
    this.#last.set(eventId, running);
    try {
      const result = await running;
      this.#doubtful.delete(eventId);
      return result;
    } catch (error) {
      if (error instanceof LedgerError && error.code === 'STORE_OUTCOME_UNKNOWN') this.#doubt(eventId);
      throw error;
    } finally {
      if (this.#last.get(eventId) === running) this.#last.delete(eventId);
      this.#count -= 1;
      this.#bytes -= bytes;
      if (this.#count === 0) this.#drained?.();
    }
  }

  /** Settles when nothing is under way any more, or after `ms`. */
  async drain(ms: number): Promise<void> {
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#drained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #doubt(eventId: string): void {
    this.#doubtful.add(eventId);
    const [oldest] = this.#doubtful;
    if (this.#doubtful.size > DOUBTFUL_IDS && oldest !== undefined) this.#doubtful.delete(oldest);
  }
}
