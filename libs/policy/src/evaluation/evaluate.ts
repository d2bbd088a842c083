import type { CelInput } from '@bufbuild/cel';
import type { PolicyDocument, PolicyRule } from '../document/policy-document.js';
import { withoutStackTraces } from '../expression/without-stack-traces.js';
import { celFromJson, celRecord, celTimestamp } from '../expression/cel-value.js';
import type { Activation, Condition, ConditionEngine } from '../expression/condition.js';
import type { Diagnostic, Evaluation, EvaluationInput, Reason, ReasonCode } from './evaluation.js';
import { checkPlain, memberAt } from './plain-json.js';
import type { CheckedSignals, SignalChecker } from './signal-check.js';

/** A rule with its condition planned. */
export interface CompiledRule {
  readonly rule: PolicyRule;
  readonly condition: Condition;
}

/** What `evaluate` needs of a compiled policy. */
export interface PolicyProgram {
  readonly document: PolicyDocument;
  readonly signals: SignalChecker;
  readonly rules: readonly CompiledRule[];
  readonly engine: ConditionEngine;
  /** Whether any condition reads the parameters: converting them is skipped where none does. */
  readonly readsParameters: boolean;
}

/**
 * Answers an intent under a policy. Everything that is not plainly an admission or an escalation denies; nothing is
 * thrown, whatever the input is.
 */
export function evaluate(program: PolicyProgram, input: EvaluationInput): Evaluation {
  try {
    return withoutStackTraces(() => evaluateChecked(program, input));
  } catch {
    // Reached only by objects that lie about themselves (a Proxy whose traps throw).
    return denied(0, null, [{ code: 'INPUT_NOT_PLAIN', text: 'the intent is not plain JSON' }]);
  }
}

/** The steps, in the order in which a reason is found. */
function evaluateChecked(program: PolicyProgram, input: EvaluationInput): Evaluation {
  const { document } = program;
  const { evaluatedAtMs } = input;
  // 1. The input is plain, bounded, and read once.
  const unreadable = refusalOfInput(input);
  if (unreadable !== undefined) return denied(evaluatedAtMs, null, [unreadable]);
  // 2. The policy governs this action, and the executionId is the one that the arguments ask for.
  const misplaced = refusalOfIntent(document, input);
  if (misplaced !== undefined) return denied(evaluatedAtMs, null, [misplaced]);
  // 3. Every signal is as declared; all that is wrong is told.
  const signals = program.signals.check(input);
  if (signals.reasons.length > 0) return denied(evaluatedAtMs, null, signals.reasons);
  // 4. The first rule that matches answers; the first that fails denies.
  return tryRules(program, input, signals);
}

function tryRules(program: PolicyProgram, input: EvaluationInput, signals: CheckedSignals): Evaluation {
  const activation = activationOf(program, input, signals.values);
  const diagnostics: Diagnostic[] = [];
  program.engine.meter.reset();
  for (const { rule, condition } of program.rules) {
    const outcome = condition.evaluate(activation);
    switch (outcome.kind) {
      case 'true':
        diagnostics.push({ rule: rule.id, matched: true });
        return answered(program.document, rule, input, signals, diagnostics);
      case 'false':
        diagnostics.push({ rule: rule.id, matched: false, clause: outcome.clause });
        break;
      case 'error':
        diagnostics.push({ rule: rule.id, matched: false, clause: outcome.clause, error: outcome.error });
        return denied(input.evaluatedAtMs, rule.id, [failure(rule.id, outcome.error)], diagnostics);
    }
  }
  const text = 'no rule matched';
  return denied(input.evaluatedAtMs, null, [{ code: 'NO_RULE_MATCHED', text }], diagnostics);
}

