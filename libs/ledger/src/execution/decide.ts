import type { Command, Evaluate, Moment, Ruling } from '../commands.js';
import { decideApprove, decideReject } from './decide-approval.js';
import { courseOf, decideEvaluate } from './decide-evaluate.js';
import { decideCommit, decideReconcile } from './decide-outcome.js';
import { decideRelease, decideRenew, decideReserve, decideSweep } from './decide-reservation.js';
import { refused } from './ruling.js';
import type { ExecutionState } from './state.js';

/**
 * Rules on a command: which events to append after `state`, and what to answer once they are durable. Never throws on
 * a command within its types; `evolve` accepts whatever is ruled to be appended, at `moment.nowMs`.
 */
export function decide(state: ExecutionState, command: Command, moment: Moment): Ruling {
  if (isAhead(state, moment)) return clockAhead(state, moment);
  switch (command.type) {
    case 'Evaluate':
      return decideEvaluate(state, command, moment);
    case 'Reserve':
      return decideReserve(state, command, moment);
    case 'Renew':
      return decideRenew(state, command, moment);
    case 'Release':
      return decideRelease(state, command, moment);
    case 'Commit':
      return decideCommit(state, command, moment);
    case 'Reconcile':
      return decideReconcile(state, command, moment);
    case 'Approve':
      return decideApprove(state, command, moment);
    case 'Reject':
      return decideReject(state, command, moment);
    case 'Sweep':
      return decideSweep(state, command, moment);
  }
}

/** `true` when `decide` will make a decision of the policy's verdict, so that the policy has to be asked first. */
export function needsVerdict(state: ExecutionState, command: Evaluate, moment: Moment): boolean {
  return !isAhead(state, moment) && courseOf(state, command, moment).kind === 'fresh';
}

type Ahead = Exclude<ExecutionState, { status: 'none' }>;

/** Some node recorded an event in what is the future here: no clock can be trusted for this execution. */
function isAhead(state: ExecutionState, moment: Moment): state is Ahead {
  return state.status !== 'none' && state.lastRecordedAtMs > moment.wallMs + moment.maxSkewMs;
}

function clockAhead(state: Ahead, moment: Moment): Ruling {
  const { lastRecordedAtMs, lastRevision } = state;
  return refused('CLOCK_AHEAD', 'the last event of the execution lies further in the future than clocks may differ', {
    lastRecordedAtMs,
    lastRevision: String(lastRevision),
    wallMs: moment.wallMs,
    maxSkewMs: moment.maxSkewMs,
  });
}
