import { formatInstant } from '@writ/encoding';
import type { DecisionId, Digest } from '@writ/encoding';

import type { Command, Moment, Release, Renew, Reserve, Ruling, Sweep } from '../commands.js';
import type { Actor, Terms } from '../events.js';
import { isFree, presentOf } from './present.js';
import { after, answered, notFound, refused, replayRefused, type ExecutionFact } from './ruling.js';
import {
  attemptNumbered,
  isExhausted,
  lastAttempt,
  type Attempt,
  type ExecutionState,
  type ExistingExecution,
} from './state.js';

interface Wish {
  readonly holderHash: Digest;
  readonly ttlMs?: number;
}

export function decideReserve(state: ExecutionState, command: Reserve, moment: Moment): Ruling {
  if (state.status === 'none') return notFound(command);
  const { state: present, due } = presentOf(state, moment, command.actor);
  return after(due, reserveOn(present, command.actor, command, moment));
}

/** Reserves on the decision that stands, for a holder that asks for the first time; or gives the live holder its grant again. */
export function reserveOn(state: ExistingExecution, actor: Actor, wish: Wish, moment: Moment): Ruling {
  const held = lastAttempt(state);
  if (state.status === 'reserved' && held?.holderHash === wish.holderHash) {
    return answered({ kind: 'reissued', decision: held.decision.revision, reservation: held.grantRevision });
  }
  return hindrance(state, wish, moment) ?? place(state, actor, wish, moment);
}

/** The event that says why the execution is not free: how it ended, or the lease that holds it. */
function inTheWay(state: ExistingExecution): bigint {
  if (state.status === 'committed') return state.committedRevision;
  return lastAttempt(state)?.grantRevision ?? state.decision.revision;
}

/** Why no new attempt may begin now; `undefined` where one may. */
function hindrance(state: ExistingExecution, wish: Wish, moment: Moment): Ruling | undefined {
  const { standing } = state;
  const original = state.decision.revision;
  if (state.status !== 'idle') {
    return replayRefused(state, state.status, { attempts: state.attempts.length }, inTheWay(state));
  }
  // A holder is for one attempt: a copy of an old request must not start another one that nobody waits for.
  if (state.attempts.some((former) => former.holderHash === wish.holderHash))
    return replayRefused(state, 'holder_used');
  if (state.unsettled.length > 0) return replayRefused(state, 'blocked', { waiting: state.unsettled });
  if (standing.kind !== 'admitted') {
    return refused('NOT_RESERVABLE', `the execution is ${standing.kind}`, { state: standing.kind }, { original });
  }
  if (isExhausted(state)) {
    return refused('ATTEMPTS_EXHAUSTED', 'no attempt is left', {}, { original, record: true });
  }
  if (moment.nowMs >= standing.validUntilMs) {
    const details = { validUntilMs: standing.validUntilMs };
    return refused('ADMISSION_LAPSED', 'the admission is no longer valid', details, { original });
  }
  if (!isFree(state, moment)) return replayRefused(state, 'lease_not_over');
  return requireTtl(wish.ttlMs, state.decision.terms);
}

function place(state: ExistingExecution, actor: Actor, wish: Wish, moment: Moment): Ruling {
  const { tenant, executionId, decision } = state;
  const fact = placement({ tenant, executionId, actor }, wish, moment, {
    decisionId: decision.decisionId,
    terms: decision.terms,
    attempt: state.attempts.length + 1,
  });
  const reservation = state.lastRevision + 1n;
  return { append: [fact], answer: { kind: 'reserved', decision: decision.revision, reservation } };
}

/** The reservation itself. The grant that is made of it ends at `expiresAt`; the lease, `maxSkew` later. */
export function placement(
  execution: Pick<Command, 'tenant' | 'executionId' | 'actor'>,
  wish: Wish,
  moment: Moment,
  basis: { readonly decisionId: DecisionId; readonly terms: Terms; readonly attempt: number },
): ExecutionFact {
  const { tenant, executionId, actor } = execution;
  const { ttlMs: usualMs, maxTtlMs } = basis.terms.reservation;
  const ttlMs = wish.ttlMs ?? Math.min(usualMs, maxTtlMs);
  return {
    type: 'ReservationPlaced',
    data: {
      tenant,
      executionId,
      actor,
      decisionId: basis.decisionId,
      attempt: basis.attempt,
      holderHash: wish.holderHash,
      ttlMs,
      expiresAt: formatInstant(moment.nowMs + ttlMs),
    },
  };
}

