import { requireExecutionTenant } from './authorise.js';
import { doneAnswer } from './done-answer.js';
import type { Engine } from './engine.js';
import { handleExecution } from './handle-execution.js';
import type { CallContext, ReceiptAnswer, ReconcileRequest } from './operations.js';
import { requireReason } from './reason.js';

/** An operator settles an outcome that is unknown, or one that came late; the reason is part of the record. */
export async function reconcileExecution(
  engine: Engine,
  context: CallContext,
  request: ReconcileRequest,
): Promise<ReceiptAnswer> {
  const { tenant, executionId, attempt, outcome, reason } = request;
  // 1. Only operators.
  requireExecutionTenant(context.principal, request, 'govern');
  requireReason(reason, 1);
  // 2. Read, decide, sign, append.
  const handled = await handleExecution(engine, {
    context,
    name: { tenant, executionId },
    operation: 'reconcile',
    begins: false,
    command: () => ({
      type: 'Reconcile',
      tenant,
      executionId,
      actor: context.principal.actor,
      attempt,
      outcome,
      reason,
    }),
  });
  // 3. Tell.
  return doneAnswer({ tenant, executionId }, handled);
}
