import type {
  Commitment,
  DecisionId,
  Digest,
  EventId,
  ExecutionId,
  Instant,
  KeyId,
  PolicyId,
  Tenant,
} from '@writ/encoding';

/**
 * The facts of the ledger: one interface per event type, as `data` stands in the store *without* the `nonce`, which is
 * added when the event is sealed (`seal.ts`). Types are never renamed; a changed shape gets a new `typeVersion`.
 * Values of signals, of the parameters and of the subject appear only as salted commitments (`commitment.ts`).
 */

/** Who asked, as authenticated. */
export interface Actor {
  /** Stable subject id, e.g. the token's name; `anonymous@loopback` where nobody is authenticated. */
  readonly id: string;
  readonly role: 'caller' | 'auditor' | 'operator' | 'system';
}

/** What every event of an execution carries. */
interface ExecutionFact {
  readonly tenant: Tenant;
  readonly executionId: ExecutionId;
  readonly actor: Actor;
}

/** The intent as it is proven: names in clear, values committed to. */
export interface CommittedIntent {
  readonly action: string;
  readonly policyId: PolicyId;
  readonly subject: Commitment;
  readonly parameters: Commitment;
  /** Signal name → commitment to `{value, observedAt?, source?}`. */
  readonly signals: Readonly<Record<string, Commitment>>;
}

/** The policy that decided, and the event that had put it in force. */
export interface PolicyReference {
  readonly policyId: PolicyId;
  readonly version: string;
  readonly digest: Digest;
  readonly activation: { readonly eventId: EventId; readonly revision: string };
}

export interface Runtime {
  /** e.g. `writ/0.1.0 node/20.20.2 cel/0.6.1`. */
  readonly version: string;
  /** Digest of the running build; docs/guides/build-digest.md says how to reproduce it. */
  readonly buildDigest: Digest;
}

export interface DecisionReason {
  readonly code: string;
  readonly text: string;
  readonly signal?: string;
  readonly rule?: string;
}

/** Terms that the policy attaches to what it decides; kept in the event so that the stream alone tells what may follow. */
export interface Terms {
  readonly maxEvaluations: number;
  readonly reservation: {
    readonly ttlMs: number;
    readonly maxTtlMs: number;
    readonly effect: 'once' | 'idempotent';
    readonly maxAttempts: number;
  };
}

interface DecisionFact extends ExecutionFact {
  readonly decisionId: DecisionId;
  /** 1 for the first evaluation of the execution. */
  readonly evaluation: number;
  /** The decision of this execution that this one replaces: a denial, or an admission that lapsed unreserved. */
  readonly reevaluates: DecisionId | null;
  readonly intent: CommittedIntent;
  /** `null` only where no version of the policy was in force (the reasons say so). */
  readonly policy: PolicyReference | null;
  /** The evaluation time that the policy saw. */
  readonly evaluatedAt: Instant;
  readonly runtime: Runtime;
  readonly rule: string | null;
  readonly reasons: readonly DecisionReason[];
  /** Obligations as the policy states them; JSON objects with an `id`. */
  readonly obligations: readonly Readonly<Record<string, unknown>>[];
  /** Which rules were tried and which clause failed; never a value. */
  readonly diagnostics: readonly Readonly<Record<string, unknown>>[];
  readonly terms: Terms;
}

export interface DecisionAdmitted extends DecisionFact {
  /** A reservation must begin before this. */
  readonly validUntil: Instant;
}
export type DecisionDenied = DecisionFact;
export interface DecisionEscalated extends DecisionFact {
  /** Until when what the decision rests on is fresh. What approvals admit also ends `approval.ttlMs` after the first of them. */
  readonly validUntil: Instant;
  readonly approval: {
    readonly quorum: number;
    readonly roles: readonly string[];
    readonly ttlMs: number;
    readonly separationOfDuties: boolean;
    readonly expiresAt: Instant;
  };
}

interface ApprovalFact extends ExecutionFact {
  readonly decisionId: DecisionId;
  /** What was looked at: the digest of the decision event's data. */
  readonly decisionDigest: Digest;
  /** The role in which the approver acted. */
  readonly approverRole: string;
  readonly reason: string;
}
export type ApprovalGranted = ApprovalFact;
export type ApprovalRejected = ApprovalFact;
export interface ApprovalExpired extends ExecutionFact {
  readonly decisionId: DecisionId;
  readonly expiresAt: Instant;
}

