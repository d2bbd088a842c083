import { decideActivate } from '@writ/ledger';
import { requireTenant } from './authorise.js';
import type { Engine } from './engine.js';
import { handlePolicy } from './handle-policy.js';
import type { CallContext, PolicyAnswer, PolicyChange } from './operations.js';
import { policyAnswer } from './publish-policy.js';
import { requireReason } from './reason.js';

/** Puts a published version in force. Going back to an older one is a new activation, with a reason. */
export async function activatePolicy(
  engine: Engine,
  context: CallContext,
  request: PolicyChange,
): Promise<PolicyAnswer> {
  const { tenant, policyId, version, reason } = request;
  requireTenant(context.principal, tenant, 'govern');
  requireReason(reason);
  const { actor } = context.principal;
  const handled = await handlePolicy(engine, context, { tenant, policyId }, (state) =>
    decideActivate(state, { tenant, actor, policyId, version, reason }),
  );
  return policyAnswer({ tenant, policyId }, handled, version);
}
