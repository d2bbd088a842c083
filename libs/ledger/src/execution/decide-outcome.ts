import type { Commit, Moment, Reconcile, Ruling } from '../commands.js';
import { attemptData, claimedAttempt } from './decide-reservation.js';
import { decides, waitsForReconcile } from './evolve-outcome.js';
import { isOver, presentOf } from './present.js';
import { after, answered, notFound, refused, replayRefused, type ExecutionFact } from './ruling.js';
import {
  attemptNumbered,
  finalReport,
  lastAttempt,
  type Attempt,
  type ExecutionState,
  type ExistingExecution,
} from './state.js';

/** A holder reports what became of its attempt: at any time, once; truth is never refused for coming late. */
export function decideCommit(state: ExecutionState, command: Commit, moment: Moment): Ruling {
  if (state.status === 'none') return notFound(command);
  const attempt = claimedAttempt(state, command);
  if ('answer' in attempt) return attempt;
  const former = attempt.reports.find((report) => report.commitId === command.commitId);
  if (former !== undefined) {
    if (former.bodyDigest !== command.bodyDigest) return replayRefused(state, 'other_body', {}, former.revision);
    return answered({ kind: 'done', revision: former.revision, replayed: true });
  }
  if (command.parameters !== attempt.decision.parameters) {
    const details = { attempt: attempt.attempt, admitted: attempt.decision.parameters, ran: command.parameters };
    return refused('PARAMETERS_MISMATCH', 'the arguments that ran are not those admitted', details, { record: true });
  }
  // After `unknown` the holder may still learn the truth; after a final outcome there is nothing to learn.
  const settled = finalReport(attempt) ?? (command.outcome === 'unknown' ? attempt.reports[0] : undefined);
  if (settled !== undefined) return replayRefused(state, 'outcome_reported', {}, settled.revision);
  const fact = reportFact(state, attempt, command, moment);
  return { append: [fact], answer: { kind: 'done', revision: state.lastRevision + 1n, replayed: false } };
}

function reportFact(state: ExistingExecution, attempt: Attempt, command: Commit, moment: Moment): ExecutionFact {
  const { commitId, bodyDigest, result, outcome } = command;
  const held = state.status === 'reserved' && lastAttempt(state) === attempt;
  const late = !held || isOver(attempt, moment);
  const data = { ...attemptData(state, attempt, command.actor), commitId, bodyDigest, result, late };
  if (!decides(state, attempt)) return { type: 'LateOutcomeReported', data: { ...data, outcome } };
  switch (outcome) {
    case 'succeeded':
      return { type: 'ExecutionCommitted', data };
    case 'failed':
      return { type: 'ExecutionFailed', data };
    case 'unknown':
      return { type: 'OutcomeUnknown', data };
  }
}

/** An operator settles what nobody else will: an unknown outcome, or a late one. */
export function decideReconcile(state: ExecutionState, command: Reconcile, moment: Moment): Ruling {
  if (state.status === 'none') return notFound(command);
  const { state: present, due } = presentOf(state, moment, command.actor);
  const attempt = attemptNumbered(present, command.attempt);
  if (attempt === undefined) {
    const details = { attempt: command.attempt, attempts: present.attempts.length };
    return refused('ATTEMPT_MISMATCH', 'there is no such attempt', details);
  }
  const { tenant, executionId } = present;
  const { actor, outcome, reason } = command;
  if (waitsForReconcile(present, attempt)) {
    const fact: ExecutionFact = {
      type: 'OutcomeReconciled',
      data: { tenant, executionId, actor, attempt: attempt.attempt, outcome, reason },
    };
    const revision = present.lastRevision + 1n;
    return after(due, { append: [fact], answer: { kind: 'done', revision, replayed: false } });
  }
  if (attempt.settlement?.outcome === outcome) {
    return answered({ kind: 'done', revision: attempt.settlement.revision, replayed: true });
  }
  const details = { attempt: attempt.attempt, status: present.status, waiting: present.unsettled };
  return after(due, refused('NOT_RECONCILABLE', 'nothing about this attempt waits to be settled', details));
}
