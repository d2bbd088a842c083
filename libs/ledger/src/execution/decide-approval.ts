import type { Approve, Moment, Reject, Ruling } from '../commands.js';
import { presentOf } from './present.js';
import { after, answered, notFound, refused, type ExecutionFact } from './ruling.js';
import type { ExecutionState, ExistingExecution } from './state.js';

export function decideApprove(state: ExecutionState, command: Approve, moment: Moment): Ruling {
  if (state.status === 'none') return notFound(command);
  const former = formerApproval(state, command);
  if (former !== undefined) return answered({ kind: 'done', revision: former, replayed: true });
  return ruleOn(state, command, moment, 'ApprovalGranted');
}

export function decideReject(state: ExecutionState, command: Reject, moment: Moment): Ruling {
  if (state.status === 'none') return notFound(command);
  const { standing } = state;
  if (isAbout(state, command) && standing.kind === 'denied' && standing.because === 'rejected') {
    return answered({ kind: 'done', revision: standing.revision, replayed: true });
  }
  return ruleOn(state, command, moment, 'ApprovalRejected');
}

function ruleOn(
  state: ExistingExecution,
  command: Approve | Reject,
  moment: Moment,
  type: 'ApprovalGranted' | 'ApprovalRejected',
): Ruling {
  const { state: present, due } = presentOf(state, moment, command.actor);
  const { standing, tenant, executionId } = present;
  const { actor, decisionId, decisionDigest, approverRoles, reason } = command;
  if (standing.kind !== 'escalated') {
    const details = { standing: standing.kind, ...(standing.kind === 'denied' ? { because: standing.because } : {}) };
    return after(due, refused('NOT_ESCALATED', 'no approval is pending', details));
  }
  if (!isAbout(present, command)) {
    const { decisionId: last, dataDigest } = present.decision;
    const details = { decisionId: last, decisionDigest: dataDigest };
    return refused('NOT_ESCALATED', 'another decision, or other content of it, waits for approval', details);
  }
  const approverRole = standing.roles.find((role) => approverRoles.includes(role));
  if (approverRole === undefined) {
    return refused('APPROVER_NOT_ALLOWED', 'the approver has none of the roles', { roles: standing.roles });
  }
  if (standing.separationOfDuties && present.requesters.includes(actor.id)) {
    return refused('APPROVER_NOT_ALLOWED', 'who asked for the execution may not decide on it', { reason: 'requester' });
  }
  const fact: ExecutionFact = {
    type,
    data: { tenant, executionId, actor, decisionId, decisionDigest, approverRole, reason },
  };
  return { append: [fact], answer: { kind: 'done', revision: present.lastRevision + 1n, replayed: false } };
}

/** An approval that this approver gave before: a retry must not fail, nor count twice. */
function formerApproval(state: ExistingExecution, command: Approve): bigint | undefined {
  const { standing } = state;
  if (standing.kind === 'denied' || !isAbout(state, command)) return undefined;
  return standing.approvals.find((approval) => approval.approver === command.actor.id)?.revision;
}

/** Does the command speak of the decision that stands, byte for byte? */
function isAbout(state: ExistingExecution, command: Approve | Reject): boolean {
  const { decisionId, dataDigest } = state.decision;
  return command.decisionId === decisionId && command.decisionDigest === dataDigest;
}
