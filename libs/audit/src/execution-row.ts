import { viewOf, type ExistingExecution } from '@writ/ledger';
import { executionSummary, type ExecutionLog, type ExecutionRow } from '@writ/operations';

/** Before all that can lapse: a row says how things stand by their events, and from when on time says otherwise. */
const BEFORE_EVERYTHING_MS = 0;

/** The row of an execution, from its whole log. `undefined` for a stream without events. */
export function executionRowOf(log: ExecutionLog, maxSkewMs: number): ExecutionRow | undefined {
  const { state } = log;
  if (state.status === 'none') return undefined;
  const view = viewOf(state, { nowMs: BEFORE_EVERYTHING_MS, wallMs: BEFORE_EVERYTHING_MS, maxSkewMs });
  if (view.state === 'lapsed') throw new Error('nothing lapses before time began');
  return {
    ...executionSummary(log, state, view),
    state: view.state,
    endsAtMs: view.endsAtMs,
    lapsesAtMs: lapsesAt(state, view, maxSkewMs),
  };
}

/** A lease reads as over only when nobody's clock can still think it live; the rest ends when it says. */
function lapsesAt(state: ExistingExecution, view: ReturnType<typeof viewOf>, maxSkewMs: number): number | null {
  switch (view.state) {
    case 'reserved':
      return view.endsAtMs === null ? null : view.endsAtMs + maxSkewMs;
    case 'escalated':
      return view.endsAtMs;
    case 'admitted':
    case 'approved':
    case 'open':
      return state.standing.kind === 'admitted' ? state.standing.validUntilMs : null;
    default:
      return null;
  }
}
