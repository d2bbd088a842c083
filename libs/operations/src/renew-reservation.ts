import { holderHashOf } from '@writ/ledger';
import { requireExecutionTenant } from './authorise.js';
import type { Engine } from './engine.js';
import { grantAnswer } from './grant-answer.js';
import { handleExecution } from './handle-execution.js';
import type { CallContext, GrantAnswer, RenewRequest } from './operations.js';

/** Extends a live lease for its holder, up to the policy's maxTtl counted from its placing. */
export async function renewReservation(
  engine: Engine,
  context: CallContext,
  request: RenewRequest,
): Promise<GrantAnswer> {
  const { tenant, executionId, attempt, ttlMs } = request;
  // 1. May this caller run executions of this tenant?
  requireExecutionTenant(context.principal, request, 'run');
  const holderHash = holderHashOf(request.holder);
  // 2. Read, decide, sign, append.
  const handled = await handleExecution(engine, {
    context,
    name: { tenant, executionId },
    operation: 'renew',
    begins: false,
    command: () => ({
      type: 'Renew',
      tenant,
      executionId,
      actor: context.principal.actor,
      attempt,
      holderHash,
      ...(ttlMs === undefined ? {} : { ttlMs }),
    }),
  });
  // 3. Hand over the grant with the new end.
  return grantAnswer({ tenant, executionId }, handled);
}
