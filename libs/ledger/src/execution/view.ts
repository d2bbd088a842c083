import type { DecisionId, Digest } from '@writ/encoding';

import type { Command, Moment } from '../commands.js';
import { isFree, isOver } from './present.js';
import { isExhausted, lastAttempt, usedAttempts, type ExistingExecution } from './state.js';

/** One word for where an execution stands at an instant. */
export type ExecutionStateName =
  | 'denied'
  | 'escalated'
  | 'approved'
  | 'admitted'
  | 'reserved'
  /** What was waited for is over, and no event says so yet: see `ExecutionView.lapsed`. */
  | 'lapsed'
  | 'open'
  | 'exhausted'
  | 'unknown'
  | 'committed';

export type OperationName = Exclude<Command['type'], 'Sweep'>;

/** What a reader sees of an execution at an instant; computed, never stored. */
export interface ExecutionView {
  readonly state: ExecutionStateName;
  /** What is over although no event says so: the lease, the wait for approval, or the admission. */
  readonly lapsed: 'lease' | 'approval' | 'admission' | null;
  /** A late outcome waits for Reconcile. */
  readonly blocked: boolean;
  readonly decisionId: DecisionId;
  readonly decisionRevision: bigint;
  readonly evaluations: number;
  /** All attempts that were begun, and those that count against the policy's maxAttempts. */
  readonly attempts: number;
  readonly usedAttempts: number;
  /** Of the last attempt; `null` before the first. */
  readonly attempt: {
    readonly attempt: number;
    readonly holderHash: Digest;
    readonly ttlMs: number;
    readonly expiresAtMs: number;
    readonly grantRevision: bigint;
  } | null;
  /** Until when a reservation must begin; `null` where nothing is admitted or escalated. */
  readonly validUntilMs: number | null;
  /** When the lease or the wait for approval runs out; `null` where nothing is pending. */
  readonly endsAtMs: number | null;
  /** Operations that the state allows now (who may call them is another question). Commit is open to every former holder. */
  readonly next: readonly OperationName[];
}

/** Throws nothing; `moment` as for `decide`. */
export function viewOf(state: ExistingExecution, moment: Moment): ExecutionView {
  const { standing, decision } = state;
  const last = lastAttempt(state);
  const lapsed = lapsedOf(state, moment);
  const name = lapsed === null ? nameOf(state) : 'lapsed';
  return {
    state: name,
    lapsed,
    blocked: state.unsettled.length > 0,
    decisionId: decision.decisionId,
    decisionRevision: decision.revision,
    evaluations: state.evaluations,
    attempts: state.attempts.length,
    usedAttempts: usedAttempts(state),
    attempt:
      last === undefined
        ? null
        : {
            attempt: last.attempt,
            holderHash: last.holderHash,
            ttlMs: last.ttlMs,
            expiresAtMs: last.expiresAtMs,
            grantRevision: last.grantRevision,
          },
    validUntilMs: standing.kind === 'denied' ? null : standing.validUntilMs,
    endsAtMs: endsAtOf(state),
    next: nextOf(state, lapsed, moment),
  };
}

function nameOf(state: ExistingExecution): ExecutionStateName {
  switch (state.status) {
    case 'reserved':
    case 'unknown':
    case 'committed':
      return state.status;
    case 'idle':
      return idleNameOf(state);
  }
}

function idleNameOf(state: ExistingExecution): ExecutionStateName {
  const { standing } = state;
  if (standing.kind !== 'admitted') return standing.kind;
  if (isExhausted(state)) return 'exhausted';
  if (state.attempts.length > 0) return 'open';
  return standing.approvals.length > 0 ? 'approved' : 'admitted';
}

function lapsedOf(state: ExistingExecution, moment: Moment): ExecutionView['lapsed'] {
  const { standing, status } = state;
  const last = lastAttempt(state);
  if (status === 'reserved') return last !== undefined && isOver(last, moment) ? 'lease' : null;
  if (status !== 'idle') return null;
  if (standing.kind === 'escalated') return moment.nowMs >= standing.expiresAtMs ? 'approval' : null;
  if (standing.kind === 'admitted' && !isExhausted(state)) {
    return moment.nowMs >= standing.validUntilMs ? 'admission' : null;
  }
  return null;
}

function endsAtOf(state: ExistingExecution): number | null {
  if (state.status === 'reserved') return lastAttempt(state)?.expiresAtMs ?? null;
  return state.status === 'idle' && state.standing.kind === 'escalated' ? state.standing.expiresAtMs : null;
}

function nextOf(state: ExistingExecution, lapsed: ExecutionView['lapsed'], moment: Moment): readonly OperationName[] {
  const settling: readonly OperationName[] = state.unsettled.length > 0 ? ['Reconcile'] : [];
  switch (state.status) {
    case 'committed':
      return settling;
    case 'unknown':
      return ['Commit', 'Reconcile'];
    case 'reserved':
      return lapsed === null ? ['Commit', 'Renew', 'Release', ...settling] : ['Commit', ...afterLease(state)];
    case 'idle':
      return state.unsettled.length > 0 ? settling : idleNext(state, lapsed, moment);
  }
}

function afterLease(state: ExistingExecution): readonly OperationName[] {
  if (state.unsettled.length > 0) return ['Reconcile'];
  return state.decision.terms.reservation.effect === 'once' ? ['Reconcile'] : ['Evaluate', 'Reserve'];
}

function idleNext(state: ExistingExecution, lapsed: ExecutionView['lapsed'], moment: Moment): readonly OperationName[] {
  const mayEvaluate = state.evaluations < state.decision.terms.maxEvaluations && !isExhausted(state);
  switch (state.standing.kind) {
    case 'denied':
      return mayEvaluate ? ['Evaluate'] : [];
    case 'escalated':
      if (lapsed === null) return ['Approve', 'Reject'];
      return mayEvaluate ? ['Evaluate'] : [];
    case 'admitted':
      if (isExhausted(state)) return [];
      if (lapsed !== null) return mayEvaluate ? ['Evaluate'] : [];
      return isFree(state, moment) ? ['Evaluate', 'Reserve'] : [];
  }
}
