import { IntegrityError, LedgerError, type ErrorCode } from '@writ/errors';

import type { PublishedCheckpoint } from '../lineage.js';
import { isQuorumMet, publishCheckpoint, type AnchorPorts } from './publish-checkpoint.js';
import type { WitnessOutcome } from './witness-set.js';

export interface PublisherOptions extends AnchorPorts {
  /** A checkpoint this long after the one before, if the tree grew. */
  readonly intervalMs: number;
  /** Or at once, when it grew by so many leaves. */
  readonly entries: number;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** Told of every fault and of every round in which a witness did not cosign. */
  readonly onAlarm?: (alarm: AnchorAlarm) => void;
}

export type AnchorAlarm =
  | { readonly kind: 'fault'; readonly fault: AnchorFault; readonly cause: unknown }
  | { readonly kind: 'witness'; readonly outcome: WitnessOutcome };

/** Why nothing is signed now. */
export interface AnchorFault {
  readonly code: ErrorCode;
  readonly message: string;
}

export interface PublisherStatus {
  readonly published: PublishedCheckpoint | undefined;
  readonly quorumMet: boolean;
  /** Of the last round in which witnesses were asked. */
  readonly outcomes: readonly WitnessOutcome[];
  /** An `Integrity` fault stays until the process is started again; others until a round succeeds. */
  readonly fault?: AnchorFault;
}

/** How often witnesses that have not cosigned the last tree are thought of while it does not grow. */
const RETRY_MS = 5_000;

/**
 * Publishes when it is time to: one round at a time, the first when it starts (a head that was marked and not published
 * before a crash is published now), then by interval or by count.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #startedMs = Number.NEGATIVE_INFINITY;
  #fault: AnchorFault | undefined;
  #isIntegrity = false;
  #outcomes: readonly WitnessOutcome[] = [];
  #quorumMet = false;
  #stopped = true;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stopped = false;
    this.#quorumMet = isQuorumMet(this.#options.source.lastPublished(), this.#options);
    this.#schedule(0);
  }

  /** The tree has grown. Cheap: called for every batch. */
  grown(): void {
    if (this.#stopped || this.#round !== undefined) return;
    this.#schedule(this.#waitMs());
  }

  status(): PublisherStatus {
    return {
      published: this.#options.source.lastPublished(),
      quorumMet: this.#quorumMet,
      outcomes: this.#outcomes,
      ...(this.#fault === undefined ? {} : { fault: this.#fault }),
    };
  }

  /** Ends the round under way, publishes what is there, and stops. Bounded by what a round is bounded by. Never rejects. */
  async close(): Promise<void> {
    if (this.#stopped) return this.#round;
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
    if (!this.#isStuck()) await this.#run();
  }

  #schedule(waitMs: number): void {
    if (this.#stopped || this.#isStuck()) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), waitMs);
    this.#timer.unref();
  }

  async #run(): Promise<void> {
    this.#startedMs = this.#options.nowMs();
    this.#round = this.#publish();
    await this.#round;
    this.#round = undefined;
    this.#schedule(this.#isBehind() ? this.#waitMs() : RETRY_MS);
  }

  async #publish(): Promise<void> {
    try {
      const { published, outcomes } = await publishCheckpoint(this.#options);
      if (published !== undefined) this.#quorumMet = isQuorumMet(published, this.#options);
      if (outcomes.length > 0) this.#outcomes = outcomes;
      this.#fault = undefined;
      for (const outcome of outcomes) {
        if (outcome.result !== 'cosigned') this.#options.onAlarm?.({ kind: 'witness', outcome });
      }
    } catch (cause) {
      // A system error (a disk that is full, a key that cannot be used) is told under the code of what it stops.
      const known = cause instanceof LedgerError ? cause : undefined;
      const message = cause instanceof Error ? cause.message : String(cause);
      this.#fault = { code: known?.code ?? 'PUBLISHER_UNAVAILABLE', message };
      this.#isIntegrity = cause instanceof IntegrityError;
      this.#options.onAlarm?.({ kind: 'fault', fault: this.#fault, cause });
    }
  }

  /** Nothing is tried again after an `Integrity` error: somebody has to look first. */
  #isStuck(): boolean {
    return this.#isIntegrity && this.#fault !== undefined;
  }

  #isBehind(): boolean {
    const { source } = this.#options;
    return (source.head()?.sizeLeaves ?? 0n) !== (source.lastPublished()?.sizeLeaves ?? 0n);
  }

  #waitMs(): number {
    const { source, entries, intervalMs, nowMs } = this.#options;
    const size = source.head()?.sizeLeaves ?? 0n;
    const unpublished = size - (source.lastPublished()?.sizeLeaves ?? 0n);
    const left = this.#startedMs + intervalMs - nowMs();
    // After a fault by time only: a disk that is full is not asked again at every batch.
    if (unpublished >= BigInt(entries) && this.#fault === undefined) return 0;
    return Math.max(0, Math.min(left, intervalMs));
  }
}
