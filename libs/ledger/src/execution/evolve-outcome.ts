import type { LedgerEvent, Outcome } from '../events.js';
import { cannotFollow, requireThat } from '../cannot-follow.js';
import { attemptNumbered, finalReport, type Attempt, type ExistingExecution, type Report } from './state.js';

type DecisiveEvent = LedgerEvent<'ExecutionCommitted' | 'ExecutionFailed' | 'OutcomeUnknown'>;
type LateEvent = LedgerEvent<'LateOutcomeReported'>;

export function evolveReport(
  state: ExistingExecution,
  event: DecisiveEvent | LateEvent | LedgerEvent<'OutcomeReconciled'>,
): ExistingExecution {
  switch (event.type) {
    case 'ExecutionCommitted': {
      const reported = withReport(state, event, 'succeeded');
      return { ...reported, status: 'committed', committedRevision: event.revision };
    }
    case 'ExecutionFailed':
      return { ...withReport(state, event, 'failed'), status: 'idle' };
    case 'OutcomeUnknown':
      return { ...withReport(state, event, 'unknown'), status: 'unknown' };
    case 'LateOutcomeReported': {
      const reported = withReport(state, event, event.data.outcome);
      const { attempt } = event.data;
      const unsettled = state.unsettled.includes(attempt) ? state.unsettled : [...state.unsettled, attempt];
      return { ...reported, unsettled };
    }
    case 'OutcomeReconciled':
      return settle(state, event);
  }
}

/** Can a report of this attempt still decide the execution? Else it is a late outcome. */
export function decides(state: ExistingExecution, attempt: Attempt): boolean {
  return attempt.attempt === state.attempts.length && attempt.settlement === null && state.status !== 'committed';
}

/** Does this attempt wait for Reconcile? */
export function waitsForReconcile(state: ExistingExecution, attempt: Attempt): boolean {
  const held = state.status === 'unknown' && attempt.attempt === state.attempts.length;
  return held || state.unsettled.includes(attempt.attempt);
}

function withReport(state: ExistingExecution, event: DecisiveEvent | LateEvent, outcome: Outcome): ExistingExecution {
  const { commitId, bodyDigest, holderHash, decisionId } = event.data;
  const attempt = attemptNumbered(state, event.data.attempt) ?? cannotFollow(event, 'there is no such attempt');
  const same = attempt.holderHash === holderHash && attempt.decision.decisionId === decisionId;
  requireThat(same, event, 'it is of another holder');
  requireThat(finalReport(attempt) === undefined, event, 'the attempt has its outcome');
  requireThat(outcome !== 'unknown' || attempt.reports.length === 0, event, 'that it is unknown was reported');
  requireThat(
    decides(state, attempt) === (event.type !== 'LateOutcomeReported'),
    event,
    'a late outcome is one that no longer decides',
  );
  const report: Report = { commitId, bodyDigest, outcome, revision: event.revision };
  return replaceAttempt(state, { ...attempt, reports: [...attempt.reports, report] });
}

/** The word of an operator. `succeeded` finishes the execution; `failed` frees one that was held; committed stays. */
function settle(state: ExistingExecution, event: LedgerEvent<'OutcomeReconciled'>): ExistingExecution {
  const { outcome } = event.data;
  const attempt = attemptNumbered(state, event.data.attempt) ?? cannotFollow(event, 'there is no such attempt');
  requireThat(waitsForReconcile(state, attempt), event, 'nothing waits to be reconciled');
  const settled: ExistingExecution = {
    ...replaceAttempt(state, { ...attempt, settlement: { outcome, revision: event.revision } }),
    unsettled: state.unsettled.filter((waiting) => waiting !== attempt.attempt),
  };
  if (settled.status === 'committed') return settled;
  if (outcome === 'succeeded') return { ...settled, status: 'committed', committedRevision: event.revision };
  const held = state.status === 'unknown' && attempt.attempt === state.attempts.length;
  return held ? { ...settled, status: 'idle' } : settled;
}

function replaceAttempt(state: ExistingExecution, attempt: Attempt): ExistingExecution {
  const attempts = state.attempts.map((former) => (former.attempt === attempt.attempt ? attempt : former));
  return { ...state, attempts };
}
