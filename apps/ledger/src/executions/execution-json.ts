import { formatInstant } from '@writ/encoding';
import type {
  DecisionView,
  EvaluateAnswer,
  EventReceipt,
  ExecutionSummary,
  ExecutionView,
  GrantAnswer,
  Receipt,
  ReservationView,
  SimulateAnswer,
  StandingFields,
} from '@writ/operations';

type Json = Record<string, unknown>;

/**
 * Answers as HTTP tells them: the names of the protocol in camelCase, times in RFC 3339, 64-bit numbers as decimal
 * strings, JSON values in place. What is hashed or signed (`data`, `entry`, `payload`) stays the exact text.
 */
export function receiptJson(receipt: Receipt): Json {
  return {
    tenant: receipt.tenant,
    executionId: receipt.executionId,
    decision: decisionJson(receipt.decision),
    ...(receipt.reservation === undefined ? {} : { reservation: reservationJson(receipt.reservation) }),
    events: receipt.events.map(eventJson),
    replayed: receipt.replayed,
    signalsDiffer: receipt.signalsDiffer,
  };
}

export function evaluateJson(answer: EvaluateAnswer | GrantAnswer): Json {
  return {
    receipt: receiptJson(answer.receipt),
    ...(answer.grant === undefined ? {} : { grant: answer.grant }),
    reissued: answer.reissued,
  };
}

export function simulateJson(answer: SimulateAnswer): Json {
  return { decision: decisionJson(answer.decision), diagnostics: answer.diagnostics };
}

export function eventJson(event: EventReceipt): Json {
  return {
    revision: event.revision.toString(),
    eventId: event.eventId,
    type: event.type,
    typeVersion: event.typeVersion,
    recordedAt: formatInstant(event.recordedAtMs),
    data: event.data,
    attestation: event.attestation,
    ...standingJson(event),
  };
}

export function standingJson({ standing, index, checkpointSizeLeaves, cosignedBy }: StandingFields): Json {
  return {
    standing,
    ...(index === undefined ? {} : { index: index.toString() }),
    ...(checkpointSizeLeaves === undefined ? {} : { checkpointSize: checkpointSizeLeaves.toString() }),
    ...(cosignedBy === undefined ? {} : { cosignedBy }),
  };
}

export function executionJson(execution: ExecutionSummary | ExecutionView): Json {
  return {
    tenant: execution.tenant,
    executionId: execution.executionId,
    state: execution.state,
    action: execution.action,
    policyId: execution.policyId,
    decision: decisionJson(execution.decision),
    ...(execution.reservation === undefined ? {} : { reservation: reservationJson(execution.reservation) }),
    evaluations: execution.evaluations,
    attempts: execution.attempts,
    createdAt: formatInstant(execution.createdAtMs),
    updatedAt: formatInstant(execution.updatedAtMs),
    revision: execution.revision.toString(),
    blocked: execution.blocked,
    ...('events' in execution ? { events: execution.events.map(eventJson) } : {}),
  };
}

function decisionJson({ validUntilMs, evaluatedAtMs, ...decision }: DecisionView): Json {
  return {
    ...decision,
    ...(validUntilMs === undefined ? {} : { validUntil: formatInstant(validUntilMs) }),
    evaluatedAt: formatInstant(evaluatedAtMs),
  };
}

function reservationJson({ expiresAtMs, ...reservation }: ReservationView): Json {
  return { ...reservation, expiresAt: formatInstant(expiresAtMs) };
}
