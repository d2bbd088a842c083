import { readWholeStream } from '@writ/event-store';
import { executionStream, momentOf, viewOf, type ExistingExecution } from '@writ/ledger';
import { executionNotFound, requireExecutionTenant } from './authorise.js';
import type { Engine } from './engine.js';
import type { ExecutionLog } from './execution-log.js';
import { executionSummary } from './execution-summary.js';
import { isVisible, openOrReport } from './handle-execution.js';
import type { CallContext, ExecutionName, ExecutionView } from './operations.js';
import { eventReceipt } from './receipt.js';

/** One execution as it stands now, with all its events. Always read from the store. */
export async function getExecution(engine: Engine, context: CallContext, name: ExecutionName): Promise<ExecutionView> {
  requireExecutionTenant(context.principal, name, 'read');
  const stream = executionStream(name.tenant, name.executionId);
  const log = openOrReport(engine, stream, await readWholeStream(engine.ports.store, stream));
  if (!isVisible(context.principal, log)) throw executionNotFound(name);
  return executionView(log, log.state as ExistingExecution, engine.ports.clock.nowMs(), engine.ports.maxSkewMs);
}

function executionView(log: ExecutionLog, state: ExistingExecution, wallMs: number, maxSkewMs: number): ExecutionView {
  const view = viewOf(state, momentOf(state, wallMs, maxSkewMs));
  return { ...executionSummary(log, state, view), state: view.state, events: log.events.map(eventReceipt) };
}
