import type { ExecutionId, Tenant } from '@writ/encoding';
import type { ExecutionLog } from './execution-log.js';
import type { ExecutionSummary, ListExecutionsAnswer, ListExecutionsRequest } from './operations.js';

/**
 * The read model behind ListExecutions and the sweeper. It follows the store, lags behind it, is rebuilt from it at
 * will, and is never asked whether something may run.
 */
export interface ExecutionIndex {
  list(request: ListExecutionsRequest, nowMs: number): Promise<ListExecutionsAnswer>;
  /** Executions whose reservation or approval ended at or before `endedByMs` and whose expiry is not yet written; oldest first. */
  due(
    endedByMs: number,
    limit: number,
  ): Promise<readonly { readonly tenant: Tenant; readonly executionId: ExecutionId }[]>;
  /** Last position applied, and how many events of the store wait after it (an estimate). */
  lag(): Promise<{ readonly position: bigint | null; readonly behind: bigint }>;
  /**
   * Told of every append of this process, with the log as it will stand; what it returns is called once the store has
   * acknowledged it, or never. Saves an index that keeps up from opening what was just signed and folded here. Neither
   * throws; an index that is not told finds out by itself.
   */
  noteWriting?(log: ExecutionLog): () => void;
  close(): Promise<void>;
}

/** A row of the index, as the projection writes it. */
export type ExecutionRow = Omit<ExecutionSummary, 'state'> & {
  readonly state: Exclude<ExecutionSummary['state'], 'lapsed'>;
  /** End of the lease or of the wait for approval; `null` when nothing is pending. */
  readonly endsAtMs: number | null;
  /** From when on it reads as `lapsed`; `null` where nothing lapses. */
  readonly lapsesAtMs: number | null;
};
