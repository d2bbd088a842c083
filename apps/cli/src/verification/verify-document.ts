import type { JsonObject, JsonValue } from '@writ/encoding';
import type { Trust } from '@writ/evidence';
import type { Verifier } from '@writ/signing';
import { isObject, textIn } from '../input/read-input.js';
import type { Check, Finding } from './report.js';
import {
  checkAttestation,
  checkEvent,
  checkGrantSignature,
  checkPublication,
  failed,
  factOf,
  sameJson,
} from './verify-event.js';

/** Against whom documents are verified. */
export interface Against {
  readonly verifier: Verifier;
  readonly trust: Trust;
}

const OUTCOMES: Readonly<Record<string, string>> = {
  DecisionAdmitted: 'admitted',
  DecisionDenied: 'denied',
  DecisionEscalated: 'escalated',
};

/**
 * Verifies everything signed in one document, whatever it is: an attestation, an event, a receipt, an execution, an
 * answer with a receipt and a grant, versions of policies, an error that carries a receipt, or a list of these. What is
 * told beside the signed parts is compared with them. Empty where nothing in it is signed.
 */
export function verifyDocument(value: JsonValue, place: string, against: Against): readonly Finding[] {
  if (Array.isArray(value)) {
    const items = value as readonly JsonValue[];
    return items.flatMap((item, at) => verifyDocument(item, `${place}[${at}]`, against));
  }
  if (!isObject(value)) return [];
  const { verifier, trust } = against;
  if (value['entry'] !== undefined && value['signature'] !== undefined) {
    return [{ place, checks: [checkAttestation(value, verifier)] }];
  }
  if (value['attestation'] !== undefined) return [{ place, checks: checkEvent(value, verifier) }];
  if (value['decision'] !== undefined && Array.isArray(value['events'])) return verifyReceipt(value, place, against);
  if (isPublication(value)) return [{ place, checks: [checkPublication(value, trust)] }];
  const { receipt, grant, policy, policies, event, activation, error } = value;
  return [
    ...(receipt === undefined ? [] : verifyDocument(receipt, `${place}.receipt`, against)),
    ...(grant === undefined ? [] : [{ place: `${place}.grant`, checks: [checkGrantSignature(grant, verifier)] }]),
    ...(policy === undefined ? [] : verifyDocument(policy, `${place}.policy`, against)),
    ...(policies === undefined ? [] : verifyDocument(policies, `${place}.policies`, against)),
    ...(event === undefined ? [] : verifyDocument(event, `${place}.event`, against)),
    ...(activation === undefined ? [] : verifyDocument(activation, `${place}.activation`, against)),
    ...(isObject(error) && isObject(error['details'])
      ? verifyDocument(error['details'], `${place}.error.details`, against)
      : []),
  ];
}

/** A version of a policy: its publication bears a signature of its own. */
function isPublication(value: JsonObject): boolean {
  return value['policyId'] !== undefined && value['digest'] !== undefined && value['signature'] !== undefined;
}

function verifyReceipt(receipt: JsonObject, place: string, { verifier }: Against): readonly Finding[] {
  const events = receipt['events'] as readonly JsonValue[];
  const findings = events.map((event, at): Finding => {
    const where = `${place}.events[${at}]`;
    return isObject(event)
      ? { place: where, checks: checkEvent(event, verifier) }
      : { place: where, checks: [failed('form', 'not an event')] };
  });
  const sound = findings.every(({ checks }) => checks.every(({ status }) => status === 'passed'));
  // What the events say counts only when they are what was signed.
  const told = sound && events.length > 0 ? toldBesides(receipt, events as readonly JsonObject[]) : [];
  return [...findings, ...(told.length === 0 ? [] : [{ place, checks: told }])];
}

/** What a receipt says in its own words, against the events that it carries. */
function toldBesides(receipt: JsonObject, events: readonly JsonObject[]): Check[] {
  const facts = events.map((event) => ({ type: textIn(event['type']), fact: factOf(event) }));
  const names = facts.every(
    ({ fact }) => fact['tenant'] === receipt['tenant'] && fact['executionId'] === receipt['executionId'],
  );
  return [
    names ? { name: 'names', status: 'passed' } : failed('names', 'the events are of another execution'),
    checkDecision(receipt['decision'], facts),
    ...(receipt['reservation'] === undefined ? [] : [checkReservation(receipt['reservation'], facts)]),
  ];
}

interface Told {
  readonly type: string;
  readonly fact: JsonObject;
}

function checkDecision(decision: JsonValue | undefined, facts: readonly Told[]): Check {
  const { decisionId } = isObject(decision) ? decision : {};
  const found = facts.find(({ type, fact }) => type in OUTCOMES && fact['decisionId'] === decisionId);
  if (found === undefined) {
    return { name: 'decision', status: 'skipped', detail: 'the event of the decision is not here' };
  }
  if (sameJson(decision, decisionOf(found))) return { name: 'decision', status: 'passed' };
  return failed('decision', 'the decision told is not the decision signed');
}

/** A decision as receipts tell it, from the event that records it. */
function decisionOf({ type, fact }: Told): JsonObject {
  const intent = isObject(fact['intent']) ? fact['intent'] : {};
  const policy = isObject(fact['policy']) ? fact['policy'] : {};
  const { decisionId, evaluation, rule, reasons, obligations, validUntil, evaluatedAt } = fact;
  return {
    decisionId: decisionId ?? null,
    outcome: OUTCOMES[type] ?? '',
    evaluation: evaluation ?? null,
    policyId: intent['policyId'] ?? null,
    policyVersion: policy['version'] ?? '',
    policyDigest: policy['digest'] ?? '',
    rule: rule ?? '',
    reasons: reasons ?? [],
    obligations: obligations ?? [],
    ...(validUntil === undefined ? {} : { validUntil }),
    evaluatedAt: evaluatedAt ?? null,
  };
}

function checkReservation(reservation: JsonValue, facts: readonly Told[]): Check {
  const leases = facts.filter(({ type }) => type === 'ReservationPlaced' || type === 'ReservationRenewed');
  const lease = leases.at(-1)?.fact;
  if (lease === undefined) {
    return { name: 'reservation', status: 'skipped', detail: 'the event of the reservation is not here' };
  }
  const members = ['attempt', 'expiresAt', 'ttlMs', 'holderHash'];
  const told = isObject(reservation) ? reservation : {};
  if (members.every((name) => told[name] === lease[name])) return { name: 'reservation', status: 'passed' };
  return failed('reservation', 'the reservation told is not the reservation signed');
}
