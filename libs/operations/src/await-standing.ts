import { RejectedError } from '@writ/errors';
import { readWholeStream } from '@writ/event-store';
import { executionStream } from '@writ/ledger';
import type { Standing } from '@writ/lineage';
import { executionNotFound, requireExecutionTenant } from './authorise.js';
import type { Engine } from './engine.js';
import { isVisible, openOrReport } from './handle-execution.js';
import type { AwaitStandingRequest, StandingAnswer } from './lineage-operations.js';
import type { CallContext } from './operations.js';
import { standingFields } from './standings.js';

const MAX_WAIT_MS = 60_000;
/** Kept of the caller's patience for the way back. */
const WAY_BACK_MS = 200;
const RANK = { recorded: 0, sequenced: 1, anchored: 2 } as const satisfies Record<Standing['kind'], number>;

/** Waits until the events that the execution has now are sequenced or anchored, and tells how far they are then. */
export async function awaitStanding(
  engine: Engine,
  context: CallContext,
  request: AwaitStandingRequest,
  signal?: AbortSignal,
): Promise<StandingAnswer> {
  const { tenant, executionId, wanted, timeoutMs } = request;
  const { lineage, store, clock } = engine.ports;
  requireExecutionTenant(context.principal, request, 'read');
  if (!Number.isInteger(timeoutMs) || timeoutMs < 0 || timeoutMs > MAX_WAIT_MS) {
    throw new RejectedError('REQUEST_INVALID', `\`timeoutMs\` must be from 0 to ${MAX_WAIT_MS}`, {
      field: 'timeoutMs',
    });
  }
  // 1. Which events.
  const stream = executionStream(tenant, executionId);
  const log = await openOrReport(engine, stream, await readWholeStream(store, stream));
  if (!isVisible(context.principal, log)) throw executionNotFound(request);
  const events = log.events.map(({ event }) => event);
  // 2. Wait, no longer than the caller does.
  const leftMs = (context.deadlineMs ?? Infinity) - WAY_BACK_MS - clock.nowMs();
  const standings = await lineage.awaitStanding(
    events.map(({ eventId }) => eventId),
    wanted,
    { timeoutMs: Math.max(0, Math.min(timeoutMs, leftMs)), ...(signal === undefined ? {} : { signal }) },
  );
  // 3. Tell what holds, reached or not.
  return {
    tenant,
    executionId,
    reached: standings.every(({ kind }) => RANK[kind] >= RANK[wanted]),
    events: events.map(({ revision, eventId, type }, at) => ({
      revision,
      eventId,
      type,
      ...standingFields(standings[at] as Standing), // one for each, in order
    })),
  };
}