function answered(
  document: PolicyDocument,
  rule: PolicyRule,
  input: EvaluationInput,
  signals: CheckedSignals,
  diagnostics: readonly Diagnostic[],
): Evaluation {
  const reasons: readonly Reason[] = [{ code: 'RULE', text: rule.reason, rule: rule.id }];
  if (rule.then === 'deny') return denied(input.evaluatedAtMs, rule.id, reasons, diagnostics);
  const answer = { rule: rule.id, reasons, obligations: rule.obligations, diagnostics };
  const untilMs = (ttlMs: number): number => Math.min(input.evaluatedAtMs + ttlMs, signals.validUntilMs);
  if (rule.then === 'admit') return { outcome: 'admitted', ...answer, validUntilMs: untilMs(document.admission.ttlMs) };
  // The reader has made sure that a rule which escalates says who may approve.
  const { approval } = rule;
  if (approval === undefined) return denied(input.evaluatedAtMs, rule.id, [failure(rule.id, 'other')], diagnostics);
  // Waiting for approval takes up to one ttl, and the approval then holds for another; admission.ttl is for admissions.
  return { outcome: 'escalated', ...answer, validUntilMs: untilMs(2 * approval.ttlMs), approval };
}

function denied(
  evaluatedAtMs: number,
  rule: string | null,
  reasons: readonly Reason[],
  diagnostics: readonly Diagnostic[] = [],
): Evaluation {
  return { outcome: 'denied', rule, reasons, obligations: [], diagnostics, validUntilMs: evaluatedAtMs };
}

function failure(rule: string, error: Diagnostic['error']): Reason {
  switch (error) {
    case 'budget':
      return { code: 'BUDGET_EXCEEDED', text: 'the rules spent more work than one evaluation may', rule };
    case 'not-boolean':
      return { code: 'RULE_NOT_BOOLEAN', text: 'the condition gave neither true nor false', rule };
    default:
      return { code: 'RULE_ERROR', text: 'the condition could not be evaluated', rule };
  }
}

function refusalOfInput(input: EvaluationInput): Reason | undefined {
  const { action, subject, parameters, signals, executionId, evaluatedAtMs } = input;
  const texts = [action, subject, executionId].every((text) => typeof text === 'string');
  // A Date in JavaScript, and RFC 3339 with four-digit years, end at these instants.
  const timed = Number.isSafeInteger(evaluatedAtMs) && evaluatedAtMs >= 0 && evaluatedAtMs < 253_402_300_800_000;
  const shaped = texts && timed && isObject(parameters) && isObject(signals);
  const found = shaped ? checkPlain([parameters, signals, subject]) : 'not-plain';
  if (found === 'too-large') return { code: 'INPUT_TOO_LARGE', text: 'the parameters and signals are too large' };
  const wrapped =
    found === 'plain' && Object.values(signals).every((signal) => isObject(signal) && Object.hasOwn(signal, 'value'));
  return wrapped ? undefined : { code: 'INPUT_NOT_PLAIN', text: 'the intent is not plain JSON' };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refusalOfIntent(document: PolicyDocument, input: EvaluationInput): Reason | undefined {
  if (input.action !== document.action) return reason('ACTION_MISMATCH', 'the policy governs another action');
  if (document.executionKey === undefined) return undefined;
  const key = memberAt(input.parameters, document.executionKey);
  if (typeof key !== 'string' && (typeof key !== 'number' || !Number.isSafeInteger(key))) {
    return reason('EXECUTION_KEY_MISSING', 'the argument that the executionId must equal is absent');
  }
  if (String(key) === input.executionId) return undefined;
  return reason('EXECUTION_KEY_MISMATCH', 'the executionId differs from the argument that it must equal');
}

function reason(code: ReasonCode, text: string): Reason {
  return { code, text };
}

/** What conditions see, and nothing else. The record has no prototype: no name resolves to an inherited member. */
function activationOf(
  program: PolicyProgram,
  input: EvaluationInput,
  signals: ReadonlyMap<string, CelInput>,
): Activation {
  const activation = Object.create(null) as Record<string, CelInput>;
  activation['action'] = input.action;
  activation['subject'] = input.subject;
  activation['evaluatedAt'] = celTimestamp(input.evaluatedAtMs);
  activation['signals'] = celRecord(signals);
  if (program.readsParameters) activation['parameters'] = celFromJson(input.parameters);
  return activation;
}
