/**
 * Policies: a document in YAML or JSON becomes findings or a `PolicyDocument`, that becomes a `CompiledPolicy`, and
 * that answers an intent with an `Evaluation`. Pure: no clock, no randomness, no I/O; evaluation never throws and
 * spends a bounded amount of work. Specified in `docs/spec/policy.md`.
 */
export { POLICY_LIMITS } from './limits.js';
export { FINDING_CODES, type PolicyFinding, type PolicyFindingCode } from './document/finding.js';
export type {
  AdmissionTerms,
  ApprovalTerms,
  Obligation,
  ParameterPath,
  PolicyDocument,
  PolicyRule,
  PolicyTest,
  ReservationTerms,
  RuleVerdict,
  ScalarShape,
  SignalDeclaration,
  SignalShape,
} from './document/policy-document.js';
export {
  REASON_CODES,
  type Clause,
  type ConditionError,
  type Diagnostic,
  type Evaluation,
  type EvaluationInput,
  type EvaluationOutcome,
  type Reason,
  type ReasonCode,
  type SignalInput,
} from './evaluation/evaluation.js';
export { parsePolicy, type ParsedPolicy, type PolicyFormat } from './document/parse-policy.js';
export { policyJsonSchema } from './document/document-schema.js';
export { compilePolicy, type CompiledPolicy } from './evaluation/compile-policy.js';
export { runTests, type TestOutcome } from './evaluation/run-tests.js';
export { diffPolicies, type NamedChange, type PolicyDifference, type TestChange } from './evaluation/diff-policies.js';
export { POLICY_RUNTIME } from './runtime.js';