interface AttemptFact extends ExecutionFact {
  readonly decisionId: DecisionId;
  /** From 1; the fencing token of the resource. */
  readonly attempt: number;
  /** SHA-256 over `writ/holder/v1\n` ‖ the 16 holder bytes. */
  readonly holderHash: Digest;
}
export interface ReservationPlaced extends AttemptFact {
  readonly ttlMs: number;
  readonly expiresAt: Instant;
}
export interface ReservationRenewed extends AttemptFact {
  readonly ttlMs: number;
  readonly expiresAt: Instant;
}
export interface ReservationReleased extends AttemptFact {
  readonly reason: string;
}
/** Written by a sweeper or by whoever needs it first. What follows depends on `terms.reservation.effect`. */
export interface ReservationExpired extends AttemptFact {
  readonly expiresAt: Instant;
  readonly effect: 'once' | 'idempotent';
}

interface OutcomeFact extends AttemptFact {
  readonly commitId: EventId;
  /** Salted digest over the commit's body (`commitBodyDigest`): tells a retry from another report. */
  readonly bodyDigest: Digest;
  /** Salted commitment to what the caller reported as the result; `null` when nothing was. */
  readonly result: Commitment | null;
  /** The holder's commit came after its lease was over. */
  readonly late: boolean;
}
export type ExecutionCommitted = OutcomeFact;
export type ExecutionFailed = OutcomeFact;
export type OutcomeUnknown = OutcomeFact;
/**
 * A holder's truth that can no longer decide the execution: a later attempt began, an operator settled this attempt, or
 * the execution is committed already. Blocks further attempts until reconciled.
 */
export interface LateOutcomeReported extends OutcomeFact {
  readonly outcome: Outcome;
}
export type Outcome = 'succeeded' | 'failed' | 'unknown';

export interface OutcomeReconciled extends ExecutionFact {
  /** The attempt whose outcome is settled. */
  readonly attempt: number;
  readonly outcome: 'succeeded' | 'failed';
  readonly reason: string;
}

/** On `refusals-<tenant>`: the first refusal of a kind, then counts per window. */
export interface ReplayRefused {
  readonly tenant: Tenant;
  readonly actor: Actor;
  readonly executionId: ExecutionId;
  /** The error code that was answered: `INV-013`, `PARAMETERS_MISMATCH` … */
  readonly code: string;
  /** What was asked: `evaluate`, `reserve`, `commit` … */
  readonly operation: string;
  /** How many refusals this event stands for, itself included. */
  readonly count: number;
  readonly windowStart: Instant;
  readonly windowEnd: Instant;
}
/** On `refusals-<tenant>` of the stream's tenant, or of the tenant `_writ` for the others. */
export interface ForeignEventFound {
  readonly stream: string;
  readonly revision: string;
  readonly reason: string;
}

interface PolicyFact {
  readonly tenant: Tenant;
  readonly actor: Actor;
  readonly policyId: PolicyId;
  readonly version: string;
  readonly digest: Digest;
}
export interface PolicyPublished extends PolicyFact {
  /** The source document as data; its digest is `digest`. */
  readonly document: Readonly<Record<string, unknown>>;
  /** secp256k1 over `writ/policy-publication/v1`; base64, 64 bytes. */
  readonly signature: string;
  readonly keyId: KeyId;
}
export interface PolicyActivated extends PolicyFact {
  /** From 1 upwards by 1 in this policy's stream: activation is monotonic. */
  readonly activation: number;
  readonly supersedes: string | null;
  readonly reason: string;
}
export interface PolicyRetired extends PolicyFact {
  readonly reason: string;
}

export type KeyPurpose = 'attestation';
interface KeyFact {
  readonly actor: Actor;
  readonly origin: string;
  readonly keyId: KeyId;
  readonly purpose: KeyPurpose;
  /** Compressed secp256k1 point, base64, 33 bytes. */
  readonly publicKey: string;
}
/** Revision 0 of `keys-<origin>` is the first event of a store. */
export type KeyAdded = KeyFact;
export interface KeyRotated extends KeyFact {
  readonly replaces: KeyId;
}
export interface KeyRevoked extends KeyFact {
  /** Leaf index from which on nothing that this key signed counts; decimal string. */
  readonly cutOffIndex: string;
  readonly reason: string;
}

