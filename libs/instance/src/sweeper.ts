import { LedgerError } from '@writ/errors';
import { sweepDue, type Alarm, type Engine } from '@writ/operations';

/** Between two rounds where expiries are left to others: refusals still have to be told. */
const ROUND_WITHOUT_SWEEP_MS = 1_000;

/**
 * The background round of a node: tells refused replays whose window is over, and writes down expired leases and
 * approvals. Missing a round costs nothing but time; two nodes that sweep at once race like any two callers.
 */
export class Sweeper {
  readonly #engine: Engine;
  readonly #intervalMs: number;
  readonly #onAlarm: (alarm: Alarm) => void;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;
  #swept = 0;
  #failures = 0;

  /** @param intervalMs 0: sweeps nothing */
  constructor(engine: Engine, intervalMs: number, onAlarm: (alarm: Alarm) => void) {
    this.#engine = engine;
    this.#intervalMs = intervalMs;
    this.#onAlarm = onAlarm;
  }

  /** Since the start: events written, and executions or rounds that failed. */
  get counts(): { readonly swept: number; readonly failures: number } {
    return { swept: this.#swept, failures: this.#failures };
  }

  start(): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#timer = setTimeout(
      () => {
        this.#round = this.#runRound().finally(() => {
          this.#timer = undefined;
          this.start();
        });
      },
      this.#intervalMs === 0 ? ROUND_WITHOUT_SWEEP_MS : this.#intervalMs,
    );
    this.#timer.unref();
  }

  /** Ends the round under way after the execution that it is at. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  async #runRound(): Promise<void> {
    try {
      await this.#engine.refusals.flush();
      if (this.#intervalMs === 0) return;
      const failed = (name: { readonly executionId: string }, error: unknown) =>
        this.#fail(`sweep ${name.executionId}`, error);
      this.#swept += await sweepDue(this.#engine, failed, () => this.#stopped);
    } catch (error) {
      this.#fail('sweep', error);
    }
  }

  #fail(task: string, error: unknown): void {
    this.#failures += 1;
    const code = error instanceof LedgerError ? error.code : 'UNEXPECTED';
    this.#onAlarm({ kind: 'background_failure', task, code, message: error instanceof Error ? error.message : '' });
  }
}
