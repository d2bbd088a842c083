import type { JsonObject } from '@writ/encoding';

/** What a matched rule answers. */
export type RuleVerdict = 'admit' | 'deny' | 'escalate';

/** A path into the intent's parameters: `parameters.loan.amount` is `['loan', 'amount']`. */
export type ParameterPath = readonly string[];

/** What a signal's value may be. Lists hold scalars only. */
export type SignalShape =
  ScalarShape | { readonly type: 'list'; readonly items: ScalarShape; readonly maxItems: number };

export type ScalarShape =
  | { readonly type: 'int'; readonly min?: number; readonly max?: number }
  | { readonly type: 'double'; readonly min?: number; readonly max?: number }
  | { readonly type: 'string'; readonly maxLength: number }
  | { readonly type: 'bool' }
  | { readonly type: 'enum'; readonly values: readonly string[] }
  | { readonly type: 'timestamp' };

/** A signal that the policy declares; what is not declared is refused. */
export interface SignalDeclaration {
  readonly name: string;
  readonly shape: SignalShape;
  /** An optional signal may be absent; rules must then guard it with `has()`. */
  readonly optional: boolean;
  /** The oldest that the observation may be at evaluation; `observedAt` is then required. */
  readonly maxAgeMs?: number;
  /** The argument that the signal must equal. */
  readonly bind?: ParameterPath;
}

/** Something that the caller must do when it acts on the decision; part of the signed decision. */
export interface Obligation {
  readonly id: string;
  readonly [attribute: string]: string | number | boolean;
}

/** What an escalated decision waits for. */
export interface ApprovalTerms {
  /** Distinct approvers needed. */
  readonly quorum: number;
  readonly roles: readonly string[];
  readonly ttlMs: number;
  /** `true`: who asked cannot approve. */
  readonly separationOfDuties: boolean;
}

export interface PolicyRule {
  readonly id: string;
  /** The CEL condition, exactly as written. */
  readonly when: string;
  readonly then: RuleVerdict;
  readonly reason: string;
  readonly obligations: readonly Obligation[];
  /** Present exactly where `then` is `escalate`. */
  readonly approval?: ApprovalTerms;
}

export interface AdmissionTerms {
  readonly ttlMs: number;
  readonly maxEvaluations: number;
}

export interface ReservationTerms {
  readonly ttlMs: number;
  readonly maxTtlMs: number;
  /** `once`: expiry holds for a person; `idempotent`: expiry frees the execution. */
  readonly effect: 'once' | 'idempotent';
  readonly maxAttempts: number;
}

/** One of the document's own examples. */
export interface PolicyTest {
  readonly name: string;
  readonly subject: string;
  readonly parameters: JsonObject;
  readonly signals: JsonObject;
  /** How old a signal's observation is at evaluation, in ms; 0 where it is not named. */
  readonly agesMs: Readonly<Record<string, number>>;
  readonly executionId?: string;
  readonly evaluatedAtMs: number;
  readonly expect: { readonly outcome: RuleVerdict; readonly rule?: string; readonly code?: string };
}

/** A policy as it is evaluated: every default filled in, every duration in ms. */
export interface PolicyDocument {
  readonly id: string;
  readonly version: string;
  readonly action: string;
  readonly description?: string;
  /** The argument that the executionId must equal. */
  readonly executionKey?: ParameterPath;
  readonly signals: readonly SignalDeclaration[];
  readonly rules: readonly PolicyRule[];
  readonly admission: AdmissionTerms;
  readonly reservation: ReservationTerms;
  readonly tests: readonly PolicyTest[];
  /**
   * The document as its author wrote it, as data. The digest covers this, and `compilePolicy` reads everything
   * from this again: nothing that is evaluated can differ from what was hashed.
   */
  readonly source: JsonObject;
}
