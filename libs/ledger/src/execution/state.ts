import type { Commitment, DecisionId, Digest, ExecutionId, PolicyId, Tenant } from '@writ/encoding';

import type { Outcome, Terms } from '../events.js';

/**
 * What the stream of one execution tells, folded. Two questions are kept apart: what the last decision permits
 * (`standing`) and what became of the attempts (`status`), because a late outcome can arrive under any standing.
 */
export type ExecutionState =
  | NoExecution
  /** Nothing runs, as far as the stream tells. What may follow depends on `standing` and `attempts`. */
  | (Execution & { readonly status: 'idle' })
  /** The last attempt holds a lease that no event has ended. */
  | (Execution & { readonly status: 'reserved' })
  /** The last attempt may have had its effect: held until its holder or an operator tells. */
  | (Execution & { readonly status: 'unknown' })
  /** Finished. Truths that arrive later are recorded and change nothing. */
  | (Execution & { readonly status: 'committed'; readonly committedRevision: bigint });

export interface NoExecution {
  readonly status: 'none';
}

export type ExistingExecution = Exclude<ExecutionState, NoExecution>;

export interface Execution {
  readonly tenant: Tenant;
  readonly executionId: ExecutionId;
  readonly lastRevision: bigint;
  readonly firstRecordedAtMs: number;
  readonly lastRecordedAtMs: number;
  /** The decision that fixed the intent. */
  readonly first: DecisionRecord;
  /** The decision that stands. */
  readonly decision: DecisionRecord;
  readonly evaluations: number;
  /** Actors that asked for an evaluation; none of them may approve where duties are separated. */
  readonly requesters: readonly string[];
  readonly standing: Standing;
  /** Attempt n is at place n - 1; the last one is the only one that can hold a lease. */
  readonly attempts: readonly Attempt[];
  /** Attempts with a late outcome that waits for Reconcile; while there are any, no new attempt begins. */
  readonly unsettled: readonly number[];
}

export interface DecisionRecord {
  readonly revision: bigint;
  readonly decisionId: DecisionId;
  readonly reevaluates: DecisionId | null;
  /** Digest of the decision event's data: what an approval binds to. */
  readonly dataDigest: Digest;
  readonly action: string;
  readonly policyId: PolicyId;
  readonly subject: Commitment;
  readonly parameters: Commitment;
  readonly terms: Terms;
}

/** What the last decision permits. */
export type Standing =
  | { readonly kind: 'denied'; readonly because: 'policy' | 'rejected' | 'approval_expired'; readonly revision: bigint }
  | {
      readonly kind: 'escalated';
      readonly validUntilMs: number;
      readonly quorum: number;
      readonly roles: readonly string[];
      readonly ttlMs: number;
      readonly separationOfDuties: boolean;
      readonly expiresAtMs: number;
      readonly approvals: readonly Approval[];
    }
  | {
      readonly kind: 'admitted';
      /** A reservation must begin before this. */
      readonly validUntilMs: number;
      /** Empty for an admission by the policy alone. */
      readonly approvals: readonly Approval[];
    };

export interface Approval {
  readonly approver: string;
  readonly revision: bigint;
  readonly grantedAtMs: number;
}

export interface Attempt {
  readonly attempt: number;
  readonly holderHash: Digest;
  /** The decision under which it was placed, and whose parameters it runs. */
  readonly decision: DecisionRecord;
  readonly placedAtMs: number;
  readonly ttlMs: number;
  readonly expiresAtMs: number;
  /** Of the placement or the last renewal: the event that the grant in force was made of. */
  readonly grantRevision: bigint;
  readonly release: { readonly revision: bigint } | null;
  readonly expiredRevision: bigint | null;
  /** What its holder reported, in order: at most an `unknown` and then a final outcome. */
  readonly reports: readonly Report[];
  /** What an operator settled last. */
  readonly settlement: { readonly outcome: 'succeeded' | 'failed'; readonly revision: bigint } | null;
}

export interface Report {
  readonly commitId: string;
  readonly bodyDigest: Digest;
  readonly outcome: Outcome;
  readonly revision: bigint;
}

export const NO_EXECUTION: NoExecution = { status: 'none' };

/** Numbers of attempts end here, so that a stream of placements and releases cannot grow without bound. */
export const MAX_ATTEMPT_NUMBER = 1_000;

export function lastAttempt(state: Execution): Attempt | undefined {
  return state.attempts[state.attempts.length - 1];
}

export function attemptNumbered(state: Execution, attempt: number): Attempt | undefined {
  return Number.isInteger(attempt) && attempt >= 1 ? state.attempts[attempt - 1] : undefined;
}

/** The last thing that the holder itself said of its attempt. */
export function lastWord(attempt: Attempt): Outcome | 'released' | null {
  const report = attempt.reports[attempt.reports.length - 1];
  return report?.outcome ?? (attempt.release === null ? null : 'released');
}

/** The holder itself said that its attempt has no effect and that it runs no more. */
export function gaveUp(attempt: Attempt): boolean {
  const word = lastWord(attempt);
  return word === 'released' || word === 'failed';
}

/** A final outcome that the holder reported. */
export function finalReport(attempt: Attempt): Report | undefined {
  return attempt.reports.find((report) => report.outcome !== 'unknown');
}

/** A released attempt does not count, unless its holder came back with an outcome. */
export function usedAttempts(state: Execution): number {
  return state.attempts.filter((attempt) => lastWord(attempt) !== 'released').length;
}

/** No further attempt will be allowed, whatever is decided. */
export function isExhausted(state: Execution): boolean {
  const { maxAttempts } = state.decision.terms.reservation;
  return (
    state.attempts.length >= MAX_ATTEMPT_NUMBER || (state.attempts.length > 0 && usedAttempts(state) >= maxAttempts)
  );
}
