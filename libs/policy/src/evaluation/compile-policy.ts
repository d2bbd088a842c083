import { RejectedError } from '@writ/errors';
import { digestOf, type Digest } from '@writ/encoding';
import type { PolicyDocument } from '../document/policy-document.js';
import { readDocument } from '../document/read-document.js';
import { formatPath } from '../document/finding.js';
import { ConditionEngine } from '../expression/condition.js';
import { patternsOf } from '../expression/check-condition.js';
import { parseExpression } from '../expression/parse-expression.js';
import { evaluate, type PolicyProgram } from './evaluate.js';
import type { Evaluation, EvaluationInput } from './evaluation.js';
import { SignalChecker } from './signal-check.js';

/** A policy ready to answer. Holds no state between evaluations; safe to keep and share on one thread. */
export interface CompiledPolicy {
  readonly document: PolicyDocument;
  /** SHA-256 over the canonical JSON of the source document. */
  readonly digest: Digest;
  /** Answers an intent. Never throws, and spends at most `POLICY_LIMITS.evaluationUnits`. */
  evaluate(input: EvaluationInput): Evaluation;
}

/**
 * Plans a document for evaluation. Everything is read again from `document.source`, the part that the digest covers.
 * Throws POLICY_INVALID, with the findings in the details, where the source has an error.
 */
export function compilePolicy(document: PolicyDocument): CompiledPolicy {
  const read = readDocument(document.source);
  const errors = read.findings.filter(({ severity }) => severity === 'error');
  if (read.document === undefined || errors.length > 0) {
    const findings = errors.map(({ code, message, path }) => ({ code, message, path: formatPath(path) }));
    throw new RejectedError('POLICY_INVALID', 'the policy document is refused', { findings });
  }
  const program = programOf(read.document);
  const digest = digestOf(read.document.source);
  return { document: read.document, digest, evaluate: (input) => evaluate(program, input) };
}

function programOf(document: PolicyDocument): PolicyProgram {
  const engine = new ConditionEngine();
  let readsParameters = false;
  const rules = document.rules.map((rule) => {
    const parsed = parseExpression(rule.when);
    if (parsed.ok) for (const pattern of patternsOf(parsed.root)) engine.patterns.add(pattern);
    readsParameters ||= /\bparameters\b/.test(rule.when);
    return { rule, condition: engine.plan(rule.when) };
  });
  return { document, signals: new SignalChecker(document.signals), rules, engine, readsParameters };
}
