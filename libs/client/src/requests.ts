import type { JsonObject, JsonValue } from '@writ/encoding';
import type { ExecutionState } from './answers.js';

/** A typed fact that the policy may look at. */
export interface Signal {
  readonly value: JsonValue;
  /** When it was true; a policy with `maxAge` needs it. */
  readonly observedAtMs?: number;
  readonly source?: string;
}

/** What somebody wants to do. */
export interface Intent {
  readonly action: string;
  readonly subject: string;
  /** The real arguments: what the effect will be run with, nothing else. */
  readonly parameters: JsonObject;
  /** A bare text, number or boolean stands for a signal without source and time. */
  readonly signals: Readonly<Record<string, Signal | string | number | boolean>>;
  readonly policyId: string;
}

/** The caller's key of one execution, `[A-Za-z0-9._:-]{1,128}`, in the client's tenant. */
export interface ExecutionName {
  readonly executionId: string;
}

export interface EvaluateRequest extends ExecutionName {
  readonly intent: Intent;
  /**
   * 16 random bytes, drawn for one attempt and kept only across retries of the same call: whoever presents them gets
   * the grant again. Absent: decide only.
   */
  readonly holder?: Uint8Array;
  /** Lease asked for; the policy's ttl when absent. */
  readonly ttlMs?: number;
  /** The denial that this evaluation should follow. */
  readonly reevaluate?: string;
}

export interface SimulateRequest extends ExecutionName {
  readonly intent: Intent;
  /** The version in force when absent. */
  readonly policyVersion?: string;
}

export interface ReserveRequest extends ExecutionName {
  readonly holder: Uint8Array;
  readonly ttlMs?: number;
}

export interface RenewRequest extends ExecutionName {
  readonly attempt: number;
  readonly holder: Uint8Array;
  readonly ttlMs?: number;
}

export interface CommitRequest extends ExecutionName {
  readonly attempt: number;
  readonly holder: Uint8Array;
  /** UUIDv7, drawn once per report and kept across its retries. */
  readonly commitId: string;
  readonly outcome: 'succeeded' | 'failed' | 'unknown';
  /** `parametersCommitment(grant, arguments that ran)` of `@writ/evidence`. */
  readonly parameters: string;
  readonly result?: JsonValue;
}

export interface ReleaseRequest extends ExecutionName {
  readonly attempt: number;
  readonly holder: Uint8Array;
  readonly reason: string;
}

export interface ReconcileRequest extends ExecutionName {
  readonly attempt: number;
  readonly outcome: 'succeeded' | 'failed';
  readonly reason: string;
}

export interface ListExecutionsRequest {
  readonly states?: readonly ExecutionState[];
  /** Of the last change; inclusive. */
  readonly updatedFromMs?: number;
  /** Exclusive. */
  readonly updatedToMs?: number;
  /** 1 to 1,000; the server's 100 when absent. */
  readonly pageSize?: number;
  readonly pageToken?: string;
}

export interface PolicyText {
  readonly text: string;
  /** Found out from the text when absent. */
  readonly format?: 'yaml' | 'json';
}

export interface PolicyChange {
  readonly policyId: string;
  readonly version: string;
  /** Needed to go back to an older version, and to retire one. */
  readonly reason?: string;
}

/** For every call. */
export interface CallOptions {
  /** In all, retries included; the client's `timeouts.callMs` when absent. */
  readonly timeoutMs?: number;
  /** Gives up at once when it aborts. */
  readonly signal?: AbortSignal;
}
