import { LedgerError } from '@writ/errors';
import type { Bundle } from '@writ/evidence';
import {
  evolve,
  isExecutionEvent,
  NO_EXECUTION,
  type ExecutionEvent,
  type ExecutionState,
  type ExistingExecution,
} from '@writ/ledger';

import type { CheckList } from './check-list.js';
import { wholeHistory, type OpenedStream } from './opened-stream.js';

/**
 * `stateMachine` and `atMostOnce`: the events can follow one another, and none commits what is committed. Returns what
 * they come to; `undefined` where they come to nothing lawful.
 */
export function checkExecution(
  stream: OpenedStream,
  bundle: Pick<Bundle, 'tenant' | 'executionId'>,
  checks: CheckList,
): ExistingExecution | undefined {
  const history = wholeHistory(stream);
  if (history === undefined) return undefined;
  let state: ExecutionState = NO_EXECUTION;
  for (const [at, event] of history.entries()) {
    const subject = stream.events[at]?.subject ?? null;
    if (event.type === 'ExecutionCommitted' && state.status === 'committed') {
      // Told by the check that it is about; what follows cannot be folded.
      checks.run('atMostOnce', (found) => {
        found.fail('COMMITTED_TWICE', subject);
      });
      return undefined;
    }
    const next: ExecutionState | undefined = isOf(event, bundle) ? successor(state, event) : undefined;
    if (next === undefined) {
      checks.run('stateMachine', (found) => {
        found.fail('EVENT_INVALID', subject);
      });
      return undefined;
    }
    state = next;
  }
  checks.run('stateMachine', () => undefined);
  checks.run('atMostOnce', () => undefined);
  return state.status === 'none' ? undefined : state;
}

function isOf(
  event: Parameters<typeof isExecutionEvent>[0],
  { tenant, executionId }: Pick<Bundle, 'tenant' | 'executionId'>,
): event is ExecutionEvent {
  return isExecutionEvent(event) && event.data.tenant === tenant && event.data.executionId === executionId;
}

function successor(state: ExecutionState, event: ExecutionEvent): ExecutionState | undefined {
  try {
    return evolve(state, event);
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}
