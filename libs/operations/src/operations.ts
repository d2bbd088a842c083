import type { DecisionId, ExecutionId, JsonObject, JsonValue, PolicyId, Tenant } from '@writ/encoding';
import type { Attestation, SignedGrant } from '@writ/evidence';
import type { Actor, ExecutionStateName, Outcome } from '@writ/ledger';
import type { KeyOperations } from './key-operations.js';
import type { LineageOperations, StandingFields } from './lineage-operations.js';

/**
 * What Writ can do, one function per use-case (`evaluate-intent.ts`, `reserve-execution.ts` …), assembled by
 * `@writ/instance`. The edges parse a request into these shapes, call, and map the answer; they decide nothing.
 * All errors are `LedgerError`s; every other error is a bug.
 */
export interface Operations extends LineageOperations, KeyOperations {
  evaluate(context: CallContext, request: EvaluateRequest): Promise<EvaluateAnswer>;
  simulate(context: CallContext, request: SimulateRequest): Promise<SimulateAnswer>;
  reserve(context: CallContext, request: ReserveRequest): Promise<GrantAnswer>;
  renew(context: CallContext, request: RenewRequest): Promise<GrantAnswer>;
  commit(context: CallContext, request: CommitRequest): Promise<ReceiptAnswer>;
  release(context: CallContext, request: ReleaseRequest): Promise<ReceiptAnswer>;
  reconcile(context: CallContext, request: ReconcileRequest): Promise<ReceiptAnswer>;
  getExecution(context: CallContext, request: ExecutionName): Promise<ExecutionView>;
  listExecutions(context: CallContext, request: ListExecutionsRequest): Promise<ListExecutionsAnswer>;
  /** Now, and again after each event of the execution, until `signal` aborts. */
  watchExecution(context: CallContext, request: ExecutionName, signal: AbortSignal): AsyncIterable<ExecutionView>;
  lintPolicy(context: CallContext, request: PolicyText): Promise<LintAnswer>;
  publishPolicy(context: CallContext, request: PolicyText & { readonly tenant: Tenant }): Promise<PolicyAnswer>;
  activatePolicy(context: CallContext, request: PolicyChange): Promise<PolicyAnswer>;
  retirePolicy(context: CallContext, request: PolicyChange): Promise<PolicyAnswer>;
  getPolicy(
    context: CallContext,
    request: { readonly tenant: Tenant; readonly policyId: PolicyId; readonly version?: string },
  ): Promise<PolicyVersionView>;
  listPolicies(
    context: CallContext,
    request: { readonly tenant: Tenant; readonly policyId?: PolicyId },
  ): Promise<readonly PolicyVersionView[]>;
  diffPolicies(context: CallContext, request: PolicyDiffRequest): Promise<readonly JsonObject[]>;
}

/** Who calls, until when, and under which trace. Authorisation is checked by the operation, not by the edge. */
export interface CallContext {
  readonly principal: Principal;
  /** Wall-clock end of the caller's patience; what is not appended by then is not begun. */
  readonly deadlineMs?: number;
  /** W3C traceparent, kept in event metadata; unproven. */
  readonly traceparent?: string;
}

export interface Principal {
  readonly actor: Actor;
  /** `'*'`: every tenant. */
  readonly tenants: readonly string[] | '*';
  /** For callers: the actions they may ask for; `'*'`: all. */
  readonly actions: readonly string[] | '*';
}

export interface ExecutionName {
  readonly tenant: Tenant;
  readonly executionId: ExecutionId;
}

export interface SignalInput {
  readonly value: JsonValue;
  readonly observedAtMs?: number;
  readonly source?: string;
}

export interface IntentInput {
  readonly action: string;
  readonly subject: string;
  readonly parameters: JsonObject;
  readonly signals: Readonly<Record<string, SignalInput>>;
  readonly policyId: PolicyId;
}

export interface EvaluateRequest extends ExecutionName {
  readonly intent: IntentInput;
  /** 16 bytes; `null`: decide only. */
  readonly holder: Uint8Array | null;
  readonly ttlMs?: number;
  readonly reevaluate?: DecisionId;
}
export interface SimulateRequest extends ExecutionName {
  readonly intent: IntentInput;
  readonly policyVersion?: string;
}
export interface ReserveRequest extends ExecutionName {
  readonly holder: Uint8Array;
  readonly ttlMs?: number;
}
interface HolderRequest extends ExecutionName {
  readonly attempt: number;
  readonly holder: Uint8Array;
}
export interface RenewRequest extends HolderRequest {
  readonly ttlMs?: number;
}
export interface CommitRequest extends HolderRequest {
  readonly commitId: string;
  readonly outcome: Outcome;
  /** `sha256:<hex>`, recomputed by the executor from the arguments that it really used. */
  readonly parameters: string;
  readonly result?: JsonValue;
}
export interface ReleaseRequest extends HolderRequest {
  readonly reason: string;
}
export interface ReconcileRequest extends ExecutionName {
  readonly attempt: number;
  readonly outcome: 'succeeded' | 'failed';
  readonly reason: string;
}

