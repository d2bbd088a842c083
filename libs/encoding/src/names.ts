import { RejectedError } from '@writ/errors';

import { excerpt } from './excerpt.js';

declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/** The isolation boundary: `[a-z0-9_]{1,32}`. */
export type Tenant = Branded<string, 'Tenant'>;
/** The caller's key of one execution: `[A-Za-z0-9._:-]{1,128}`. */
export type ExecutionId = Branded<string, 'ExecutionId'>;
/** `[a-z0-9][a-z0-9-]{0,63}`. */
export type PolicyId = Branded<string, 'PolicyId'>;
/** A lower-case UUIDv7. */
export type EventId = Branded<string, 'EventId'>;
/** A lower-case UUIDv7. */
export type DecisionId = Branded<string, 'DecisionId'>;
/** Names a public key: `[A-Za-z0-9][A-Za-z0-9._:-]{0,127}`. */
export type KeyId = Branded<string, 'KeyId'>;
/** `sha256:` and 64 lower-case hex digits. */
export type Digest = Branded<string, 'Digest'>;
/** A salted commitment; written as a digest is. */
export type Commitment = Digest;
/** RFC 3339, UTC, exactly three fraction digits. */
export type Instant = Branded<string, 'Instant'>;
/** 32 bytes that came out of SHA-256. */
export type Hash32 = Branded<Uint8Array, 'Hash32'>;

const TENANT = /^[a-z0-9_]{1,32}$/;
const EXECUTION_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const POLICY_ID = /^[a-z0-9][a-z0-9-]{0,63}$/;
const KEY_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
// RFC 9562 section 5.7: version 7, variant 10.
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Throws NAME_INVALID outside the pattern; names are refused, never normalised. So do its siblings below. */
export function parseTenant(text: unknown): Tenant {
  return parseName<Tenant>('tenant', text, TENANT);
}

export function parseExecutionId(text: unknown): ExecutionId {
  return parseName<ExecutionId>('executionId', text, EXECUTION_ID);
}

export function parsePolicyId(text: unknown): PolicyId {
  return parseName<PolicyId>('policyId', text, POLICY_ID);
}

export function parseEventId(text: unknown): EventId {
  return parseName<EventId>('eventId', text, UUID_V7);
}

export function parseDecisionId(text: unknown): DecisionId {
  return parseName<DecisionId>('decisionId', text, UUID_V7);
}

export function parseKeyId(text: unknown): KeyId {
  return parseName<KeyId>('keyId', text, KEY_ID);
}

/** `true` for a lower-case UUID of any version. */
export function isUuid(text: unknown): text is string {
  return typeof text === 'string' && UUID.test(text);
}

function parseName<T extends Branded<string, string>>(name: string, text: unknown, pattern: RegExp): T {
  if (typeof text === 'string' && pattern.test(text)) return text as T;
  const value = typeof text === 'string' ? excerpt(text) : `a ${text === null ? 'null' : typeof text}`;
  throw new RejectedError('NAME_INVALID', `\`${name}\` does not match its pattern`, {
    name,
    value,
    pattern: pattern.source,
  });
}
