import type { ExecutionLog } from '@writ/operations';
import { executionRowOf } from './execution-row.js';
import { columnsOf, type RowColumns } from './executions-view.js';

/** The row that an execution had after one of its events; told by the process that signed and appended that event. */
export interface WrittenRow {
  /** Of the last event that the row contains. */
  readonly eventId: string;
  readonly columns: RowColumns;
}

/** Executions that may wait to be asked for. Past it all are let go of: the index then opens those events itself. */
const MAX_WAITING = 8_192;

/**
 * What this process has written since the index last asked. It saves the index from opening, verifying and folding what
 * was signed and folded here a moment ago; what other processes wrote, or somebody else, it opens all the same.
 */
export class WrittenRows {
  readonly #maxSkewMs: number;
  #waiting: WrittenRow[] = [];

  constructor(maxSkewMs: number) {
    this.#maxSkewMs = maxSkewMs;
  }

  /**
   * Makes the row of an execution whose last events are being appended.
   * @returns notes it; to be called once the store has acknowledged those events
   */
  prepare(log: ExecutionLog): () => void {
    const last = log.events.at(-1);
    const row = executionRowOf(log, this.#maxSkewMs);
    if (last === undefined || row === undefined) return () => undefined;
    const written = { eventId: last.event.eventId, columns: columnsOf(row) };
    return () => {
      if (this.#waiting.length >= MAX_WAITING) this.#waiting = [];
      this.#waiting.push(written);
    };
  }

  take(): readonly WrittenRow[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }
}
