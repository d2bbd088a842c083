import { parseInstant, type JsonObject } from '@writ/encoding';
import type { ExecutionEvent, LedgerEvent } from '@writ/ledger';
import type { Standing } from '@writ/lineage';
import type { KeptEvent, ExecutionLog } from './execution-log.js';
import type { DecisionView, EventReceipt, ExecutionName, Receipt, ReservationView } from './operations.js';
import { RECORDED, standingFields } from './standings.js';

type DecisionEvent = Extract<ExecutionEvent, { type: 'DecisionAdmitted' | 'DecisionDenied' | 'DecisionEscalated' }>;
type LeaseEvent = Extract<ExecutionEvent, { type: 'ReservationPlaced' | 'ReservationRenewed' }>;

const OUTCOMES = {
  DecisionAdmitted: 'admitted',
  DecisionDenied: 'denied',
  DecisionEscalated: 'escalated',
} as const satisfies Record<DecisionEvent['type'], DecisionView['outcome']>;

/** A receipt over the events at `revisions` (of this log), under the last decision at or before the last of them. */
export function receiptOf(
  name: ExecutionName,
  log: ExecutionLog,
  revisions: readonly bigint[],
  marks: { readonly replayed?: boolean; readonly signalsDiffer?: boolean } = {},
): Receipt {
  const upTo = revisions.at(-1) ?? -1n;
  const decision = decisionAt(log, upTo);
  const lease = leaseAt(log, upTo);
  return {
    tenant: name.tenant,
    executionId: name.executionId,
    decision: decisionView(decision.event),
    ...(lease === undefined ? {} : { reservation: reservationView(lease) }),
    events: revisions.map((revision) => eventReceipt(keptAt(log, revision))),
    replayed: marks.replayed ?? false,
    signalsDiffer: marks.signalsDiffer ?? false,
  };
}

export function keptAt(log: ExecutionLog, revision: bigint): KeptEvent {
  const kept = log.events[Number(revision)];
  if (kept === undefined) throw new Error(`no event at revision ${revision}`);
  return kept;
}

/** The last decision at or before `upTo`. Every execution begins with one. */
export function decisionAt(log: ExecutionLog, upTo: bigint): KeptEvent & { readonly event: DecisionEvent } {
  for (let at = Math.min(Number(upTo), log.events.length - 1); at >= 0; at -= 1) {
    const kept = log.events[at] as KeptEvent;
    if (isDecision(kept.event)) return { ...kept, event: kept.event };
  }
  throw new Error('an execution begins with a decision');
}

/** The lease as last set at or before `upTo`, if that is after the last decision. */
export function leaseAt(log: ExecutionLog, upTo: bigint): LeaseEvent | undefined {
  for (let at = Math.min(Number(upTo), log.events.length - 1); at >= 0; at -= 1) {
    const { event } = log.events[at] as KeptEvent;
    if (event.type === 'ReservationPlaced' || event.type === 'ReservationRenewed') return event;
    if (isDecision(event)) return undefined;
  }
  return undefined;
}

export function isDecision(event: ExecutionEvent): event is DecisionEvent {
  return Object.hasOwn(OUTCOMES, event.type);
}

export function decisionView(event: DecisionEvent): DecisionView {
  const { data } = event;
  return {
    decisionId: data.decisionId,
    outcome: OUTCOMES[event.type],
    evaluation: data.evaluation,
    policyId: data.intent.policyId,
    policyVersion: data.policy?.version ?? '',
    policyDigest: data.policy?.digest ?? '',
    rule: data.rule ?? '',
    reasons: data.reasons,
    obligations: data.obligations as readonly JsonObject[],
    ...('validUntil' in data ? { validUntilMs: parseInstant(data.validUntil) } : {}),
    evaluatedAtMs: parseInstant(data.evaluatedAt),
  };
}

export function reservationView({ data }: LeaseEvent): ReservationView {
  const { attempt, ttlMs, holderHash } = data;
  return { attempt, ttlMs, holderHash, expiresAtMs: parseInstant(data.expiresAt) };
}

/** Of an event of any stream. `standing`: how far it has come; `recorded` is what an append can tell. */
export function eventReceipt(
  { event, typeVersion, data, attestation }: Omit<KeptEvent, 'event' | 'openings'> & { readonly event: LedgerEvent },
  standing: Standing = RECORDED,
): EventReceipt {
  return {
    revision: event.revision,
    eventId: event.eventId,
    type: event.type,
    typeVersion,
    recordedAtMs: event.recordedAtMs,
    // Canonical bytes that were checked or written by us: UTF-8 for sure.
    data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'),
    attestation,
    ...standingFields(standing),
  };
}
