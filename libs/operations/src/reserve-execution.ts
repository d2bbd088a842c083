import { holderHashOf } from '@writ/ledger';
import { requireExecutionTenant } from './authorise.js';
import type { Engine } from './engine.js';
import { grantAnswer } from './grant-answer.js';
import { handleExecution } from './handle-execution.js';
import type { CallContext, GrantAnswer, ReserveRequest } from './operations.js';

/** Places a reservation on a decision that stands: admitted, approved, or open again. */
export async function reserveExecution(
  engine: Engine,
  context: CallContext,
  request: ReserveRequest,
): Promise<GrantAnswer> {
  const { tenant, executionId, ttlMs } = request;
  // 1. May this caller run executions of this tenant?
  requireExecutionTenant(context.principal, request, 'run');
  const holderHash = holderHashOf(request.holder);
  // 2. Read, decide, sign, append.
  const handled = await handleExecution(engine, {
    context,
    name: { tenant, executionId },
    operation: 'reserve',
    begins: false,
    command: () => ({
      type: 'Reserve',
      tenant,
      executionId,
      actor: context.principal.actor,
      holderHash,
      ...(ttlMs === undefined ? {} : { ttlMs }),
    }),
  });
  // 3. Hand over the grant.
  return grantAnswer({ tenant, executionId }, handled);
}
