import type { PolicyId, Tenant } from '@writ/encoding';
import { requireTenant } from './authorise.js';
import type { Engine } from './engine.js';
import type { CallContext, PolicyVersionView } from './operations.js';
import { versionView } from './policy-views.js';

/** Every version of one policy, or of all policies of the tenant, in the order of publication. */
export async function listPolicies(
  engine: Engine,
  context: CallContext,
  { tenant, policyId }: { readonly tenant: Tenant; readonly policyId?: PolicyId },
): Promise<readonly PolicyVersionView[]> {
  requireTenant(context.principal, tenant, 'read');
  const policyIds = policyId === undefined ? await engine.policyCatalogue.idsOf(tenant) : [policyId];
  const logs = await Promise.all(
    policyIds.map(async (id) => ({ name: { tenant, policyId: id }, log: await engine.policies.read(tenant, id) })),
  );
  return logs.flatMap(({ name, log }) => log.state.versions.map((published) => versionView(name, log, published)));
}
