import type { Attestation, SignedGrant } from '@writ/evidence';
import type { DecisionView, EventReceipt, Receipt, ReservationView, StandingFields } from '@writ/operations';

import { messageEncoder } from '../grpc/proto-schema.js';
import type { Message } from '../grpc/decode-message.js';

let encoder: ReturnType<typeof messageEncoder> | undefined;

const OUTCOME = { admitted: 1, denied: 2, escalated: 3 } as const;
const STANDING = { recorded: 1, sequenced: 2, anchored: 3 } as const;

/** writ.v1.Receipt as the encoder takes it. So for the functions below. */
export function receiptMessage(receipt: Receipt): Message {
  return {
    tenant: receipt.tenant,
    executionId: receipt.executionId,
    decision: decisionMessage(receipt.decision),
    ...(receipt.reservation === undefined ? {} : { reservation: reservationMessage(receipt.reservation) }),
    events: receipt.events.map(eventMessage),
    replayed: receipt.replayed,
    signalsDiffer: receipt.signalsDiffer,
  };
}

export function encodeReceipt(receipt: Receipt): Uint8Array {
  return (encoder ??= messageEncoder('Receipt'))(receiptMessage(receipt));
}

export function decisionMessage(decision: DecisionView): Message {
  return {
    decisionId: decision.decisionId,
    outcome: OUTCOME[decision.outcome],
    evaluation: decision.evaluation,
    policyId: decision.policyId,
    policyVersion: decision.policyVersion,
    policyDigest: decision.policyDigest,
    rule: decision.rule,
    reasons: decision.reasons,
    obligationsJson: decision.obligations.map((obligation) => JSON.stringify(obligation)),
    ...(decision.validUntilMs === undefined ? {} : { validUntil: timestampMessage(decision.validUntilMs) }),
    evaluatedAt: timestampMessage(decision.evaluatedAtMs),
  };
}

export function reservationMessage(reservation: ReservationView): Message {
  return {
    attempt: reservation.attempt,
    expiresAt: timestampMessage(reservation.expiresAtMs),
    ttlMs: reservation.ttlMs,
    holderHash: reservation.holderHash,
  };
}

export function eventMessage(event: EventReceipt): Message {
  return {
    revision: uint64(event.revision),
    eventId: event.eventId,
    type: event.type,
    typeVersion: event.typeVersion,
    recordedAt: timestampMessage(event.recordedAtMs),
    data: event.data,
    attestation: { entry: event.attestation.entry, ...signatureFields(event.attestation) },
    ...standingMessage(event),
  };
}

/** The fields of writ.v1.EventReceipt and EventStanding that tell how firmly an event stands. */
export function standingMessage({ standing, index, checkpointSizeLeaves, cosignedBy }: StandingFields): Message {
  return {
    standing: STANDING[standing],
    ...(index === undefined ? {} : { index: uint64(index) }),
    ...(checkpointSizeLeaves === undefined ? {} : { checkpointSize: uint64(checkpointSizeLeaves) }),
    ...(cosignedBy === undefined ? {} : { cosignedBy }),
  };
}

export function grantMessage(grant: SignedGrant): Message {
  return { payload: grant.payload, ...signatureFields(grant) };
}

function signatureFields(signed: Attestation | SignedGrant): Message {
  return {
    keyId: signed.keyId,
    batch: {
      index: signed.batch.index,
      size: signed.batch.size,
      path: signed.batch.path.map((hash) => Buffer.from(hash, 'base64')),
    },
    signature: Buffer.from(signed.signature, 'base64'),
  };
}

export function timestampMessage(ms: number): Message {
  const seconds = Math.floor(ms / 1_000);
  return { seconds, nanos: (ms - seconds * 1_000) * 1_000_000 };
}

/** As the encoder takes it fastest; beyond 2^53 it takes decimal text. */
export function uint64(value: bigint): number | string {
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value.toString();
}
