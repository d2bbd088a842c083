import { parseInstant } from '@writ/encoding';

import type { LedgerEvent } from '../events.js';
import { requireThat } from '../cannot-follow.js';
import {
  gaveUp,
  MAX_ATTEMPT_NUMBER,
  isExhausted,
  lastAttempt,
  type Attempt,
  type Execution,
  type ExistingExecution,
} from './state.js';

type ReservationEvent = LedgerEvent<
  'ReservationPlaced' | 'ReservationRenewed' | 'ReservationReleased' | 'ReservationExpired'
>;
type LeaseEvent = Exclude<ReservationEvent, { type: 'ReservationPlaced' }>;

export function evolveReservation(state: ExistingExecution, event: ReservationEvent): ExistingExecution {
  if (event.type === 'ReservationPlaced') return place(state, event);
  const held = heldBy(state, event);
  switch (event.type) {
    case 'ReservationRenewed': {
      const expiresAtMs = parseInstant(event.data.expiresAt);
      const { ttlMs } = event.data;
      requireThat(expiresAtMs > held.expiresAtMs, event, 'it extends nothing');
      requireThat(expiresAtMs === event.recordedAtMs + ttlMs, event, 'its end is not its time and ttl');
      requireThat(expiresAtMs - held.placedAtMs <= maxTtlOf(held), event, 'the lease exceeds maxTtl');
      return replaceLast(state, { ...held, ttlMs, expiresAtMs, grantRevision: event.revision });
    }
    case 'ReservationReleased':
      return { ...replaceLast(state, { ...held, release: { revision: event.revision } }), status: 'idle' };
    case 'ReservationExpired': {
      const { effect } = held.decision.terms.reservation;
      requireThat(parseInstant(event.data.expiresAt) === held.expiresAtMs, event, 'it names another end');
      requireThat(event.recordedAtMs >= held.expiresAtMs, event, 'the lease is not over');
      requireThat(event.data.effect === effect, event, 'it names another effect');
      return afterExpiry(state, held, event.revision);
    }
  }
}

/** Where the lease of `held` has run out: held for a human, or free, as the policy said. */
export function afterExpiry(state: ExistingExecution, held: Attempt, expiredRevision: bigint): ExistingExecution {
  const once = held.decision.terms.reservation.effect === 'once';
  return { ...replaceLast(state, { ...held, expiredRevision }), status: once ? 'unknown' : 'idle' };
}

function place(state: ExistingExecution, event: LedgerEvent<'ReservationPlaced'>): ExistingExecution {
  const { attempt, holderHash, decisionId, ttlMs } = event.data;
  const { standing, decision, attempts } = state;
  requireThat(state.status === 'idle', event, 'the execution is held or finished');
  requireThat(standing.kind === 'admitted', event, 'nothing is admitted');
  requireThat(event.recordedAtMs < standing.validUntilMs, event, 'the admission has lapsed');
  requireThat(decisionId === decision.decisionId, event, 'it is about another decision');
  requireThat(state.unsettled.length === 0, event, 'a late outcome waits to be settled');
  requireThat(attempt === attempts.length + 1 && attempt <= MAX_ATTEMPT_NUMBER, event, 'attempts count up by one');
  requireThat(!isExhausted(state), event, 'no attempt is left');
  requireThat(!attempts.some((former) => former.holderHash === holderHash), event, 'a holder is for one attempt');
  requireThat(isFreed(state, event.recordedAtMs), event, 'the former lease is not over');
  const expiresAtMs = parseInstant(event.data.expiresAt);
  requireThat(expiresAtMs === event.recordedAtMs + ttlMs, event, 'its end is not its time and ttl');
  requireThat(ttlMs <= decision.terms.reservation.maxTtlMs, event, 'the lease exceeds maxTtl');
  const placed: Attempt = {
    attempt,
    holderHash,
    decision,
    placedAtMs: event.recordedAtMs,
    ttlMs,
    expiresAtMs,
    grantRevision: event.revision,
    release: null,
    expiredRevision: null,
    reports: [],
    settlement: null,
  };
  return { ...state, status: 'reserved', attempts: [...attempts, placed] };
}

/** A former lease is over by time, unless its own holder gave it back or reported that nothing happened. */
function isFreed(state: Execution, atMs: number): boolean {
  return state.attempts.every((former) => gaveUp(former) || atMs >= former.expiresAtMs);
}

function heldBy(state: ExistingExecution, event: LeaseEvent): Attempt {
  const held = lastAttempt(state);
  requireThat(state.status === 'reserved' && held !== undefined, event, 'nothing is reserved');
  const { attempt, holderHash, decisionId } = event.data;
  const same = held.attempt === attempt && held.holderHash === holderHash && held.decision.decisionId === decisionId;
  requireThat(same, event, 'it is about another attempt');
  return held;
}

function maxTtlOf(attempt: Attempt): number {
  return attempt.decision.terms.reservation.maxTtlMs;
}

function replaceLast(state: ExistingExecution, attempt: Attempt): ExistingExecution {
  return { ...state, attempts: [...state.attempts.slice(0, -1), attempt] };
}
