import { parseJson, textOf, toBase64, utf8 } from '@writ/encoding';
import type { JsonObject, JsonValue } from '@writ/encoding';
import { commit, holderHashOf } from '@writ/ledger';

import {
  encodeGrant,
  grantCovers,
  parametersCommitment,
  parseGrant,
  parseSignedGrant,
  verifyGrant,
  type Grant,
  type GrantExpectation,
  type SignedGrant,
} from './grant.js';
import { TestKey } from './sign.fixture.js';

const origin = 'ledger.example/loans';
const key = new TestKey(1);
const trust = { origin, keys: [key] };
const salt = new Uint8Array(16).fill(9);
const parameters = { applicationId: 'order-1', amount: 15_000 };
const grant = {
  origin,
  tenant: 'acme',
  executionId: 'order-1',
  action: 'loan.disburse',
  decisionId: '019b0000-0000-7000-8000-000000000001',
  attempt: 2,
  holderHash: holderHashOf(salt),
  parameters: commit(salt, 'parameters', parameters),
  parametersSalt: toBase64(salt),
  issuedAtMs: 1_767_225_600_000,
  expiresAtMs: 1_767_225_900_000,
  ttlMs: 300_000,
} as Grant;
const nowMs = grant.issuedAtMs;

function signed(
  payload: Uint8Array = encodeGrant(grant),
  domain: 'writ/grant/v1' | 'writ/attestation/v1' = 'writ/grant/v1',
): SignedGrant {
  const [, proof] = key.prove(domain, origin, [utf8('another'), payload]);
  return { ...proof!, payload: textOf(payload) };
}

const told = (presented: SignedGrant, expected: Partial<GrantExpectation> = {}): unknown => {
  try {
    verifyGrant(presented, trust, { nowMs, ...expected });
    return 'granted';
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

describe('a grant', () => {
  it('is read back, and verifies until it ends', () => {
    expect(verifyGrant(signed(), trust, { nowMs })).toEqual(grant);
    expect(told(signed(), { nowMs: grant.expiresAtMs - 1 })).toBe('granted');
    expect(told(signed(), { nowMs: grant.expiresAtMs })).toBe('LEASE_LAPSED');
  });

  it.each<[Partial<GrantExpectation>, string]>([
    [
      {
        tenant: 'acme',
        executionId: 'order-1',
        action: 'loan.disburse',
        parameters,
        holderHash: grant.holderHash,
        fencedAttempt: 2,
      },
      'granted',
    ],
    [{ tenant: 'other' }, 'GRANT_MISMATCH'],
    [{ executionId: 'order-2' }, 'GRANT_MISMATCH'],
    [{ action: 'loan.cancel' }, 'GRANT_MISMATCH'],
    [{ holderHash: holderHashOf(new Uint8Array(16)) }, 'HOLDER_MISMATCH'],
    [{ parameters: { ...parameters, amount: 15_001 } }, 'PARAMETERS_MISMATCH'],
    [{ fencedAttempt: 3 }, 'ATTEMPT_MISMATCH'],
  ])('meets what its resource expects: %j', (expected, code) => {
    expect(told(signed(), expected)).toBe(code);
  });

  it('is refused when it was signed as something else, for another ledger, or not at all', () => {
    expect(told(signed(encodeGrant(grant), 'writ/attestation/v1'))).toBe('SIGNATURE_INVALID');
    expect(told(signed(encodeGrant({ ...grant, origin: 'ledger.example/other' })))).toBe('SIGNATURE_INVALID');
    expect(told({ ...signed(), payload: textOf(encodeGrant({ ...grant, attempt: 3 })) })).toBe('SIGNATURE_INVALID');
    expect(told({ ...signed(), keyId: new TestKey(4).keyId })).toBe('KEY_UNKNOWN');
  });

  it.each<[string, (payload: JsonObject) => unknown]>([
    ['a member more', (payload) => ({ ...payload, extra: 1 })],
    ['a member less', ({ attempt: _, ...rest }) => rest],
    ['another version', (payload) => ({ ...payload, v: 2 })],
    ['attempt 0', (payload) => ({ ...payload, attempt: 0 })],
    ['an attempt as text', (payload) => ({ ...payload, attempt: '2' })],
    ['a short salt', (payload) => ({ ...payload, parametersSalt: 'AAAA' })],
    ['a date without fraction', (payload) => ({ ...payload, expiresAt: '2026-01-01T00:05:00Z' })],
    ['a tenant in capitals', (payload) => ({ ...payload, tenant: 'ACME' })],
  ])('is refused with %s, even when signed', (_, change) => {
    const payload = utf8(JSON.stringify(change(parseJson(encodeGrant(grant)) as JsonObject)));
    expect(told(signed(payload))).toBe('REQUEST_INVALID');
  });

  it('is refused in another spelling, even when signed', () => {
    expect(told(signed(utf8(`${textOf(encodeGrant(grant))} `)))).toBe('REQUEST_INVALID');
    expect(() => parseGrant('[]')).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });

  it('covers the arguments that were admitted, under its own salt', () => {
    expect(grantCovers(grant, { amount: 15_000, applicationId: 'order-1' })).toBe(true);
    expect(grantCovers(grant, { ...parameters, amount: '15000' })).toBe(false);
    expect(parametersCommitment(grant, parameters)).toBe(grant.parameters);
  });
});

describe('a signed grant over a wire', () => {
  const wire = (): JsonObject => parseJson(JSON.stringify(signed())) as JsonObject;

  it('is read back', () => {
    expect(parseSignedGrant(wire())).toEqual(signed());
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['text', 'grant'],
    ['a list', []],
    ['no payload', { ...wire(), payload: 1 }],
    ['an entry', { ...wire(), entry: 'x' }],
    ['a member more', { ...wire(), more: 1 }],
    ['a bad path', { ...wire(), batch: { index: 0, size: 1, path: ['x'] } }],
  ])('is refused as %s', (_, value) => {
    expect(() => parseSignedGrant(value as JsonValue)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });
});