/** What stands at one index of the tree; the index is `firstIndex` of the event and the place among its `refs`. */
export interface SequencedRef {
  readonly stream: string;
  /** Decimal string. */
  readonly revision: string;
  readonly eventId: EventId;
  /** SHA-256(0x00 ‖ entry), base64. */
  readonly leafHash: string;
}
/** On `lineage-<origin>`, as the two below: gives events their indices. Not a leaf itself. Sizes are decimal strings. */
export interface EntriesSequenced {
  readonly origin: string;
  readonly firstIndex: string;
  /** Leaves once these are in: `firstIndex` and the number of `refs`. */
  readonly treeSize: string;
  /** Root of that tree, base64. */
  readonly root: string;
  /** Store position of the last of `refs`: where to go on reading, and for nothing else. */
  readonly through: string;
  /** 1 to 2,048, in commit order. */
  readonly refs: readonly SequencedRef[];
}
export interface CheckpointPublished {
  readonly origin: string;
  readonly treeSize: string;
  readonly root: string;
  /** The signed note with the cosignatures that were collected (docs/spec/checkpoint.md). */
  readonly checkpoint: string;
  /** Witnesses among its signatures. */
  readonly cosignedBy: number;
}
/** An operator's word that the store lacks what was known of it, and that the ledger goes on from what is there. */
export interface LedgerRecovered {
  readonly origin: string;
  readonly actor: Actor;
  readonly reason: string;
  /** The largest head that was known outside the store. */
  readonly knownSize: string;
  readonly knownRoot: string;
  /** The head that the store has. */
  readonly keptSize: string;
  readonly keptRoot: string;
  /** Streams, or references to streams, of which events are known to be missing. */
  readonly unknown: readonly string[];
}

/** Event type → shape of its data (without nonce). */
export interface EventCatalogue {
  DecisionAdmitted: DecisionAdmitted;
  DecisionDenied: DecisionDenied;
  DecisionEscalated: DecisionEscalated;
  ApprovalGranted: ApprovalGranted;
  ApprovalRejected: ApprovalRejected;
  ApprovalExpired: ApprovalExpired;
  ReservationPlaced: ReservationPlaced;
  ReservationRenewed: ReservationRenewed;
  ReservationReleased: ReservationReleased;
  ReservationExpired: ReservationExpired;
  ExecutionCommitted: ExecutionCommitted;
  ExecutionFailed: ExecutionFailed;
  OutcomeUnknown: OutcomeUnknown;
  LateOutcomeReported: LateOutcomeReported;
  OutcomeReconciled: OutcomeReconciled;
  ReplayRefused: ReplayRefused;
  ForeignEventFound: ForeignEventFound;
  PolicyPublished: PolicyPublished;
  PolicyActivated: PolicyActivated;
  PolicyRetired: PolicyRetired;
  KeyAdded: KeyAdded;
  KeyRotated: KeyRotated;
  KeyRevoked: KeyRevoked;
  EntriesSequenced: EntriesSequenced;
  CheckpointPublished: CheckpointPublished;
  LedgerRecovered: LedgerRecovered;
}
export type EventType = keyof EventCatalogue;

/** A fact that is not yet in a stream. */
export type Fact<T extends EventType = EventType> = {
  [K in T]: { readonly type: K; readonly data: EventCatalogue[K] };
}[T];

/** A fact that is in a stream, with what its entry says about it. */
export type LedgerEvent<T extends EventType = EventType> = Fact<T> & {
  readonly eventId: EventId;
  readonly revision: bigint;
  readonly recordedAtMs: number;
  /** Digest of the event's data as stored, nonce included: what an approval binds to. */
  readonly dataDigest: Digest;
};

export type ExecutionEventType = Extract<
  EventType,
  | 'DecisionAdmitted'
  | 'DecisionDenied'
  | 'DecisionEscalated'
  | 'ApprovalGranted'
  | 'ApprovalRejected'
  | 'ApprovalExpired'
  | 'ReservationPlaced'
  | 'ReservationRenewed'
  | 'ReservationReleased'
  | 'ReservationExpired'
  | 'ExecutionCommitted'
  | 'ExecutionFailed'
  | 'OutcomeUnknown'
  | 'LateOutcomeReported'
  | 'OutcomeReconciled'
>;
export type ExecutionEvent = LedgerEvent<ExecutionEventType>;
