import type { JsonObject, JsonValue } from '@writ/encoding';
import type { ParameterPath, PolicyDocument, PolicyTest, RuleVerdict } from '../document/policy-document.js';
import type { CompiledPolicy } from './compile-policy.js';
import type { EvaluationInput, EvaluationOutcome, ReasonCode, SignalInput } from './evaluation.js';
import { memberAt } from './plain-json.js';

/** What one of the document's own tests gave. */
export interface TestOutcome {
  readonly name: string;
  readonly passed: boolean;
  readonly expected: PolicyTest['expect'];
  readonly actual: {
    readonly outcome: RuleVerdict;
    readonly rule: string | null;
    readonly codes: readonly ReasonCode[];
  };
}

/**
 * Runs the document's own tests, in order. A test names what matters to it; the rest is filled in: an argument that a
 * signal is bound to is the signal, an executionId that an argument rules is that argument, an observation is as old
 * as `ages` says.
 */
export function runTests(policy: CompiledPolicy): TestOutcome[] {
  return policy.document.tests.map((test) => {
    const evaluation = policy.evaluate(inputOf(policy.document, test));
    const codes = evaluation.reasons.map(({ code }) => code);
    const actual = { outcome: VERDICTS[evaluation.outcome], rule: evaluation.rule, codes };
    const { outcome, rule, code } = test.expect;
    const passed =
      outcome === actual.outcome &&
      (rule === undefined || rule === actual.rule) &&
      (code === undefined || codes.some((given) => given === code));
    return { name: test.name, passed, expected: test.expect, actual };
  });
}

const VERDICTS: Readonly<Record<EvaluationOutcome, RuleVerdict>> = {
  admitted: 'admit',
  denied: 'deny',
  escalated: 'escalate',
};

/** The id of a test that names none, and whose policy asks for none. */
const EXECUTION_ID = 'test-execution';

function inputOf(document: PolicyDocument, test: PolicyTest): EvaluationInput {
  let parameters: JsonObject = test.parameters;
  for (const { name, bind } of document.signals) {
    const value = Object.hasOwn(test.signals, name) ? test.signals[name] : undefined;
    if (bind !== undefined && value !== undefined) parameters = filledIn(parameters, bind, value);
  }
  const { executionKey } = document;
  if (executionKey !== undefined) parameters = filledIn(parameters, executionKey, test.executionId ?? EXECUTION_ID);
  const key = executionKey === undefined ? undefined : memberAt(parameters, executionKey);
  const executionId =
    test.executionId ?? (typeof key === 'string' || typeof key === 'number' ? String(key) : EXECUTION_ID);
  const { subject, evaluatedAtMs } = test;
  return { action: document.action, subject, parameters, signals: signalsOf(test), executionId, evaluatedAtMs };
}

function signalsOf(test: PolicyTest): Readonly<Record<string, SignalInput>> {
  const signals = Object.create(null) as Record<string, SignalInput>;
  for (const [name, value] of Object.entries(test.signals)) {
    const ageMs = Object.hasOwn(test.agesMs, name) ? (test.agesMs[name] ?? 0) : 0;
    signals[name] = { value, observedAtMs: test.evaluatedAtMs - ageMs };
  }
  return signals;
}

/** The parameters with `value` at `path`, unless something stands there or in the way. */
function filledIn(parameters: JsonObject, path: ParameterPath, value: JsonValue): JsonObject {
  const [name, ...rest] = path;
  if (name === undefined) return parameters;
  const present = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (rest.length === 0) return present === undefined ? { ...parameters, [name]: value } : parameters;
  const inner = present ?? {};
  if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return parameters;
  return { ...parameters, [name]: filledIn(inner as JsonObject, rest, value) };
}
