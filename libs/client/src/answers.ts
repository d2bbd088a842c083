import type { JsonObject } from '@writ/encoding';
import type { LedgerError } from '@writ/errors';
import type { Attestation, SignedGrant } from '@writ/evidence';

/**
 * What the ledger answers, as plain values: instants are integer milliseconds since 1970 (`…Ms`), 64-bit counters are
 * `bigint`, JSON that travelled as text is parsed.
 */

/** How firmly an event stands: durable, indexed in the lineage tree, covered by a published checkpoint. */
export type Standing = 'recorded' | 'sequenced' | 'anchored';

/** How firmly an event stands, and where. */
export interface StandingFields {
  readonly standing: Standing;
  /** Of its leaf in the lineage tree, from `sequenced` on. */
  readonly index?: bigint;
  /** Of the latest checkpoint, which covers it; for `anchored`. */
  readonly checkpointSizeLeaves?: bigint;
  /** Witnesses that cosigned that checkpoint; for `anchored`. */
  readonly cosignedBy?: number;
}

/**
 * One event with the proof that it was signed (docs/spec/attestation.md). An answer that appended says `recorded`; reads
 * say how far it has come since.
 */
export interface EventReceipt extends StandingFields {
  readonly revision: bigint;
  readonly eventId: string;
  readonly type: string;
  readonly typeVersion: number;
  readonly recordedAtMs: number;
  /** Canonical JSON text; its SHA-256 stands in the attested entry. */
  readonly data: string;
  readonly attestation: Attestation;
}

export interface Reason {
  readonly code: string;
  readonly text: string;
  readonly signal?: string;
  readonly rule?: string;
}

export interface Decision {
  /** Empty for a simulation: nothing was recorded. */
  readonly decisionId: string;
  readonly outcome: 'admitted' | 'denied' | 'escalated';
  /** 1 for the first evaluation of the execution. */
  readonly evaluation: number;
  readonly policyId: string;
  /** Empty, as the digest is, where no version was in force. */
  readonly policyVersion: string;
  readonly policyDigest: string;
  readonly rule: string;
  readonly reasons: readonly Reason[];
  readonly obligations: readonly JsonObject[];
  /** A reservation must begin before this. */
  readonly validUntilMs?: number;
  readonly evaluatedAtMs: number;
}

export interface Reservation {
  /** From 1; the fencing token for the resource. */
  readonly attempt: number;
  readonly expiresAtMs: number;
  readonly ttlMs: number;
  readonly holderHash: string;
}

/** What every call that decides or changes something is answered with; also attached to `INV-013` (the original one). */
export interface Receipt {
  readonly tenant: string;
  readonly executionId: string;
  readonly decision: Decision;
  readonly reservation?: Reservation;
  /** The events that the answer stands on, oldest first. */
  readonly events: readonly EventReceipt[];
  /** The original answer is told again; nothing was appended. */
  readonly replayed: boolean;
  /** With `replayed`: the signals differ from those of the first decision, which stands. */
  readonly signalsDiffer: boolean;
}

export interface ReceiptAnswer {
  readonly receipt: Receipt;
}

export interface GrantAnswer extends ReceiptAnswer {
  readonly grant: SignedGrant;
  /** The live holder's grant, made out again: same attempt, same expiry. */
  readonly reissued: boolean;
}

export interface EvaluateAnswer extends ReceiptAnswer {
  /** Present when, and only when, the holder may run now. Verify it before use (`verifyGrant` of `@writ/evidence`). */
  readonly grant?: SignedGrant;
  readonly reissued: boolean;
}

/** One item of a batch or stream: what a single call would have answered or thrown. */
export type EvaluateResult =
  | { readonly kind: 'answer'; readonly answer: EvaluateAnswer }
  | { readonly kind: 'error'; readonly error: LedgerError };

export interface SimulateAnswer {
  readonly decision: Decision;
  /** Which rules were tried and which clause failed. */
  readonly diagnostics: readonly JsonObject[];
}

export type ExecutionState =
  | 'denied'
  | 'escalated'
  | 'approved'
  | 'admitted'
  | 'reserved'
  | 'lapsed'
  | 'open'
  | 'exhausted'
  | 'unknown'
  | 'committed';

export interface Execution {
  readonly tenant: string;
  readonly executionId: string;
  readonly state: ExecutionState;
  readonly action: string;
  readonly policyId: string;
  /** The latest one. */
  readonly decision: Decision;
  readonly reservation?: Reservation;
  readonly evaluations: number;
  readonly attempts: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Of its last event. */
  readonly revision: bigint;
  /** A late outcome waits for Reconcile. */
  readonly blocked: boolean;
  /** Empty in lists. */
  readonly events: readonly EventReceipt[];
}

export interface ExecutionPage {
  readonly executions: readonly Execution[];
  /** Absent on the last page. */
  readonly nextPageToken?: string;
}

export interface PolicyFinding {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
}

export interface PolicyTestOutcome {
  readonly name: string;
  readonly passed: boolean;
  readonly expected: string;
  readonly actual: string;
}

export interface PolicyVersion {
  readonly tenant: string;
  readonly policyId: string;
  readonly version: string;
  readonly digest: string;
  readonly state: 'published' | 'in_force' | 'superseded' | 'retired';
  readonly publishedAtMs: number;
  readonly publishedBy: string;
  readonly activatedAtMs?: number;
  /** Only from `get`. */
  readonly document?: JsonObject;
  readonly signature: string;
  readonly keyId: string;
}

export interface LintAnswer {
  readonly publishable: boolean;
  readonly digest?: string;
  readonly findings: readonly PolicyFinding[];
  readonly tests: readonly PolicyTestOutcome[];
}

export interface PolicyAnswer {
  readonly policy: PolicyVersion;
  readonly event: EventReceipt;
  readonly replayed: boolean;
}

export interface PublishAnswer extends PolicyAnswer {
  readonly findings: readonly PolicyFinding[];
}
