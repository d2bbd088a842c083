import { readWholeStream } from '@writ/event-store';
import { executionStream, momentOf, viewOf, type ExistingExecution } from '@writ/ledger';
import type { Standing } from '@writ/lineage';
import { executionNotFound, requireExecutionTenant } from './authorise.js';
import type { Engine } from './engine.js';
import type { ExecutionLog } from './execution-log.js';
import { executionSummary } from './execution-summary.js';
import { isVisible, openOrReport } from './handle-execution.js';
import type { CallContext, ExecutionName, ExecutionView } from './operations.js';
import { eventReceipt } from './receipt.js';
import { standingsOf } from './standings.js';

/** One execution as it stands now, with all its events. Always read from the store. */
export async function getExecution(engine: Engine, context: CallContext, name: ExecutionName): Promise<ExecutionView> {
  requireExecutionTenant(context.principal, name, 'read');
  const stream = executionStream(name.tenant, name.executionId);
  const log = await openOrReport(engine, stream, await readWholeStream(engine.ports.store, stream));
  if (!isVisible(context.principal, log)) throw executionNotFound(name);
  const standings = await standingsOf(
    engine,
    log.events.map(({ event }) => event.eventId),
  );
  return executionView(engine, log, standings);
}

function executionView({ ports }: Engine, log: ExecutionLog, standings: readonly Standing[]): ExecutionView {
  const state = log.state as ExistingExecution; // visible, so it is there
  const view = viewOf(state, momentOf(state, ports.clock.nowMs(), ports.maxSkewMs));
  const events = log.events.map((kept, at) => eventReceipt(kept, standings[at]));
  return { ...executionSummary(log, state, view), state: view.state, events };
}
