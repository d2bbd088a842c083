import type {
  EvaluateAnswer,
  ExecutionStateName,
  ExecutionSummary,
  ExecutionView,
  GrantAnswer,
  SimulateAnswer,
} from '@writ/operations';

import type { Message } from '../grpc/decode-message.js';
import {
  decisionMessage,
  eventMessage,
  grantMessage,
  receiptMessage,
  reservationMessage,
  timestampMessage,
  uint64,
} from './receipt-message.js';

/** writ.v1.ExecutionState of every state. */
export const EXECUTION_STATE = {
  denied: 1,
  escalated: 2,
  approved: 3,
  admitted: 4,
  reserved: 5,
  lapsed: 6,
  open: 7,
  exhausted: 8,
  unknown: 9,
  committed: 10,
} as const satisfies Record<ExecutionStateName, number>;

export function evaluateMessage(answer: EvaluateAnswer): Message {
  return {
    receipt: receiptMessage(answer.receipt),
    ...(answer.grant === undefined ? {} : { grant: grantMessage(answer.grant) }),
    reissued: answer.reissued,
  };
}

export function grantAnswerMessage(answer: GrantAnswer): Message {
  return { receipt: receiptMessage(answer.receipt), grant: grantMessage(answer.grant), reissued: answer.reissued };
}

export function simulateMessage(answer: SimulateAnswer): Message {
  return {
    decision: decisionMessage(answer.decision),
    diagnosticsJson: answer.diagnostics.map((diagnostic) => JSON.stringify(diagnostic)),
  };
}

export function executionMessage(execution: ExecutionSummary | ExecutionView): Message {
  return {
    tenant: execution.tenant,
    executionId: execution.executionId,
    state: EXECUTION_STATE[execution.state],
    action: execution.action,
    policyId: execution.policyId,
    decision: decisionMessage(execution.decision),
    ...(execution.reservation === undefined ? {} : { reservation: reservationMessage(execution.reservation) }),
    evaluations: execution.evaluations,
    attempts: execution.attempts,
    createdAt: timestampMessage(execution.createdAtMs),
    updatedAt: timestampMessage(execution.updatedAtMs),
    revision: uint64(execution.revision),
    blocked: execution.blocked,
    events: 'events' in execution ? execution.events.map(eventMessage) : [],
  };
}
