import { canonicaliseOwn, formatInstant, parseBase64, parseCanonical, parseInstant, utf8 } from '@writ/encoding';
import type { Commitment, DecisionId, Digest, ExecutionId, JsonValue, Tenant } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import { commit, parseAttestation } from '@writ/ledger';
import { z } from 'zod';

import { GRANT_DOMAIN, rootMessage } from './domains.js';
import { verifySignature, type VerifySignature } from './signature.js';
import { verifyLeaf, type LeafProof, type Trust } from './signed-leaf.js';

/** The right to run one attempt, in the hands of its holder (docs/spec/grant.md). */
export interface Grant {
  readonly origin: string;
  readonly tenant: Tenant;
  /** Idempotency key for the resource. */
  readonly executionId: ExecutionId;
  readonly action: string;
  readonly decisionId: DecisionId;
  /** Fencing token: a resource that has seen a higher one refuses this. */
  readonly attempt: number;
  readonly holderHash: Digest;
  /** What the arguments must commit to, and the salt under which they do (base64, 16 bytes). */
  readonly parameters: Commitment;
  readonly parametersSalt: string;
  readonly issuedAtMs: number;
  /** The grant ends here; the lease behind it `maxSkew` later. */
  readonly expiresAtMs: number;
  readonly ttlMs: number;
}

/** A grant as handed out: signed alone or as one leaf of a batch of grants. */
export interface SignedGrant extends LeafProof {
  /** Canonical JSON text. */
  readonly payload: string;
}

/** What a resource expects of a grant that is presented to it. */
export interface GrantExpectation {
  /** The clock of who runs or guards the effect. */
  readonly nowMs: number;
  readonly tenant?: string;
  readonly executionId?: string;
  readonly action?: string;
  readonly holderHash?: string;
  /** The arguments that will really be used. */
  readonly parameters?: JsonValue;
  /** The highest attempt seen for this execution. */
  readonly fencedAttempt?: number;
}

const GRANT_VERSION = 1;
const MAX_PAYLOAD_BYTES = 8_192;

const payloadSchema = z.strictObject({
  v: z.literal(GRANT_VERSION),
  origin: z.string().min(1),
  tenant: z.string().regex(/^[a-z0-9_]{1,32}$/),
  executionId: z.string().regex(/^[A-Za-z0-9._:-]{1,128}$/),
  action: z.string().min(1),
  decisionId: z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
  attempt: z.int().min(1),
  holderHash: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  parameters: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  parametersSalt: z.string(),
  issuedAt: z.string(),
  expiresAt: z.string(),
  ttlMs: z.int().min(1),
});

/** The bytes that become a leaf of a batch of grants. */
export function encodeGrant(grant: Grant): Uint8Array {
  const { issuedAtMs, expiresAtMs, ...rest } = grant;
  return canonicaliseOwn({
    v: GRANT_VERSION,
    ...rest,
    issuedAt: formatInstant(issuedAtMs),
    expiresAt: formatInstant(expiresAtMs),
  });
}

/** What is signed for a batch of grants. `root`: RFC 6962, over SHA-256(0x00 ‖ payload). */
export function grantMessage(origin: string, sizeLeaves: number, root: Uint8Array): Uint8Array {
  return rootMessage(GRANT_DOMAIN, origin, sizeLeaves, root);
}

/** Reads a payload strictly, unverified. Throws REQUEST_INVALID. */
export function parseGrant(payload: string): Grant {
  try {
    const bytes = utf8(payload);
    if (bytes.length > MAX_PAYLOAD_BYTES) throw new RejectedError('REQUEST_TOO_LARGE', 'a grant is at most 8 KiB');
    const { v: _, issuedAt, expiresAt, ...rest } = payloadSchema.parse(parseCanonical(bytes));
    parseBase64(rest.parametersSalt, 16);
    // The schema has matched every branded member against its pattern.
    return { ...rest, issuedAtMs: parseInstant(issuedAt), expiresAtMs: parseInstant(expiresAt) } as Grant;
  } catch (cause) {
    throw new RejectedError('REQUEST_INVALID', 'the grant is malformed', { field: 'grant' }, { cause });
  }
}

