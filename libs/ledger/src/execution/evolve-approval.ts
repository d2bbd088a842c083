import { parseInstant } from '@writ/encoding';

import type { LedgerEvent } from '../events.js';
import { requireThat } from '../cannot-follow.js';
import type { Approval, Execution, ExistingExecution, Standing } from './state.js';

type ApprovalEvent = LedgerEvent<'ApprovalGranted' | 'ApprovalRejected' | 'ApprovalExpired'>;
type Escalated = Extract<Standing, { kind: 'escalated' }>;

/** An approval counts only for the decision that stands, byte for byte, and only while it is waited for. */
export function evolveApproval(state: ExistingExecution, event: ApprovalEvent): ExistingExecution {
  const { standing } = state;
  requireThat(standing.kind === 'escalated', event, 'no approval is pending');
  requireThat(event.data.decisionId === state.decision.decisionId, event, 'it is about another decision');
  switch (event.type) {
    case 'ApprovalGranted':
      requireApprover(state, standing, event);
      return { ...state, standing: standingAfterGrant(standing, event) };
    case 'ApprovalRejected':
      requireApprover(state, standing, event);
      return { ...state, standing: { kind: 'denied', because: 'rejected', revision: event.revision } };
    case 'ApprovalExpired':
      requireThat(parseInstant(event.data.expiresAt) === standing.expiresAtMs, event, 'it names another end');
      requireThat(event.recordedAtMs >= standing.expiresAtMs, event, 'the wait is not over');
      return { ...state, standing: { kind: 'denied', because: 'approval_expired', revision: event.revision } };
  }
}

/** Admitted once the quorum is there; valid as long as the decision's grounds, and `ttlMs` from the first approval on. */
function standingAfterGrant(standing: Escalated, event: LedgerEvent<'ApprovalGranted'>): Standing {
  const granted: Approval = {
    approver: event.data.actor.id,
    revision: event.revision,
    grantedAtMs: event.recordedAtMs,
  };
  const approvals = [...standing.approvals, granted];
  if (approvals.length < standing.quorum) return { ...standing, approvals };
  const firstGrantedAtMs = Math.min(...approvals.map((approval) => approval.grantedAtMs));
  return {
    kind: 'admitted',
    validUntilMs: Math.min(standing.validUntilMs, firstGrantedAtMs + standing.ttlMs),
    approvals,
  };
}

function requireApprover(
  state: Execution,
  standing: Escalated,
  event: LedgerEvent<'ApprovalGranted' | 'ApprovalRejected'>,
): void {
  const { actor, decisionDigest, approverRole } = event.data;
  requireThat(decisionDigest === state.decision.dataDigest, event, 'it binds to other content');
  requireThat(standing.roles.includes(approverRole), event, 'the role may not approve');
  requireThat(event.recordedAtMs < standing.expiresAtMs, event, 'the wait is over');
  const separated = standing.separationOfDuties && state.requesters.includes(actor.id);
  requireThat(!separated, event, 'the requester may not approve');
  if (event.type === 'ApprovalRejected') return;
  const repeated = standing.approvals.some((approval) => approval.approver === actor.id);
  requireThat(!repeated, event, 'the approver has approved before');
}
