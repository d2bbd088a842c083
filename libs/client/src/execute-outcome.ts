import type { LedgerError, UnavailableError } from '@writ/errors';
import type { Decision, Reason, Receipt } from './answers.js';
import type { CommitRequest } from './requests.js';

/**
 * How `executeFromSignals` ended. Whether the effect ran: `executed` yes, in this call; `failed` and `unknown`: it was
 * begun in this call; all others: no, not in this call.
 */
export type ExecuteOutcome<Result> =
  Executed<Result> | Denied | Escalated | Replayed | Failed | Unknown<Result> | Unavailable<Result>;

/** Ran, and the ledger has recorded that it did. */
export interface Executed<Result> {
  readonly kind: 'executed';
  readonly result: Result;
  /** `false`: the result has no JSON form or is too large, and was left out of the record. */
  readonly resultRecorded: boolean;
  readonly attempt: number;
  readonly receipt: Receipt;
}

/** Not admissible under the policy in force. `receipt.decision.decisionId` is what a `reevaluate` names. */
export interface Denied {
  readonly kind: 'denied';
  readonly reasons: readonly Reason[];
  readonly decision: Decision;
  readonly receipt: Receipt;
}

/** Waits for people to approve. Call again, with the same execution id, once they have. */
export interface Escalated {
  readonly kind: 'escalated';
  readonly reasons: readonly Reason[];
  readonly decision: Decision;
  readonly receipt: Receipt;
}

/** INV-013: this execution has run, is running elsewhere, or was asked for with another intent. Nothing is to be done. */
export interface Replayed {
  readonly kind: 'replayed';
  /** `committed`, `reserved`, `unknown`, `other_intent`, `lease_not_over` … (docs/spec/errors.md) */
  readonly reason: string;
  /** The original one; absent only when it was too large for the error and could not be fetched either. */
  readonly receipt: Receipt | undefined;
  readonly error: LedgerError;
}

/** The effect threw `EffectDidNotHappen`, and that is recorded. Calling again begins another attempt. */
export interface Failed {
  readonly kind: 'failed';
  readonly cause: unknown;
  readonly attempt: number;
  readonly receipt: Receipt;
}

/**
 * The run was begun, and what became of it is not settled in the ledger. Never run it again on your own account.
 *
 * `recorded: false`: the report did not get through. Send it again: `client.commit(outcome.report)`; at any time, with
 * the same ids, from whatever was kept of them.
 * `recorded: true`: the ledger knows that it is not known, or has your report beside a later attempt. Find out at the
 * resource (its idempotency key is the execution id), then `client.commit({ ...outcome.report, commitId:
 * newCommitId(), outcome: 'succeeded' | 'failed' })`, or let an operator reconcile this attempt.
 */
export interface Unknown<Result> {
  readonly kind: 'unknown';
  /** What this process knows of the effect: it returned, it surely did not happen, or neither is sure. */
  readonly effect: 'happened' | 'did-not-happen' | 'unknown';
  /** Where the effect returned. */
  readonly result?: Result;
  /** Where it threw. */
  readonly cause?: unknown;
  readonly attempt: number;
  readonly recorded: boolean;
  readonly report: CommitRequest;
  readonly receipt?: Receipt;
  /** Why the report did not settle it. */
  readonly error?: unknown;
}

/** No ledger answered in time, so the effect was not run: no answer is not a yes. */
export interface Unavailable<Result> {
  readonly kind: 'unavailable';
  /** The question may have been recorded, and a lease may be standing until it runs out. */
  readonly mayHaveHappened: boolean;
  readonly error: UnavailableError;
  /**
   * Asks again under the same holder, so that a lease that was granted unseen is used and not left to lapse. Works
   * once per outcome: a second call gives the same promise.
   */
  readonly retry: () => Promise<ExecuteOutcome<Result>>;
}
