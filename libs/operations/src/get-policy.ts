import type { PolicyId, Tenant } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import type { PublishedVersion } from '@writ/ledger';
import { requireTenant } from './authorise.js';
import type { Engine } from './engine.js';
import type { CallContext, PolicyVersionView } from './operations.js';
import { policyUnknown } from './policies.js';
import type { PolicyLog } from './policy-log.js';
import { versionView } from './policy-views.js';

/** One version with its document; the one in force where none is named. */
export async function getPolicy(
  engine: Engine,
  context: CallContext,
  request: { readonly tenant: Tenant; readonly policyId: PolicyId; readonly version?: string },
): Promise<PolicyVersionView> {
  requireTenant(context.principal, request.tenant, 'read');
  const { log, published } = await findVersion(engine, request);
  return versionView(request, log, published, { document: true });
}

/** @throws RejectedError `POLICY_UNKNOWN`, `POLICY_VERSION_UNKNOWN` (also where none is named and none is in force) */
export async function findVersion(
  engine: Engine,
  { tenant, policyId, version }: { readonly tenant: Tenant; readonly policyId: PolicyId; readonly version?: string },
): Promise<{ readonly log: PolicyLog; readonly published: PublishedVersion }> {
  const log = await engine.policies.read(tenant, policyId);
  if (log.events.length === 0) throw policyUnknown(tenant, policyId);
  const wanted = version ?? log.state.inForce?.version;
  const published = log.state.versions.find((one) => one.version === wanted);
  if (published === undefined) {
    throw new RejectedError('POLICY_VERSION_UNKNOWN', 'that version is not published, or none is in force', {
      tenant,
      policyId,
      version: version ?? null,
    });
  }
  return { log, published };
}
