import { canonicalText, parseJson, type JsonObject } from '@writ/encoding';
import { diffPolicies as differences } from '@writ/policy';
import { requireTenant } from './authorise.js';
import type { Engine } from './engine.js';
import { findVersion } from './get-policy.js';
import type { CallContext, PolicyDiffRequest } from './operations.js';

/** What changes from one version to another, by name: settings, signals, rules, tests, and what tests come to. */
export async function diffPolicies(
  engine: Engine,
  context: CallContext,
  { tenant, policyId, fromVersion, toVersion }: PolicyDiffRequest,
): Promise<readonly JsonObject[]> {
  requireTenant(context.principal, tenant, 'read');
  const compiled = async (version: string) => {
    const { log, published } = await findVersion(engine, { tenant, policyId, version });
    return engine.policies.compiled(log, published).document;
  };
  const difference = differences(await compiled(fromVersion), await compiled(toVersion));
  const kinds = ['settings', 'signals', 'rules', 'tests', 'outcomes'] as const;
  return kinds.flatMap((kind) =>
    difference[kind].map((change) => parseJson(canonicalText({ kind, ...change })) as JsonObject),
  );
}
