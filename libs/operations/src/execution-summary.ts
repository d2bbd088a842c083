import type { ExecutionView as LedgerView, ExistingExecution } from '@writ/ledger';
import type { ExecutionLog } from './execution-log.js';
import type { ExecutionSummary } from './operations.js';
import { decisionAt, decisionView, leaseAt, reservationView } from './receipt.js';

/** An execution without its events, as `view` sees it; but for the state's name, which is the view's own to give. */
export function executionSummary(
  log: ExecutionLog,
  state: ExistingExecution,
  view: LedgerView,
): Omit<ExecutionSummary, 'state'> {
  const lease = leaseAt(log, state.lastRevision);
  return {
    tenant: state.tenant,
    executionId: state.executionId,
    action: state.first.action,
    policyId: state.first.policyId,
    decision: decisionView(decisionAt(log, state.lastRevision).event),
    ...(lease === undefined ? {} : { reservation: reservationView(lease) }),
    evaluations: view.evaluations,
    attempts: view.attempts,
    createdAtMs: state.firstRecordedAtMs,
    updatedAtMs: state.lastRecordedAtMs,
    revision: state.lastRevision,
    blocked: view.blocked,
  };
}
