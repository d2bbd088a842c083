import { parseCanonical } from '@writ/encoding';
import type {
  Commitment,
  DecisionId,
  Digest,
  EventId,
  ExecutionId,
  Instant,
  KeyId,
  PolicyId,
  Tenant,
} from '@writ/encoding';
import { IntegrityError } from '@writ/errors';
import { z } from 'zod';

import type { EventCatalogue, EventType, Fact } from './events.js';
import { sequencedData } from './sequenced-data.js';

/** The data of an event as stored: the fact and the nonce that keeps its digest from being guessed (base64, 16 bytes). */
export type EventData<T extends EventType = EventType> = EventCatalogue[T] & { readonly nonce: string };

/** Entries that one `EntriesSequenced` gives an index; with names of the longest kind it stays below what a store takes. */
export const MAX_SEQUENCED_REFS = 2_048;

/** A string of our own kind. Patterns rather than functions, because zod compiles them and folding is on the hot path. */
const matching = <T extends string>(pattern: RegExp) => z.string().regex(pattern) as unknown as z.ZodType<T>;

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const tenant = matching<Tenant>(/^[a-z0-9_]{1,32}$/);
const executionId = matching<ExecutionId>(/^[A-Za-z0-9._:-]{1,128}$/);
const policyId = matching<PolicyId>(/^[a-z0-9][a-z0-9-]{0,63}$/);
const eventId = matching<EventId>(UUID_V7);
const decisionId = matching<DecisionId>(UUID_V7);
const keyId = matching<KeyId>(/^[0-9a-f]{16}$/);
const digest = matching<Digest>(/^sha256:[0-9a-f]{64}$/);
const commitment: z.ZodType<Commitment> = digest;
/** A date that exists, in UTC, with three fraction digits. */
const instant = z.iso.datetime({ precision: 3 }) as unknown as z.ZodType<Instant>;
const revision = matching<string>(/^(?:0|[1-9][0-9]{0,18})$/);
/** Canonical base64 of 16, 32, 33 and 64 bytes: the unused bits of the last character are zero. */
const base64Of16 = matching<string>(/^[A-Za-z0-9+/]{21}[AQgw]==$/);
const base64Of32 = matching<string>(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/);
const base64Of33 = matching<string>(/^[A-Za-z0-9+/]{44}$/);
const base64Of64 = matching<string>(/^[A-Za-z0-9+/]{85}[AQgw]==$/);
const nonce = base64Of16;
const text = z.string();
const count = z.int().min(1);
/** Nested JSON that belongs to the policy: kept as it is, canonical form checked with the whole. */
const json = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

const actor = z.strictObject({ id: text, role: z.enum(['caller', 'auditor', 'operator', 'system']) });
const execution = { nonce, tenant, executionId, actor };
const outcome = z.enum(['succeeded', 'failed', 'unknown']);
const effect = z.enum(['once', 'idempotent']);
const settled = z.enum(['succeeded', 'failed']);

const intent = z.strictObject({
  action: text,
  policyId,
  subject: commitment,
  parameters: commitment,
  signals: z.record(text, commitment),
});
const policyReference = z.strictObject({
  policyId,
  version: text,
  digest,
  activation: z.strictObject({ eventId, revision }),
});
const reason = z.strictObject({ code: text, text, signal: text.exactOptional(), rule: text.exactOptional() });
const terms = z.strictObject({
  maxEvaluations: count,
  reservation: z.strictObject({ ttlMs: count, maxTtlMs: count, effect, maxAttempts: count }),
});
const decision = {
  ...execution,
  decisionId,
  evaluation: count,
  reevaluates: decisionId.nullable(),
  intent,
  policy: policyReference.nullable(),
  evaluatedAt: instant,
  runtime: z.strictObject({ version: text, buildDigest: digest }),
  rule: text.nullable(),
  reasons: z.array(reason),
  obligations: z.array(json),
  diagnostics: z.array(json),
  terms,
};
const approvalTerms = { quorum: count, roles: z.array(text), ttlMs: count, separationOfDuties: z.boolean() };
const approval = z.strictObject({
  ...execution,
  decisionId,
  decisionDigest: digest,
  approverRole: text,
  reason: text,
});
const attempt = { ...execution, decisionId, attempt: count, holderHash: digest };
const lease = z.strictObject({ ...attempt, ttlMs: count, expiresAt: instant });
const report = { ...attempt, commitId: eventId, bodyDigest: digest, result: commitment.nullable(), late: z.boolean() };
const policyFact = { nonce, tenant, actor, policyId, version: text, digest };
const key = { nonce, actor, origin: text, keyId, purpose: z.literal('attestation'), publicKey: base64Of33 };

const lineageFact = { nonce, origin: text };
const sequencedRef = z.strictObject({ stream: text, revision, eventId, leafHash: base64Of32 });

