import { formatInstant } from '@writ/encoding';

import type { Evaluate, IntentClaim, Moment, Ruling, Verdict } from '../commands.js';
import type { Terms } from '../events.js';
import { placement, requireTtl, reserveOn } from './decide-reservation.js';
import { isFree, presentOf } from './present.js';
import { after, answered, refused, replayRefused, type ExecutionFact } from './ruling.js';
import { isExhausted, type ExecutionState, type ExistingExecution } from './state.js';

/** Either the policy must be asked, or what stands already rules. */
export type Course =
  | { readonly kind: 'fresh'; readonly state: ExecutionState; readonly due: readonly ExecutionFact[] }
  | { readonly kind: 'ruled'; readonly ruling: Ruling };

export function decideEvaluate(state: ExecutionState, command: Evaluate, moment: Moment): Ruling {
  const course = courseOf(state, command, moment);
  if (course.kind === 'ruled') return course.ruling;
  if (command.verdict === undefined) throw new TypeError('a verdict is needed: ask `needsVerdict` first');
  const ruling = decideFresh(course.state, command, command.verdict, moment);
  return ruling.append.length === 0 ? ruling : after(course.due, ruling);
}

/** Design §2, "Second attempts"; docs/decisions/0003-state-machine.md holds what it leaves open. */
export function courseOf(state: ExecutionState, command: Evaluate, moment: Moment): Course {
  if (state.status === 'none') {
    if (command.reevaluate === undefined) return { kind: 'fresh', state, due: [] };
    return ruled(refused('REEVALUATION_INVALID', 'there is no decision to evaluate again', {}));
  }
  const differs = differences(state.first, command.claim);
  if (differs.length > 0) {
    return ruled(replayRefused(state, 'other_intent', { differs }, state.first.revision));
  }
  const { state: present, due } = presentOf(state, moment, command.actor);
  // An answer that was lost: the decision asked for was made, so this is its repetition.
  const repeated = command.reevaluate !== undefined && command.reevaluate === present.decision.reevaluates;
  if (command.reevaluate !== undefined && !repeated) {
    return reevaluation(present, command, command.reevaluate, moment, due);
  }
  if (present.status === 'idle' && present.standing.kind === 'admitted' && isLapsed(present, moment)) {
    return again(present, command, moment, due);
  }
  const runs = command.reserve !== null && (present.status !== 'idle' || present.standing.kind === 'admitted');
  if (command.reserve === null || !runs) {
    return ruled(answered({ kind: 'replayed', decision: present.decision.revision }));
  }
  return ruled(after(due, reserveOn(present, command.actor, command.reserve, moment)));
}

/** Only a denial is evaluated again on demand, and only by naming it: nobody shops without leaving a trace. */
function reevaluation(
  state: ExistingExecution,
  command: Evaluate,
  named: string,
  moment: Moment,
  due: readonly ExecutionFact[],
): Course {
  const last = state.decision.decisionId;
  const ended = state.standing.kind === 'denied' || (state.standing.kind === 'admitted' && isLapsed(state, moment));
  if (named !== last || state.status !== 'idle' || !ended) {
    const details = { decisionId: last, standing: state.standing.kind, status: state.status };
    return ruled(refused('REEVALUATION_INVALID', 'it does not name the last decision, or that is no denial', details));
  }
  return again(state, command, moment, due);
}

/** One more evaluation of the same intent, where the policy allows one. */
function again(state: ExistingExecution, command: Evaluate, moment: Moment, due: readonly ExecutionFact[]): Course {
  const { terms } = state.decision;
  const original = state.decision.revision;
  if (state.unsettled.length > 0) return ruled(replayRefused(state, 'blocked', { waiting: state.unsettled }));
  if (isExhausted(state)) {
    return ruled(refused('ATTEMPTS_EXHAUSTED', 'no attempt is left', {}, { original, record: true }));
  }
  if (state.evaluations >= terms.maxEvaluations) {
    const details = { evaluations: state.evaluations, maxEvaluations: terms.maxEvaluations };
    return ruled(refused('EVALUATIONS_EXHAUSTED', 'no evaluation is left', details, { original }));
  }
  const holderHash = command.reserve?.holderHash;
  if (holderHash !== undefined) {
    if (state.attempts.some((former) => former.holderHash === holderHash)) {
      return ruled(replayRefused(state, 'holder_used'));
    }
    if (!isFree(state, moment)) return ruled(replayRefused(state, 'lease_not_over'));
  }
  return { kind: 'fresh', state, due };
}