/** An answer that appended says `recorded`; reads say how far the event has come since. */
export interface EventReceipt extends StandingFields {
  readonly revision: bigint;
  readonly eventId: string;
  readonly type: string;
  readonly typeVersion: number;
  readonly recordedAtMs: number;
  /** Canonical JSON text. */
  readonly data: string;
  readonly attestation: Attestation;
}

export interface DecisionView {
  /** Empty for a simulation. */
  readonly decisionId: string;
  readonly outcome: 'admitted' | 'denied' | 'escalated';
  readonly evaluation: number;
  readonly policyId: string;
  readonly policyVersion: string;
  readonly policyDigest: string;
  readonly rule: string;
  readonly reasons: readonly {
    readonly code: string;
    readonly text: string;
    readonly signal?: string;
    readonly rule?: string;
  }[];
  readonly obligations: readonly JsonObject[];
  readonly validUntilMs?: number;
  readonly evaluatedAtMs: number;
}

export interface ReservationView {
  readonly attempt: number;
  readonly expiresAtMs: number;
  readonly ttlMs: number;
  readonly holderHash: string;
}

/** Also the `original` in the details of `INV-013` (key `receipt`). */
export interface Receipt extends ExecutionName {
  readonly decision: DecisionView;
  readonly reservation?: ReservationView;
  readonly events: readonly EventReceipt[];
  readonly replayed: boolean;
  readonly signalsDiffer: boolean;
}

export interface ReceiptAnswer {
  readonly receipt: Receipt;
}
export interface GrantAnswer extends ReceiptAnswer {
  readonly grant: SignedGrant;
  readonly reissued: boolean;
}
export interface EvaluateAnswer extends ReceiptAnswer {
  readonly grant?: SignedGrant;
  readonly reissued: boolean;
}
export interface SimulateAnswer {
  readonly decision: DecisionView;
  readonly diagnostics: readonly JsonObject[];
}

export interface ExecutionSummary extends ExecutionName {
  readonly state: ExecutionStateName;
  readonly action: string;
  readonly policyId: string;
  readonly decision: DecisionView;
  readonly reservation?: ReservationView;
  readonly evaluations: number;
  readonly attempts: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly revision: bigint;
  /** A late outcome waits for Reconcile. */
  readonly blocked: boolean;
}
export interface ExecutionView extends ExecutionSummary {
  readonly events: readonly EventReceipt[];
}

export interface ListExecutionsRequest {
  readonly tenant: Tenant;
  readonly states?: readonly ExecutionStateName[];
  /** Of the last change; inclusive. */
  readonly updatedFromMs?: number;
  /** Exclusive. */
  readonly updatedToMs?: number;
  /** 1 to 1,000; default 100. */
  readonly pageSize?: number;
  readonly pageToken?: string;
}
export interface ListExecutionsAnswer {
  readonly executions: readonly ExecutionSummary[];
  readonly nextPageToken?: string;
}

export interface PolicyText {
  readonly text: string;
  readonly format: 'yaml' | 'json' | 'auto';
}
export interface PolicyChange {
  readonly tenant: Tenant;
  readonly policyId: PolicyId;
  readonly version: string;
  readonly reason: string;
}
export interface PolicyDiffRequest {
  readonly tenant: Tenant;
  readonly policyId: PolicyId;
  readonly fromVersion: string;
  readonly toVersion: string;
}
export interface PolicyVersionView {
  readonly tenant: Tenant;
  readonly policyId: PolicyId;
  readonly version: string;
  readonly digest: string;
  readonly state: 'published' | 'in_force' | 'superseded' | 'retired';
  readonly publishedAtMs: number;
  readonly publishedBy: string;
  readonly activatedAtMs?: number;
  readonly document?: JsonObject;
  readonly signature: string;
  readonly keyId: string;
}
export interface PolicyFindingView {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
}
export interface LintAnswer {
  readonly publishable: boolean;
  readonly digest?: string;
  readonly findings: readonly PolicyFindingView[];
  readonly tests: readonly {
    readonly name: string;
    readonly passed: boolean;
    readonly expected: string;
    readonly actual: string;
  }[];
}
export interface PolicyAnswer {
  readonly policy: PolicyVersionView;
  readonly event: EventReceipt;
  readonly findings: readonly PolicyFindingView[];
  readonly replayed: boolean;
}
