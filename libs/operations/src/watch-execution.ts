import { executionStream } from '@writ/ledger';
import type { Engine } from './engine.js';
import { getExecution } from './get-execution.js';
import type { CallContext, ExecutionName, ExecutionView } from './operations.js';

/** How long a change by another process may go unseen; also when a lapse that no event tells of is looked for. */
const POLL_MS = 250;

/**
 * The execution now, and again whenever it has another event or another state, until `signal` aborts.
 * Looks at the one stream instead of following the store: a watcher then costs the same in a busy ledger.
 */
export async function* watchExecution(
  engine: Engine,
  context: CallContext,
  name: ExecutionName,
  signal: AbortSignal,
): AsyncGenerator<ExecutionView> {
  const stream = executionStream(name.tenant, name.executionId);
  let told: ExecutionView | undefined;
  while (!signal.aborted) {
    const news =
      told === undefined ||
      isDue(told, engine.ports.clock.nowMs()) ||
      (await engine.ports.store.readStream(stream, { fromRevision: told.revision + 1n, maxCount: 1 })).length > 0;
    if (news) {
      const view = await getExecution(engine, context, name);
      if (view.revision !== told?.revision || view.state !== told.state) yield view;
      told = view;
    }
    await pause(POLL_MS, signal);
  }
}

/** Time alone may have changed what a reader sees: a lease or an admission has an end. */
function isDue(view: ExecutionView, nowMs: number): boolean {
  if (view.state === 'reserved') return nowMs >= (view.reservation?.expiresAtMs ?? Infinity);
  if (view.state === 'admitted' || view.state === 'approved' || view.state === 'open' || view.state === 'escalated') {
    return nowMs >= (view.decision.validUntilMs ?? Infinity);
  }
  return false;
}

function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, durationMs);
    signal.addEventListener('abort', end);
  });
}