function decideFresh(state: ExecutionState, command: Evaluate, verdict: Verdict, moment: Moment): Ruling {
  const { reserve } = command;
  // Before the outcome is looked at: a refusal must not tell what would have been decided.
  const ttlRefusal = reserve === null ? undefined : requireTtl(reserve.ttlMs, verdict.terms);
  if (ttlRefusal !== undefined) return ttlRefusal;
  const decision = state.status === 'none' ? 0n : state.lastRevision + 1n;
  const fact = decisionFact(state, command, verdict, moment);
  if (reserve === null || !canStart(state, verdict, moment)) {
    return { append: [fact], answer: { kind: 'decided', decision } };
  }
  const placed = placement(command, reserve, moment, {
    decisionId: command.decisionId,
    terms: verdict.terms,
    attempt: state.status === 'none' ? 1 : state.attempts.length + 1,
  });
  return { append: [fact, placed], answer: { kind: 'decided', decision, reservation: decision + 1n } };
}

/** The reservation joins its decision in one append, unless the new decision leaves no attempt or has aged already. */
function canStart(state: ExecutionState, verdict: Verdict, moment: Moment): boolean {
  if (verdict.outcome !== 'admitted' || moment.nowMs >= verdict.validUntilMs) return false;
  return state.status === 'none' || !isExhaustedUnder(state, verdict.terms);
}

function isExhaustedUnder(state: ExistingExecution, terms: Terms): boolean {
  return isExhausted({ ...state, decision: { ...state.decision, terms } });
}

function decisionFact(state: ExecutionState, command: Evaluate, verdict: Verdict, moment: Moment): ExecutionFact {
  const { tenant, executionId, actor, decisionId, intent } = command;
  const { policy, runtime, rule, reasons, obligations, diagnostics, terms, outcome, approval } = verdict;
  const data = {
    tenant,
    executionId,
    actor,
    decisionId,
    evaluation: state.status === 'none' ? 1 : state.evaluations + 1,
    reevaluates: state.status === 'none' ? null : state.decision.decisionId,
    intent,
    policy,
    evaluatedAt: formatInstant(verdict.evaluatedAtMs),
    runtime,
    rule,
    reasons,
    obligations,
    diagnostics,
    terms,
  };
  switch (outcome) {
    case 'admitted':
      return { type: 'DecisionAdmitted', data: { ...data, validUntil: formatInstant(verdict.validUntilMs) } };
    case 'denied':
      return { type: 'DecisionDenied', data };
    case 'escalated': {
      if (approval === undefined) throw new TypeError('an escalation needs its approval terms');
      const { quorum, roles, ttlMs, separationOfDuties } = approval;
      const expiresAtMs = moment.nowMs + ttlMs;
      // No approval can be used later than this, so a ground without an end gets one.
      const validUntilMs = Math.min(verdict.validUntilMs, expiresAtMs + ttlMs);
      return {
        type: 'DecisionEscalated',
        data: {
          ...data,
          validUntil: formatInstant(validUntilMs),
          approval: { quorum, roles, ttlMs, separationOfDuties, expiresAt: formatInstant(expiresAtMs) },
        },
      };
    }
  }
}

function isLapsed(state: ExistingExecution, moment: Moment): boolean {
  return state.standing.kind === 'admitted' && moment.nowMs >= state.standing.validUntilMs;
}

function differences(first: IntentClaim, claim: IntentClaim): readonly string[] {
  const names = ['action', 'policyId', 'subject', 'parameters'] as const;
  return names.filter((name) => first[name] !== claim[name]);
}

function ruled(ruling: Ruling): Course {
  return { kind: 'ruled', ruling };
}
