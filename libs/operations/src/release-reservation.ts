import { holderHashOf } from '@writ/ledger';
import { requireExecutionTenant } from './authorise.js';
import { doneAnswer } from './done-answer.js';
import type { Engine } from './engine.js';
import { handleExecution } from './handle-execution.js';
import type { CallContext, ReceiptAnswer, ReleaseRequest } from './operations.js';
import { requireReason } from './reason.js';

/** The holder gives its reservation back without having run; the attempt is not used up. */
export async function releaseReservation(
  engine: Engine,
  context: CallContext,
  request: ReleaseRequest,
): Promise<ReceiptAnswer> {
  const { tenant, executionId, attempt, reason } = request;
  // 1. May this caller run executions of this tenant?
  requireExecutionTenant(context.principal, request, 'run');
  requireReason(reason);
  const holderHash = holderHashOf(request.holder);
  // 2. Read, decide, sign, append.
  const handled = await handleExecution(engine, {
    context,
    name: { tenant, executionId },
    operation: 'release',
    begins: false,
    command: () => ({
      type: 'Release',
      tenant,
      executionId,
      actor: context.principal.actor,
      attempt,
      holderHash,
      reason,
    }),
  });
  // 3. Tell.
  return doneAnswer({ tenant, executionId }, handled);
}
