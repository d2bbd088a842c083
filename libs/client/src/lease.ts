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

  const keep = async (): Promise<void> => {
    for (;;) {
      const leftMs = lease.endsAtMs - elapsed();
      if (leftMs <= 0) return over.abort(lapsed(lease.grant));
      const pauseMs = lease.mayGrow ? Math.max(leftMs / 2, SHORTEST_PAUSE_MS) : leftMs;
      await pause(Math.min(pauseMs, leftMs, LONGEST_PAUSE_MS), stopped.signal);
      if (stopped.signal.aborted) return;
      if (lease.mayGrow && elapsed() < lease.endsAtMs) await grow();
      if (stopped.signal.aborted || over.signal.aborted) return;
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
      else over.abort(error);
    }
  };

  // `keep` handles every failure of a renewal; nothing is left to reject.
  void keep();
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
