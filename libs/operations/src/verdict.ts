import type { Runtime, Terms, Verdict } from '@writ/ledger';
import type { CompiledPolicy } from '@writ/policy';
import type { EvaluateRequest } from './operations.js';
import type { PolicyInForce } from './policies.js';

/**
 * What holds for a denial that no policy made: it may be evaluated again once a policy is in force, a bounded number
 * of times, and lets nothing run.
 */
const TERMS_WITHOUT_POLICY: Terms = {
  maxEvaluations: 10,
  reservation: { ttlMs: 1, maxTtlMs: 1, effect: 'once', maxAttempts: 1 },
};

/** Asks the policy in force. A policy without a version in force denies: nothing is admitted that no policy admitted. */
export function verdictOf(
  request: Pick<EvaluateRequest, 'intent' | 'executionId'>,
  inForce: PolicyInForce | undefined,
  evaluatedAtMs: number,
  runtime: Runtime,
): Verdict {
  if (inForce === undefined) {
    return {
      outcome: 'denied',
      policy: null,
      evaluatedAtMs,
      runtime,
      rule: null,
      reasons: [{ code: 'NO_POLICY_IN_FORCE', text: 'no version of the policy is in force' }],
      obligations: [],
      diagnostics: [],
      terms: TERMS_WITHOUT_POLICY,
      validUntilMs: evaluatedAtMs,
    };
  }
  const { compiled, reference } = inForce;
  const evaluation = evaluateWith(compiled, request, evaluatedAtMs);
  const { outcome, rule, reasons, obligations, validUntilMs, approval } = evaluation;
  return {
    outcome,
    policy: reference,
    evaluatedAtMs,
    runtime,
    rule,
    reasons,
    obligations,
    diagnostics: evaluation.diagnostics.map((diagnostic) => ({ ...diagnostic })),
    terms: termsOf(compiled),
    validUntilMs,
    ...(approval === undefined ? {} : { approval }),
  };
}

export function evaluateWith(
  compiled: CompiledPolicy,
  { intent, executionId }: Pick<EvaluateRequest, 'intent' | 'executionId'>,
  evaluatedAtMs: number,
): ReturnType<CompiledPolicy['evaluate']> {
  const { action, subject, parameters, signals } = intent;
  return compiled.evaluate({ action, subject, parameters, signals, executionId, evaluatedAtMs });
}

function termsOf({ document }: CompiledPolicy): Terms {
  return { maxEvaluations: document.admission.maxEvaluations, reservation: document.reservation };
}