/** Every type and version that this build can read. A new shape of a type is a new row, never an edit. */
const SCHEMAS: { readonly [T in EventType]: { readonly 1: z.ZodType<EventData<T>> } } = {
  DecisionAdmitted: { 1: z.strictObject({ ...decision, validUntil: instant }) },
  DecisionDenied: { 1: z.strictObject(decision) },
  DecisionEscalated: {
    1: z.strictObject({
      ...decision,
      validUntil: instant,
      approval: z.strictObject({ ...approvalTerms, expiresAt: instant }),
    }),
  },
  ApprovalGranted: { 1: approval },
  ApprovalRejected: { 1: approval },
  ApprovalExpired: { 1: z.strictObject({ ...execution, decisionId, expiresAt: instant }) },
  ReservationPlaced: { 1: lease },
  ReservationRenewed: { 1: lease },
  ReservationReleased: { 1: z.strictObject({ ...attempt, reason: text }) },
  ReservationExpired: { 1: z.strictObject({ ...attempt, expiresAt: instant, effect }) },
  ExecutionCommitted: { 1: z.strictObject(report) },
  ExecutionFailed: { 1: z.strictObject(report) },
  OutcomeUnknown: { 1: z.strictObject(report) },
  LateOutcomeReported: { 1: z.strictObject({ ...report, outcome }) },
  OutcomeReconciled: { 1: z.strictObject({ ...execution, attempt: count, outcome: settled, reason: text }) },
  ReplayRefused: {
    1: z.strictObject({
      ...execution,
      code: text,
      operation: text,
      count,
      windowStart: instant,
      windowEnd: instant,
    }),
  },
  ForeignEventFound: { 1: z.strictObject({ nonce, stream: text, revision, reason: text }) },
  PolicyPublished: { 1: z.strictObject({ ...policyFact, document: json, signature: base64Of64, keyId }) },
  PolicyActivated: {
    1: z.strictObject({ ...policyFact, activation: count, supersedes: text.nullable(), reason: text }),
  },
  PolicyRetired: { 1: z.strictObject({ ...policyFact, reason: text }) },
  KeyAdded: { 1: z.strictObject(key) },
  KeyRotated: { 1: z.strictObject({ ...key, replaces: keyId }) },
  KeyRevoked: { 1: z.strictObject({ ...key, cutOffIndex: revision, reason: text }) },
  EntriesSequenced: {
    1: z.strictObject({
      ...lineageFact,
      firstIndex: revision,
      treeSize: revision,
      root: base64Of32,
      through: revision,
      refs: z.array(sequencedRef).min(1).max(MAX_SEQUENCED_REFS),
    }),
  },
  CheckpointPublished: {
    1: z.strictObject({
      ...lineageFact,
      treeSize: revision,
      root: base64Of32,
      checkpoint: text,
      cosignedBy: z.int().min(0),
    }),
  },
  LedgerRecovered: {
    1: z.strictObject({
      ...lineageFact,
      actor,
      reason: text,
      knownSize: revision,
      knownRoot: base64Of32,
      keptSize: revision,
      keptRoot: base64Of32,
      unknown: z.array(text),
    }),
  },
};

/** The version that this build writes, for every type. */
export const CURRENT_TYPE_VERSION = 1;

/** All event types, for tables and tests. */
export const EVENT_TYPES = Object.keys(SCHEMAS) as readonly EventType[];

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(SCHEMAS, type);
}

/**
 * Reads the data of a stored event: canonical bytes, a known type and version, exactly its members.
 * Throws IntegrityError EVENT_INVALID. Objects inside are fresh; nothing refers to `data`.
 */
export function parseEventData(
  type: string,
  typeVersion: number,
  data: Uint8Array,
): { readonly fact: Fact; readonly nonce: string } {
  if (!isEventType(type) || typeVersion !== CURRENT_TYPE_VERSION) {
    throw new IntegrityError('EVENT_INVALID', 'the event has a type or version that this build does not know', {
      type,
      typeVersion,
    });
  }
  const { nonce: eventNonce, ...facts } = readData(type, data);
  return { fact: { type, data: facts } as Fact, nonce: eventNonce };
}

function readData(type: EventType, data: Uint8Array): EventData {
  const sequenced = type === 'EntriesSequenced' ? sequencedDataIn(data) : undefined;
  return sequenced ?? dataBySchema(type, data);
}

/** `undefined` also for what is no text. */
function sequencedDataIn(data: Uint8Array): EventData | undefined {
  try {
    return sequencedData(data, MAX_SEQUENCED_REFS);
  } catch {
    return undefined;
  }
}

/** As `parseEventData`, of any spelling that is canonical, by its schema alone. Throws EVENT_INVALID. */
export function dataBySchema(type: EventType, data: Uint8Array): EventData {
  try {
    return SCHEMAS[type][CURRENT_TYPE_VERSION].parse(parseCanonical(data));
  } catch (cause) {
    const issues = cause instanceof z.ZodError ? cause.issues.map((issue) => issue.path.join('.')) : [];
    throw new IntegrityError('EVENT_INVALID', 'the event data do not follow their schema', { type, issues }, { cause });
  }
}
