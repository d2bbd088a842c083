import type { Commitment, DecisionId, Digest, EventId, ExecutionId, PolicyId, Tenant } from '@writ/encoding';
import type { CodeOfKind } from '@writ/errors';
import type {
  Actor,
  CommittedIntent,
  DecisionReason,
  ExecutionEventType,
  Fact,
  Outcome,
  PolicyReference,
  Runtime,
  Terms,
} from './events.js';

/** When a command is judged. */
export interface Moment {
  /** `max(wall clock, last recordedAt of the stream)`: what the appended events are recorded at. */
  readonly nowMs: number;
  /** This node's wall clock. A lease is over only at `wallMs >= expiresAt + maxSkewMs`. */
  readonly wallMs: number;
  /** How far apart the clocks of any two nodes, and of a node and a holder, may be. */
  readonly maxSkewMs: number;
}

interface ExecutionCommand {
  readonly tenant: Tenant;
  readonly executionId: ExecutionId;
  readonly actor: Actor;
}

/** The caller's intent under the salts of the *first* decision of the stream (fresh salts where there is none). */
export interface IntentClaim {
  readonly action: string;
  readonly policyId: PolicyId;
  readonly subject: Commitment;
  readonly parameters: Commitment;
}

/** What the policy said, with all that the decision event records of it. */
export interface Verdict {
  readonly outcome: 'admitted' | 'denied' | 'escalated';
  readonly policy: PolicyReference | null;
  readonly evaluatedAtMs: number;
  readonly runtime: Runtime;
  readonly rule: string | null;
  readonly reasons: readonly DecisionReason[];
  readonly obligations: readonly Readonly<Record<string, unknown>>[];
  readonly diagnostics: readonly Readonly<Record<string, unknown>>[];
  readonly terms: Terms;
  /** Earliest end of the admission's ttl and the signals' ages; for an escalation, of the signals' ages alone. */
  readonly validUntilMs: number;
  readonly approval?: {
    readonly quorum: number;
    readonly roles: readonly string[];
    readonly ttlMs: number;
    readonly separationOfDuties: boolean;
  };
}

export interface Evaluate extends ExecutionCommand {
  readonly type: 'Evaluate';
  /** Fresh for each attempt of the command. */
  readonly decisionId: DecisionId;
  readonly claim: IntentClaim;
  /** The intent as it would be recorded, under fresh salts. */
  readonly intent: CommittedIntent;
  /** Present when `needsVerdict(state, command, moment)`; else ignored. */
  readonly verdict?: Verdict;
  /** Holder of the reservation that an admission should place at once; `null` for `reserve: false`. */
  readonly reserve: { readonly holderHash: Digest; readonly ttlMs?: number } | null;
  readonly reevaluate?: DecisionId;
}
export interface Reserve extends ExecutionCommand {
  readonly type: 'Reserve';
  readonly holderHash: Digest;
  readonly ttlMs?: number;
}
interface HolderCommand extends ExecutionCommand {
  readonly attempt: number;
  readonly holderHash: Digest;
}
export interface Renew extends HolderCommand {
  readonly type: 'Renew';
  readonly ttlMs?: number;
}
export interface Release extends HolderCommand {
  readonly type: 'Release';
  readonly reason: string;
}
export interface Commit extends HolderCommand {
  readonly type: 'Commit';
  readonly commitId: EventId;
  readonly outcome: Outcome;
  readonly bodyDigest: Digest;
  readonly result: Commitment | null;
  /** The commitment over the arguments that really ran, under the grant's salt. */
  readonly parameters: Commitment;
}
export interface Reconcile extends ExecutionCommand {
  readonly type: 'Reconcile';
  readonly attempt: number;
  readonly outcome: 'succeeded' | 'failed';
  readonly reason: string;
}
export interface Approve extends ExecutionCommand {
  readonly type: 'Approve';
  readonly decisionId: DecisionId;
  readonly decisionDigest: Digest;
  readonly approverRoles: readonly string[];
  readonly reason: string;
}
export interface Reject extends ExecutionCommand {
  readonly type: 'Reject';
  readonly decisionId: DecisionId;
  readonly decisionDigest: Digest;
  readonly approverRoles: readonly string[];
  readonly reason: string;
}
/** Writes what time alone has brought about: an expired reservation or approval. */
export interface Sweep extends ExecutionCommand {
  readonly type: 'Sweep';
}
export type Command = Evaluate | Reserve | Renew | Release | Commit | Reconcile | Approve | Reject | Sweep;

/**
 * What `decide` rules. `append` may be empty; it may also be non-empty beside a refusal (an expiry that the command
 * brought to light is recorded even though the command itself is refused).
 */
export interface Ruling {
  readonly append: readonly Fact<ExecutionEventType>[];
  readonly answer: Answer;
}

/** What to tell the caller once `append` is durable. Revisions name events of the stream, those just appended included. */
export type Answer =
  /** A new decision was made. `reservation`: revision of the `ReservationPlaced` that came with it. */
  | { readonly kind: 'decided'; readonly decision: bigint; readonly reservation?: bigint }
  /** A reservation was placed on an earlier decision. */
  | { readonly kind: 'reserved'; readonly decision: bigint; readonly reservation: bigint }
  /** The live holder asked again: same attempt, same expiry. */
  | { readonly kind: 'reissued'; readonly decision: bigint; readonly reservation: bigint }
  /** Asked again for nothing to run: the original decision. `signalsDiffer` is filled in by the operation. */
  | { readonly kind: 'replayed'; readonly decision: bigint }
  /** The command took effect (or, with `replayed`, had taken effect before) as the event at `revision`. */
  | { readonly kind: 'done'; readonly revision: bigint; readonly replayed: boolean }
  /** Nothing was due. */
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'refused';
      readonly code: CodeOfKind<'Rejected'> | CodeOfKind<'Conflict'> | CodeOfKind<'Integrity'>;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
      /** Revision of the event whose receipt goes into the error's details, where there is one. */
      readonly original?: bigint;
      /** `true`: the refusal itself is recorded on the refusals stream. */
      readonly record: boolean;
    };