/** Reads the shape of a signed grant that came over a wire. Throws REQUEST_INVALID. */
export function parseSignedGrant(value: JsonValue): SignedGrant {
  try {
    const { payload, ...proof } = value as Readonly<Record<string, JsonValue>>;
    if (typeof payload !== 'string') throw new TypeError('a grant has a payload');
    // A grant's proof has the members of an attestation's.
    const { keyId, batch, signature } = parseAttestation({ ...proof, entry: payload });
    if ('entry' in proof) throw new TypeError('a grant has no entry');
    return { payload, keyId, batch, signature };
  } catch (cause) {
    throw new RejectedError('REQUEST_INVALID', 'the signed grant is malformed', { field: 'grant' }, { cause });
  }
}

/**
 * Verifies a grant for its use: signature, origin, end, and whatever else is expected. Returns what it grants.
 * Throws KEY_UNKNOWN (Integrity), and Rejected: REQUEST_INVALID, SIGNATURE_INVALID, LEASE_LAPSED, GRANT_MISMATCH,
 * HOLDER_MISMATCH, PARAMETERS_MISMATCH, ATTEMPT_MISMATCH.
 */
export function verifyGrant(
  signed: SignedGrant,
  trust: Trust,
  expected: GrantExpectation,
  verify: VerifySignature = verifySignature,
): Grant {
  if (!verifyLeaf(GRANT_DOMAIN, signed.payload, signed, trust, verify)) {
    throw new RejectedError('SIGNATURE_INVALID', 'the grant does not verify', { keyId: signed.keyId });
  }
  const grant = parseGrant(signed.payload);
  if (grant.origin !== trust.origin) {
    throw new RejectedError('SIGNATURE_INVALID', 'the grant is of another ledger', { origin: grant.origin });
  }
  checkGrant(grant, expected);
  return grant;
}

/** `true` when `parameters` are the arguments that were admitted. */
export function grantCovers(grant: Grant, parameters: JsonValue): boolean {
  return parametersCommitment(grant, parameters) === grant.parameters;
}

/** The commitment over arguments under the grant's salt: what Commit carries. Throws JSON_* where they have no canonical form. */
export function parametersCommitment(grant: Pick<Grant, 'parametersSalt'>, parameters: JsonValue): Commitment {
  return commit(parseBase64(grant.parametersSalt, 16), 'parameters', parameters);
}

/**
 * Compares a grant with what is expected of it; no signature. For who trusts the connection that it came over.
 * Throws (Rejected) LEASE_LAPSED, GRANT_MISMATCH, HOLDER_MISMATCH, PARAMETERS_MISMATCH, ATTEMPT_MISMATCH.
 */
export function checkGrant(grant: Grant, expected: GrantExpectation): void {
  const { nowMs, holderHash, parameters, fencedAttempt } = expected;
  if (nowMs >= grant.expiresAtMs) {
    throw new RejectedError('LEASE_LAPSED', 'the grant is over', { expiresAtMs: grant.expiresAtMs, nowMs });
  }
  for (const field of ['tenant', 'executionId', 'action'] as const) {
    if (expected[field] === undefined || expected[field] === grant[field]) continue;
    throw new RejectedError('GRANT_MISMATCH', `the grant is for another \`${field}\``, { field });
  }
  if (holderHash !== undefined && holderHash !== grant.holderHash) {
    throw new RejectedError('HOLDER_MISMATCH', 'the grant has another holder', { attempt: grant.attempt });
  }
  if (parameters !== undefined && !grantCovers(grant, parameters)) {
    throw new RejectedError('PARAMETERS_MISMATCH', 'the arguments are not those admitted', { attempt: grant.attempt });
  }
  if (fencedAttempt !== undefined && grant.attempt < fencedAttempt) {
    const details = { attempt: grant.attempt, fencedAttempt };
    throw new RejectedError('ATTEMPT_MISMATCH', 'a later attempt was seen', details);
  }
}
