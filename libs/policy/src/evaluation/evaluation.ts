import type { JsonObject, JsonValue } from '@writ/encoding';
import type { ApprovalTerms, Obligation } from '../document/policy-document.js';

/** A signal as it came with the intent. */
export interface SignalInput {
  readonly value: JsonValue;
  readonly observedAtMs?: number;
  readonly source?: string;
}

/**
 * Everything that an evaluation may depend on. The values must be plain JSON, as `parseJson` makes it; a class
 * instance, an accessor or a `toJSON` denies, because what was evaluated might not be what is hashed.
 */
export interface EvaluationInput {
  readonly action: string;
  readonly subject: string;
  readonly parameters: JsonObject;
  readonly signals: Readonly<Record<string, SignalInput>>;
  readonly executionId: string;
  readonly evaluatedAtMs: number;
}

export type EvaluationOutcome = 'admitted' | 'denied' | 'escalated';

/** Every reason code, with when it is given. `docs/spec/policy.md` carries the same table, checked by a test. */
export const REASON_CODES = {
  RULE: 'a rule matched; `rule` names it and the text is its reason',
  NO_RULE_MATCHED: 'no rule matched: denied',
  ACTION_MISMATCH: 'the policy governs another action',
  EXECUTION_KEY_MISSING: 'the argument that the executionId must equal is absent, or neither a string nor an integer',
  EXECUTION_KEY_MISMATCH: 'the executionId differs from the argument that it must equal',
  INPUT_NOT_PLAIN: 'the intent is not plain JSON',
  INPUT_TOO_LARGE: 'the parameters and signals together exceed the size or depth limit',
  SIGNAL_UNDECLARED: 'the policy declares no signal of that name',
  SIGNAL_MISSING: 'a required signal is absent',
  SIGNAL_TYPE: 'the value is of another type than declared',
  SIGNAL_RANGE: 'the value, its length or its number of items lies outside the declared range',
  SIGNAL_ENUM: 'the value is none of the declared ones',
  SIGNAL_UNDATED: 'the policy limits the age of this signal, and it came without `observedAt`',
  SIGNAL_STALE: 'the observation is older than `maxAge`',
  SIGNAL_FROM_FUTURE: 'the observation lies after the evaluation time by more than the tolerance',
  SIGNAL_BIND_MISSING: 'the argument that the signal must equal is absent',
  SIGNAL_BIND_MISMATCH: 'the signal differs from the argument that it must equal',
  RULE_ERROR: 'a condition could not be evaluated: denied at that rule, later rules are not tried',
  RULE_NOT_BOOLEAN: 'a condition gave neither true nor false: denied at that rule',
  BUDGET_EXCEEDED: 'the rules spent more work than one evaluation may: denied',
} as const satisfies Record<string, string>;

export type ReasonCode = keyof typeof REASON_CODES;

/** Why the outcome is what it is. Texts come from the policy or from fixed sentences: never from a value. */
export interface Reason {
  readonly code: ReasonCode;
  readonly text: string;
  readonly signal?: string;
  readonly rule?: string;
}

/** What went wrong in a condition, without the values that made it go wrong. */
export type ConditionError =
  'absent' | 'type' | 'overflow' | 'division' | 'conversion' | 'budget' | 'not-boolean' | 'other';

/** A part of a condition: its text as the policy writes it, and where it starts in `when` (UTF-16 units, from 0). */
export interface Clause {
  readonly text: string;
  readonly offset: number;
}

/** One rule that was tried, in order. `clause` is the part of the condition that decided against it. */
export interface Diagnostic {
  readonly rule: string;
  readonly matched: boolean;
  readonly clause?: Clause;
  readonly error?: ConditionError;
}

/** The answer of a policy. It goes into the signed decision in clear, so it holds names and policy text, never values. */
export interface Evaluation {
  readonly outcome: EvaluationOutcome;
  /** The rule that decided (by matching or by failing); `null` where none was reached or none matched. */
  readonly rule: string | null;
  readonly reasons: readonly Reason[];
  readonly obligations: readonly Obligation[];
  readonly diagnostics: readonly Diagnostic[];
  /** The earliest of `admission.ttl` and each dated signal's `observedAt + maxAge`; the evaluation time where denied. */
  readonly validUntilMs: number;
  /** Present exactly where the outcome is `escalated`. */
  readonly approval?: ApprovalTerms;
}
