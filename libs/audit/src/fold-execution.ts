import { LedgerError } from '@writ/errors';
import type { RecordedEvent } from '@writ/event-store';
import { openExecutionLog, trustKeys, type ExecutionRow } from '@writ/operations';
import type { TrustedKey } from '@writ/signing';
import { executionRowOf } from './execution-row.js';

/** Whose signatures count, and how far clocks may differ. */
export interface FoldSettings {
  readonly origin: string;
  readonly keys: readonly TrustedKey[];
  readonly maxSkewMs: number;
}

/**
 * Folds all events of one execution's stream, in order, into its row. `undefined` when the stream holds an event that
 * no trusted key attests: such an execution keeps the row it had, for only signed events count.
 */
export type FoldExecution = (events: readonly RecordedEvent[]) => ExecutionRow | undefined;

export function foldExecution({ origin, keys, maxSkewMs }: FoldSettings): FoldExecution {
  const trusted = trustKeys(origin, keys);
  return (events) => {
    const stream = events[0]?.stream;
    if (stream === undefined) return undefined;
    try {
      return executionRowOf(openExecutionLog(stream, events, trusted), maxSkewMs);
    } catch (error) {
      if (error instanceof LedgerError && error.kind === 'Integrity') return undefined;
      throw error;
    }
  };
}