/** Refuses a ttl that the policy does not grant. */
export function requireTtl(ttlMs: number | undefined, terms: Terms): Ruling | undefined {
  if (ttlMs === undefined) return undefined;
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 1) {
    return refused('REQUEST_INVALID', '`ttlMs` must be a positive whole number', { field: 'ttlMs' });
  }
  const { maxTtlMs } = terms.reservation;
  if (ttlMs <= maxTtlMs) return undefined;
  return refused('LEASE_LIMIT', "`ttlMs` exceeds the policy's maxTtl", { ttlMs, maxTtlMs });
}

export function decideRenew(state: ExecutionState, command: Renew, moment: Moment): Ruling {
  if (state.status === 'none') return notFound(command);
  const claimed = claimedAttempt(state, command);
  if ('answer' in claimed) return claimed;
  const { state: present, due } = presentOf(state, moment, command.actor);
  if (present.status !== 'reserved' || lastAttempt(present) !== claimed) return after(due, lapsed(claimed));
  const { terms } = claimed.decision;
  const ttlRefusal = requireTtl(command.ttlMs, terms);
  if (ttlRefusal !== undefined) return ttlRefusal;
  return extend(state, claimed, command, moment);
}

/** A wish beyond `maxTtl` is refused; without a wish the lease is extended as far as it goes. */
function extend(state: ExistingExecution, held: Attempt, command: Renew, moment: Moment): Ruling {
  const { ttlMs: usualMs, maxTtlMs } = held.decision.terms.reservation;
  const limitMs = held.placedAtMs + maxTtlMs;
  const wishedMs = moment.nowMs + (command.ttlMs ?? usualMs);
  const expiresAtMs = command.ttlMs === undefined ? Math.min(wishedMs, limitMs) : wishedMs;
  if (expiresAtMs > limitMs || (held.expiresAtMs >= limitMs && wishedMs > limitMs)) {
    return refused('LEASE_LIMIT', "the lease would exceed the policy's maxTtl", { limitMs, maxTtlMs });
  }
  if (expiresAtMs <= held.expiresAtMs) {
    return answered({ kind: 'done', revision: held.grantRevision, replayed: true });
  }
  const fact: ExecutionFact = {
    type: 'ReservationRenewed',
    data: {
      ...attemptData(state, held, command.actor),
      ttlMs: expiresAtMs - moment.nowMs,
      expiresAt: formatInstant(expiresAtMs),
    },
  };
  return { append: [fact], answer: { kind: 'done', revision: state.lastRevision + 1n, replayed: false } };
}

export function decideRelease(state: ExecutionState, command: Release, moment: Moment): Ruling {
  if (state.status === 'none') return notFound(command);
  const claimed = claimedAttempt(state, command);
  if ('answer' in claimed) return claimed;
  if (claimed.release !== null) {
    return answered({ kind: 'done', revision: claimed.release.revision, replayed: true });
  }
  const { state: present, due } = presentOf(state, moment, command.actor);
  if (present.status !== 'reserved' || lastAttempt(present) !== claimed) return after(due, lapsed(claimed));
  const fact: ExecutionFact = {
    type: 'ReservationReleased',
    data: { ...attemptData(state, claimed, command.actor), reason: command.reason },
  };
  return { append: [fact], answer: { kind: 'done', revision: state.lastRevision + 1n, replayed: false } };
}

export function decideSweep(state: ExecutionState, command: Sweep, moment: Moment): Ruling {
  if (state.status === 'none') return answered({ kind: 'nothing' });
  const { state: present, due } = presentOf(state, moment, command.actor);
  if (due.length === 0) return answered({ kind: 'nothing' });
  return { append: due, answer: { kind: 'done', revision: present.lastRevision, replayed: false } };
}

/** The attempt that a holder names, if it is its own; else the refusal. */
export function claimedAttempt(
  state: ExistingExecution,
  command: { readonly attempt: number; readonly holderHash: Digest },
): Attempt | Ruling {
  const attempt = attemptNumbered(state, command.attempt);
  if (attempt === undefined) {
    const details = { attempt: command.attempt, attempts: state.attempts.length };
    return refused('ATTEMPT_MISMATCH', 'there is no such attempt', details);
  }
  if (attempt.holderHash === command.holderHash) return attempt;
  return refused('HOLDER_MISMATCH', 'the attempt has another holder', { attempt: command.attempt });
}

/** What every event of an attempt says. */
export function attemptData(state: ExistingExecution, attempt: Attempt, actor: Actor) {
  const { tenant, executionId } = state;
  const { attempt: number, holderHash, decision } = attempt;
  return { tenant, executionId, actor, decisionId: decision.decisionId, attempt: number, holderHash };
}

function lapsed(attempt: Attempt): Ruling {
  const { attempt: number, expiresAtMs } = attempt;
  return refused('LEASE_LAPSED', 'the lease is over', { attempt: number, expiresAtMs });
}
