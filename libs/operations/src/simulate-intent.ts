import { canonicalText, parseJson, type JsonObject } from '@writ/encoding';
import { requireAction, requireTenant } from './authorise.js';
import type { Engine } from './engine.js';
import { findVersion } from './get-policy.js';
import { requireIntent } from './intent.js';
import type { CallContext, DecisionView, SimulateAnswer, SimulateRequest } from './operations.js';
import type { PolicyInForce } from './policies.js';
import { verdictOf } from './verdict.js';

/** What Evaluate would decide now, under the version in force or a named one. Nothing is recorded, nothing is used up. */
export async function simulateIntent(
  engine: Engine,
  context: CallContext,
  request: SimulateRequest,
): Promise<SimulateAnswer> {
  const { tenant, intent, policyVersion } = request;
  requireTenant(context.principal, tenant, 'read');
  requireAction(context.principal, intent.action);
  requireIntent(intent);
  const inForce =
    policyVersion === undefined
      ? await engine.policies.inForce(tenant, intent.policyId)
      : await versionAsIfInForce(engine, request, policyVersion);
  const verdict = verdictOf(request, inForce, engine.ports.clock.nowMs(), engine.ports.runtime);
  const decision: DecisionView = {
    decisionId: '',
    outcome: verdict.outcome,
    evaluation: 0,
    policyId: intent.policyId,
    policyVersion: verdict.policy?.version ?? '',
    policyDigest: verdict.policy?.digest ?? '',
    rule: verdict.rule ?? '',
    reasons: verdict.reasons,
    obligations: verdict.obligations as readonly JsonObject[],
    ...(verdict.outcome === 'denied' ? {} : { validUntilMs: verdict.validUntilMs }),
    evaluatedAtMs: verdict.evaluatedAtMs,
  };
  return { decision, diagnostics: parseJson(canonicalText(verdict.diagnostics)) as unknown as readonly JsonObject[] };
}

/** The publication stands in for the activation that there is not. */
async function versionAsIfInForce(
  engine: Engine,
  { tenant, intent: { policyId } }: SimulateRequest,
  version: string,
): Promise<PolicyInForce> {
  const { log, published } = await findVersion(engine, { tenant, policyId, version });
  const { digest, eventId, revision } = published;
  const activation = { eventId, revision: revision.toString() };
  return { compiled: engine.policies.compiled(log, published), reference: { policyId, version, digest, activation } };
}
