import { LedgerError, RejectedError } from '@writ/errors';
import type { Grant } from '@writ/evidence';
import type { Elapsed } from './elapsed.js';
import { pause } from './pause.js';

/** Asks the ledger for more time; gives up after `timeoutMs`. Answers with the verified grant. */
export type RenewLease = (timeoutMs: number, signal: AbortSignal) => Promise<Grant>;

export interface Lease {
  /** Aborts when the right to run is over. */
  readonly signal: AbortSignal;
  /** The run has ended: no more renewals. */
  stop(): void;
}

/** Longest that a timer can be set. */
const LONGEST_PAUSE_MS = 2_000_000_000;
const SHORTEST_PAUSE_MS = 20;

/**
 * How long a grant lasts from the moment it was *asked for*, which is before the ledger began to count: no clock of
 * another machine is read, and nothing is lost to a slow answer but time.
 */
export function lifetimeMs(grant: Grant): number {
  return Math.min(grant.ttlMs, grant.expiresAtMs - grant.issuedAtMs);
}

/**
 * Renews the lease behind `grant` whenever half of it is used up, until `stop`. Where the ledger says that it is lost, or
 * it runs out by `elapsed` (which began when the grant was asked for), the signal aborts.
 */
export function keepLease(grant: Grant, elapsed: Elapsed, renew: RenewLease): Lease {
  const over = new AbortController();
  const stopped = new AbortController();
  const lease = { grant, endsAtMs: lifetimeMs(grant), mayGrow: true };

  // Apart from the renewals: an answer that does not come must not hold up the end.
  const guard = async (): Promise<void> => {
    for (;;) {
      const leftMs = lease.endsAtMs - elapsed();
      if (leftMs <= 0) over.abort(lapsed(lease.grant));
      if (over.signal.aborted || stopped.signal.aborted) return stopped.abort();
      await pause(Math.min(leftMs, LONGEST_PAUSE_MS), stopped.signal);
    }
  };

  const keepRenewing = async (): Promise<void> => {
    while (lease.mayGrow && !stopped.signal.aborted) {
      const pauseMs = Math.max((lease.endsAtMs - elapsed()) / 2, SHORTEST_PAUSE_MS);
      await pause(Math.min(pauseMs, LONGEST_PAUSE_MS), stopped.signal);
      if (!stopped.signal.aborted) await grow();
    }
  };

  const grow = async (): Promise<void> => {
    const askedAtMs = elapsed();
    try {
      const renewed = await renew(lease.endsAtMs - askedAtMs, stopped.signal);
      // The same end again: it is as long as the policy lets it get.
      if (renewed.expiresAtMs <= lease.grant.expiresAtMs) lease.mayGrow = false;
      else Object.assign(lease, { grant: renewed, endsAtMs: askedAtMs + lifetimeMs(renewed) });
    } catch (error) {
      if (isUnavailable(error)) return; // Asked again until it runs out.
      if (isLimit(error)) lease.mayGrow = false;
      else if (!stopped.signal.aborted) {
        over.abort(error);
        stopped.abort();
      }
    }
  };

  // Neither rejects: every failure of a renewal is handled where it comes up.
  void guard();
  void keepRenewing();
  return { signal: over.signal, stop: () => stopped.abort() };
}

function lapsed(grant: Grant): RejectedError {
  return new RejectedError('LEASE_LAPSED', 'the right to run is over', { attempt: grant.attempt });
}

function isUnavailable(error: unknown): boolean {
  return error instanceof LedgerError && error.kind === 'Unavailable';
}

/** The policy's maxTtl is reached: what was granted stands. */
function isLimit(error: unknown): boolean {
  return error instanceof LedgerError && error.code === 'LEASE_LIMIT';
}
