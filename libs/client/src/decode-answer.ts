import { parseJson, toBase64, type JsonObject, type KeyId } from '@writ/encoding';
import type { Attestation, SignedGrant } from '@writ/evidence';
import type {
  Decision,
  EvaluateAnswer,
  EventReceipt,
  Execution,
  ExecutionState,
  GrantAnswer,
  Receipt,
  ReceiptAnswer,
  Reservation,
  Standing,
  StandingFields,
} from './answers.js';
import { UnreadableAnswer } from './unreadable-answer.js';
import type {
  WireDecision,
  WireEvent,
  WireExecution,
  WireGrant,
  WireGrantAnswer,
  WireProof,
  WireReceipt,
  WireReceiptAnswer,
  WireReservation,
  WireStanding,
  WireTimestamp,
} from './wire-types.js';

const OUTCOMES: Readonly<Record<string, Decision['outcome']>> = {
  OUTCOME_ADMITTED: 'admitted',
  OUTCOME_DENIED: 'denied',
  OUTCOME_ESCALATED: 'escalated',
};
const STANDINGS: Readonly<Record<string, Standing>> = {
  STANDING_RECORDED: 'recorded',
  STANDING_SEQUENCED: 'sequenced',
  STANDING_ANCHORED: 'anchored',
};
const STATES: Readonly<Record<string, ExecutionState>> = {
  EXECUTION_STATE_DENIED: 'denied',
  EXECUTION_STATE_ESCALATED: 'escalated',
  EXECUTION_STATE_APPROVED: 'approved',
  EXECUTION_STATE_ADMITTED: 'admitted',
  EXECUTION_STATE_RESERVED: 'reserved',
  EXECUTION_STATE_LAPSED: 'lapsed',
  EXECUTION_STATE_OPEN: 'open',
  EXECUTION_STATE_EXHAUSTED: 'exhausted',
  EXECUTION_STATE_UNKNOWN: 'unknown',
  EXECUTION_STATE_COMMITTED: 'committed',
};

/** All functions here throw `UnreadableAnswer` on a message that no ledger of ours writes. */
export function decodeReceipt(wire: WireReceipt): Receipt {
  return {
    tenant: wire.tenant,
    executionId: wire.executionId,
    decision: decodeDecision(present(wire.decision, 'receipt.decision')),
    ...(wire.reservation == null ? {} : { reservation: decodeReservation(wire.reservation) }),
    events: wire.events.map(decodeEvent),
    replayed: wire.replayed,
    signalsDiffer: wire.signalsDiffer,
  };
}

export function decodeReceiptAnswer(wire: WireReceiptAnswer): ReceiptAnswer {
  return { receipt: decodeReceipt(present(wire.receipt, 'receipt')) };
}

export function decodeEvaluateAnswer(wire: WireGrantAnswer): EvaluateAnswer {
  return {
    ...decodeReceiptAnswer(wire),
    ...(wire.grant == null ? {} : { grant: decodeGrant(wire.grant) }),
    reissued: wire.reissued ?? false,
  };
}

export function decodeGrantAnswer(wire: WireGrantAnswer): GrantAnswer {
  return {
    ...decodeReceiptAnswer(wire),
    grant: decodeGrant(present(wire.grant, 'grant')),
    reissued: wire.reissued ?? false,
  };
}

export function decodeDecision(wire: WireDecision): Decision {
  return {
    decisionId: wire.decisionId,
    outcome: named(OUTCOMES, wire.outcome, 'decision.outcome'),
    evaluation: wire.evaluation,
    policyId: wire.policyId,
    policyVersion: wire.policyVersion,
    policyDigest: wire.policyDigest,
    rule: wire.rule,
    reasons: wire.reasons.map(({ code, text, signal, rule }) => ({
      code,
      text,
      ...(signal === '' ? {} : { signal }),
      ...(rule === '' ? {} : { rule }),
    })),
    obligations: wire.obligationsJson.map((text) => decodeJsonObject(text)),
    ...(wire.validUntil === null ? {} : { validUntilMs: decodeInstant(wire.validUntil, 'decision.valid_until') }),
    evaluatedAtMs: decodeInstant(wire.evaluatedAt, 'decision.evaluated_at'),
  };
}

export function decodeExecution(wire: WireExecution): Execution {
  return {
    tenant: wire.tenant,
    executionId: wire.executionId,
    state: named(STATES, wire.state, 'execution.state'),
    action: wire.action,
    policyId: wire.policyId,
    decision: decodeDecision(present(wire.decision, 'execution.decision')),
    ...(wire.reservation == null ? {} : { reservation: decodeReservation(wire.reservation) }),
    evaluations: wire.evaluations,
    attempts: wire.attempts,
    createdAtMs: decodeInstant(wire.createdAt, 'execution.created_at'),
    updatedAtMs: decodeInstant(wire.updatedAt, 'execution.updated_at'),
    revision: BigInt(wire.revision),
    blocked: wire.blocked,
    events: wire.events.map(decodeEvent),
  };
}

export function decodeEvent(wire: WireEvent): EventReceipt {
  const attestation = present(wire.attestation, 'event.attestation');
  return {
    revision: BigInt(wire.revision),
    eventId: wire.eventId,
    type: wire.type,
    typeVersion: wire.typeVersion,
    recordedAtMs: decodeInstant(wire.recordedAt, 'event.recorded_at'),
    data: wire.data,
    attestation: { entry: attestation.entry, ...decodeProof(attestation) },
    ...decodeStanding(wire),
  };
}

export function decodeStanding({ standing, index, checkpointSize, cosignedBy }: WireStanding): StandingFields {
  return {
    standing: named(STANDINGS, standing, 'event.standing'),
    ...(index == null ? {} : { index: BigInt(index) }),
    ...(checkpointSize == null ? {} : { checkpointSizeLeaves: BigInt(checkpointSize) }),
    ...(cosignedBy == null ? {} : { cosignedBy }),
  };
}

export function decodeJsonObject(text: string): JsonObject {
  const value = readJson(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new UnreadableAnswer('a JSON object');
}

export function decodeInstant(wire: WireTimestamp | null | undefined, field: string): number {
  const { seconds, nanos } = present(wire, field);
  return Number(seconds) * 1_000 + Math.floor(nanos / 1_000_000);
}

/** The value that this client always needs. */
export function present<T>(value: T | null | undefined, field: string): T {
  if (value === null || value === undefined) throw new UnreadableAnswer(field);
  return value;
}

/** What an enum's name stands for here. */
export function named<T>(names: Readonly<Record<string, T>>, name: string, field: string): T {
  if (!Object.hasOwn(names, name)) throw new UnreadableAnswer(field);
  return names[name] as T;
}

function decodeGrant(wire: WireGrant): SignedGrant {
  return { payload: wire.payload, ...decodeProof(wire) };
}

function decodeProof(wire: WireProof): Omit<Attestation, 'entry'> {
  const { index, size, path } = present(wire.batch, 'batch');
  return {
    keyId: wire.keyId as KeyId,
    batch: { index: Number(index), size: Number(size), path: path.map((hash) => toBase64(hash)) },
    signature: toBase64(wire.signature),
  };
}

function decodeReservation(wire: WireReservation): Reservation {
  return {
    attempt: wire.attempt,
    expiresAtMs: decodeInstant(wire.expiresAt, 'reservation.expires_at'),
    ttlMs: Number(wire.ttlMs),
    holderHash: wire.holderHash,
  };
}

function readJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new UnreadableAnswer('a JSON text', { cause });
  }
}
