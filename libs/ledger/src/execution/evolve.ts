import { parseInstant } from '@writ/encoding';

import type { ExecutionEvent, ExecutionEventType, LedgerEvent } from '../events.js';
import { cannotFollow, requireThat } from '../cannot-follow.js';
import { evolveApproval } from './evolve-approval.js';
import { evolveReport } from './evolve-outcome.js';
import { evolveReservation } from './evolve-reservation.js';
import type { DecisionRecord, ExecutionState, ExistingExecution, Standing } from './state.js';

/**
 * The state after one more event. Total over legal histories; throws IntegrityError EVENT_INVALID on an event that
 * cannot follow (the stream was not written by `decide`, or events are missing). What a clock alone decides (maxSkew)
 * is not judged here: a reader years later has no such clock.
 */
export function evolve(state: ExecutionState, event: ExecutionEvent): ExecutionState {
  requireSuccessor(state, event);
  switch (event.type) {
    case 'DecisionAdmitted':
    case 'DecisionDenied':
    case 'DecisionEscalated':
      return evolveDecision(state, event);
    case 'ApprovalGranted':
    case 'ApprovalRejected':
    case 'ApprovalExpired':
      return advance(evolveApproval(existing(state, event), event), event);
    case 'ReservationPlaced':
    case 'ReservationRenewed':
    case 'ReservationReleased':
    case 'ReservationExpired':
      return advance(evolveReservation(existing(state, event), event), event);
    case 'ExecutionCommitted':
    case 'ExecutionFailed':
    case 'OutcomeUnknown':
    case 'LateOutcomeReported':
    case 'OutcomeReconciled':
      return advance(evolveReport(existing(state, event), event), event);
  }
}

function requireSuccessor(state: ExecutionState, event: ExecutionEvent): void {
  if (state.status === 'none') {
    requireThat(event.revision === 0n, event, 'a stream begins with revision 0');
    return;
  }
  requireThat(event.revision === state.lastRevision + 1n, event, 'revisions have no gap');
  requireThat(event.recordedAtMs >= state.lastRecordedAtMs, event, 'time does not go back within a stream');
  const { tenant, executionId } = event.data;
  requireThat(tenant === state.tenant && executionId === state.executionId, event, 'it is of another execution');
}

function existing(state: ExecutionState, event: ExecutionEvent): ExistingExecution {
  return state.status === 'none' ? cannotFollow(event, 'a stream begins with a decision') : state;
}

function advance(state: ExistingExecution, event: ExecutionEvent): ExistingExecution {
  return { ...state, lastRevision: event.revision, lastRecordedAtMs: event.recordedAtMs };
}

type DecisionEvent = LedgerEvent<'DecisionAdmitted' | 'DecisionDenied' | 'DecisionEscalated'>;

function evolveDecision(state: ExecutionState, event: DecisionEvent): ExistingExecution {
  const { tenant, executionId, actor, evaluation, reevaluates } = event.data;
  const decision = recordOf(event);
  const { revision: lastRevision, recordedAtMs: lastRecordedAtMs } = event;
  const standing = standingAfter(event);
  if (state.status === 'none') {
    requireThat(evaluation === 1 && reevaluates === null, event, 'the first evaluation is number 1');
    return {
      status: 'idle',
      tenant,
      executionId,
      lastRevision,
      firstRecordedAtMs: lastRecordedAtMs,
      lastRecordedAtMs,
      first: decision,
      decision,
      evaluations: 1,
      requesters: [actor.id],
      standing,
      attempts: [],
      unsettled: [],
    };
  }
  requireThat(state.status === 'idle', event, 'the execution is held or finished');
  requireThat(state.unsettled.length === 0, event, 'a late outcome waits to be settled');
  requireThat(evaluation === state.evaluations + 1, event, 'evaluations are numbered without a gap');
  requireThat(state.standing.kind !== 'escalated', event, 'an approval is pending');
  requireThat(
    state.standing.kind === 'denied' || event.recordedAtMs >= state.standing.validUntilMs,
    event,
    'the admission still stands',
  );
  requireThat(reevaluates === state.decision.decisionId, event, 'it does not follow the decision that stands');
  const sameIntent = decision.action === state.first.action && decision.policyId === state.first.policyId;
  requireThat(sameIntent, event, 'it is about another intent');
  const requesters = state.requesters.includes(actor.id) ? state.requesters : [...state.requesters, actor.id];
  return { ...state, lastRevision, lastRecordedAtMs, decision, evaluations: evaluation, requesters, standing };
}

function recordOf(event: DecisionEvent): DecisionRecord {
  const { decisionId, reevaluates, intent, terms } = event.data;
  const { action, policyId, subject, parameters } = intent;
  const { revision, dataDigest } = event;
  return { revision, decisionId, reevaluates, dataDigest, action, policyId, subject, parameters, terms };
}

function standingAfter(event: DecisionEvent): Standing {
  switch (event.type) {
    case 'DecisionAdmitted':
      return { kind: 'admitted', validUntilMs: parseInstant(event.data.validUntil), approvals: [] };
    case 'DecisionDenied':
      return { kind: 'denied', because: 'policy', revision: event.revision };
    case 'DecisionEscalated': {
      const { expiresAt, ...approval } = event.data.approval;
      return {
        kind: 'escalated',
        ...approval,
        validUntilMs: parseInstant(event.data.validUntil),
        expiresAtMs: parseInstant(expiresAt),
        approvals: [],
      };
    }
  }
}

/** Folds a history from its beginning. */
export function evolveAll(state: ExecutionState, events: readonly ExecutionEvent[]): ExecutionState {
  return events.reduce(evolve, state);
}

/** Narrows an event of any stream. */
export function isExecutionEvent(event: LedgerEvent): event is ExecutionEvent {
  return Object.hasOwn(EXECUTION_EVENTS, event.type);
}

const EXECUTION_EVENTS: { readonly [T in ExecutionEventType]: true } = {
  DecisionAdmitted: true,
  DecisionDenied: true,
  DecisionEscalated: true,
  ApprovalGranted: true,
  ApprovalRejected: true,
  ApprovalExpired: true,
  ReservationPlaced: true,
  ReservationRenewed: true,
  ReservationReleased: true,
  ReservationExpired: true,
  ExecutionCommitted: true,
  ExecutionFailed: true,
  OutcomeUnknown: true,
  LateOutcomeReported: true,
  OutcomeReconciled: true,
};
