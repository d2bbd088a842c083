import { LedgerError } from '@writ/errors';
import type { RecordedEvent } from '@writ/event-store';
import { openExecutionLog, type ExecutionRow, type FollowedKeys } from '@writ/operations';
import type { TrustedKey } from '@writ/signing';
import { executionRowOf } from './execution-row.js';

/** From which keys the ledger's are reached, and how far clocks may differ. */
export interface FoldSettings {
  readonly origin: string;
  /** Pinned; the rest is read from the ledger's key stream. */
  readonly keys: readonly TrustedKey[];
  readonly maxSkewMs: number;
}

/**
 * Folds all events of one execution's stream, in order, into its row. `undefined` when the stream holds an event that
 * no key of the ledger attests: such an execution keeps the row it had, for only signed events count. That a key was
 * revoked is not asked here: the index tells where to look, and whoever decides looks at the stream itself.
 */
export type FoldExecution = (events: readonly RecordedEvent[]) => ExecutionRow | undefined;

export function foldExecution(keys: Pick<FollowedKeys, 'everyKey'>, maxSkewMs: number): FoldExecution {
  return (events) => {
    const stream = events[0]?.stream;
    if (stream === undefined) return undefined;
    try {
      return executionRowOf(openExecutionLog(stream, events, keys.everyKey), maxSkewMs);
    } catch (error) {
      if (error instanceof LedgerError && error.kind === 'Integrity') return undefined;
      throw error;
    }
  };
}
