/**
 * Messages of `writ.v1` as protobufjs hands them out under `WIRE_CONVERSION` (`rpc.ts`): 64-bit numbers as decimal
 * text, enums by name, an absent message as `null`, an absent `optional` scalar not there at all.
 */

export interface WireTimestamp {
  readonly seconds: string;
  readonly nanos: number;
}

interface WireBatchPath {
  readonly index: string;
  readonly size: string;
  readonly path: readonly Uint8Array[];
}

export interface WireProof {
  readonly keyId: string;
  readonly batch: WireBatchPath | null;
  readonly signature: Uint8Array;
}

export interface WireGrant extends WireProof {
  readonly payload: string;
}

export interface WireStanding {
  readonly standing: string;
  readonly index?: string | null;
  readonly checkpointSize?: string | null;
  readonly cosignedBy?: number | null;
}

export interface WireEvent extends WireStanding {
  readonly revision: string;
  readonly eventId: string;
  readonly type: string;
  readonly typeVersion: number;
  readonly recordedAt: WireTimestamp | null;
  readonly data: string;
  readonly attestation: (WireProof & { readonly entry: string }) | null;
}

export interface WireDecision {
  readonly decisionId: string;
  readonly outcome: string;
  readonly evaluation: number;
  readonly policyId: string;
  readonly policyVersion: string;
  readonly policyDigest: string;
  readonly rule: string;
  readonly reasons: readonly {
    readonly code: string;
    readonly text: string;
    readonly signal: string;
    readonly rule: string;
  }[];
  readonly obligationsJson: readonly string[];
  readonly validUntil: WireTimestamp | null;
  readonly evaluatedAt: WireTimestamp | null;
}

export interface WireReservation {
  readonly attempt: number;
  readonly expiresAt: WireTimestamp | null;
  readonly ttlMs: string;
  readonly holderHash: string;
}

export interface WireReceipt {
  readonly tenant: string;
  readonly executionId: string;
  readonly decision: WireDecision | null;
  readonly reservation?: WireReservation | null;
  readonly events: readonly WireEvent[];
  readonly replayed: boolean;
  readonly signalsDiffer: boolean;
}

export interface WireReceiptAnswer {
  readonly receipt: WireReceipt | null;
}

export interface WireGrantAnswer extends WireReceiptAnswer {
  readonly grant?: WireGrant | null;
  readonly reissued?: boolean;
}

export interface WireCodedError {
  readonly code: string;
  readonly message: string;
  readonly detailsJson: string;
  readonly original?: WireReceipt | null;
  readonly grpcStatus: number;
}

export interface WireEvaluateResult {
  readonly response?: WireGrantAnswer | null;
  readonly error?: WireCodedError | null;
}

export interface WireExecution {
  readonly tenant: string;
  readonly executionId: string;
  readonly state: string;
  readonly action: string;
  readonly policyId: string;
  readonly decision: WireDecision | null;
  readonly reservation?: WireReservation | null;
  readonly evaluations: number;
  readonly attempts: number;
  readonly createdAt: WireTimestamp | null;
  readonly updatedAt: WireTimestamp | null;
  readonly revision: string;
  readonly blocked: boolean;
  readonly events: readonly WireEvent[];
}

export interface WirePolicyVersion {
  readonly tenant: string;
  readonly policyId: string;
  readonly version: string;
  readonly digest: string;
  readonly state: string;
  readonly publishedAt: WireTimestamp | null;
  readonly publishedBy: string;
  readonly activatedAt?: WireTimestamp | null;
  readonly documentJson: string;
  readonly signature: string;
  readonly keyId: string;
}

export interface WireFinding {
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
}

export interface WirePolicyAnswer {
  readonly policy: WirePolicyVersion | null;
  readonly event: WireEvent | null;
  readonly findings?: readonly WireFinding[];
  readonly replayed: boolean;
}
