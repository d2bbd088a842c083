import { formatInstant } from '@writ/encoding';

import type { Moment } from '../commands.js';
import type { Actor } from '../events.js';
import { afterExpiry } from './evolve-reservation.js';
import type { ExecutionFact } from './ruling.js';
import {
  gaveUp,
  lastAttempt,
  type Attempt,
  type Execution,
  type ExecutionState,
  type ExistingExecution,
} from './state.js';

/** The state with everything that time alone has brought about, and the facts that say so once they are appended. */
export interface Present {
  readonly state: ExistingExecution;
  readonly due: readonly ExecutionFact[];
}

/** The moment of judging a stream by this node's clock. */
export function momentOf(state: ExecutionState, wallMs: number, maxSkewMs: number): Moment {
  const nowMs = state.status === 'none' ? wallMs : Math.max(wallMs, state.lastRecordedAtMs);
  return { nowMs, wallMs, maxSkewMs };
}

/** `true` when the lease of `attempt` is over by this node's own clock, whatever other nodes have recorded. */
export function isOver(attempt: Attempt, moment: Moment): boolean {
  return moment.wallMs >= attempt.expiresAtMs + moment.maxSkewMs;
}

/** May another attempt begin? At once where each holder gave back or reported that nothing happened; else when its lease is over. */
export function isFree(state: Execution, moment: Moment): boolean {
  return state.attempts.every((former) => gaveUp(former) || isOver(former, moment));
}

/** Both expiries are written by a sweeper, or by whoever needs them first. */
export function presentOf(state: ExistingExecution, moment: Moment, actor: Actor): Present {
  const leased = expireLease(state, moment, actor);
  const approved = expireApproval(leased.state, moment, actor);
  return { state: approved.state, due: [...leased.due, ...approved.due] };
}

function expireLease(state: ExistingExecution, moment: Moment, actor: Actor): Present {
  const held = lastAttempt(state);
  if (state.status !== 'reserved' || held === undefined || !isOver(held, moment)) return { state, due: [] };
  const { tenant, executionId } = state;
  const fact: ExecutionFact = {
    type: 'ReservationExpired',
    data: {
      tenant,
      executionId,
      actor,
      decisionId: held.decision.decisionId,
      attempt: held.attempt,
      holderHash: held.holderHash,
      expiresAt: formatInstant(held.expiresAtMs),
      effect: held.decision.terms.reservation.effect,
    },
  };
  return { state: advance(afterExpiry(state, held, state.lastRevision + 1n), moment), due: [fact] };
}

function expireApproval(state: ExistingExecution, moment: Moment, actor: Actor): Present {
  const { standing, tenant, executionId } = state;
  if (standing.kind !== 'escalated' || moment.nowMs < standing.expiresAtMs) return { state, due: [] };
  const { decisionId } = state.decision;
  const expiresAt = formatInstant(standing.expiresAtMs);
  const fact: ExecutionFact = { type: 'ApprovalExpired', data: { tenant, executionId, actor, decisionId, expiresAt } };
  const denied = { kind: 'denied', because: 'approval_expired', revision: state.lastRevision + 1n } as const;
  return { state: advance({ ...state, standing: denied }, moment), due: [fact] };
}

function advance(state: ExistingExecution, moment: Moment): ExistingExecution {
  return { ...state, lastRevision: state.lastRevision + 1n, lastRecordedAtMs: moment.nowMs };
}
