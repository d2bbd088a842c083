import { holderHashOf } from '@writ/ledger';
import type { Grant } from '@writ/evidence';
import { createTestKey, grantFor, HOLDER, ORIGIN, PARAMETERS, signedBy, TENANT } from './grants.fixture.js';
import { verifiedGrant } from './verified-grant.js';

const key = createTestKey();
const trust = { origin: ORIGIN, keys: [key] };
const wanted = {
  tenant: TENANT,
  executionId: 'pay-1',
  action: 'payment.send',
  holderHash: holderHashOf(HOLDER),
  parameters: PARAMETERS,
};
const stranger = Uint8Array.from({ length: 16 }, () => 9);

describe('verifiedGrant', () => {
  it('accepts the grant that was asked for, long after its end by the wall clock', () => {
    const grant = grantFor(HOLDER);
    expect(verifiedGrant(signedBy(key, grant), wanted, trust)).toEqual(grant);
    expect(verifiedGrant(signedBy(key, grant), wanted, undefined)).toEqual(grant);
  });

  const wrong: [string, Partial<Grant>, string][] = [
    ['tenant', { tenant: 'other' as Grant['tenant'] }, 'GRANT_MISMATCH'],
    ['execution', { executionId: 'pay-2' as Grant['executionId'] }, 'GRANT_MISMATCH'],
    ['action', { action: 'payment.refund' }, 'GRANT_MISMATCH'],
    ['holder', { holderHash: holderHashOf(stranger) }, 'HOLDER_MISMATCH'],
    ['parameters', { parameters: `sha256:${'0'.repeat(64)}` as Grant['parameters'] }, 'PARAMETERS_MISMATCH'],
    ['salt', { parametersSalt: Buffer.alloc(16, 8).toString('base64') }, 'PARAMETERS_MISMATCH'],
    ['end', { expiresAtMs: grantFor(HOLDER).issuedAtMs }, 'LEASE_LAPSED'],
  ];
  it.each(wrong)('refuses a well-signed grant with another %s, pinned keys or not', (_, changes, code) => {
    const signed = signedBy(key, grantFor(HOLDER, changes));
    expect(() => verifiedGrant(signed, wanted, trust)).toThrow(expect.objectContaining({ code }));
    expect(() => verifiedGrant(signed, wanted, undefined)).toThrow(expect.objectContaining({ code }));
  });

  it('refuses other arguments than those admitted', () => {
    const signed = signedBy(key, grantFor(HOLDER));
    const other = { ...wanted, parameters: { amount: 11 } };
    expect(() => verifiedGrant(signed, other, undefined)).toThrow(
      expect.objectContaining({ code: 'PARAMETERS_MISMATCH' }),
    );
  });

  it('refuses a payload that was changed after signing, a foreign key and a foreign origin', () => {
    const signed = signedBy(key, grantFor(HOLDER));
    const longer = { ...signed, payload: signed.payload.replace('60000', '99999') };
    expect(() => verifiedGrant(longer, wanted, trust)).toThrow(expect.objectContaining({ code: 'SIGNATURE_INVALID' }));
    const foreign = signedBy(createTestKey(), grantFor(HOLDER));
    expect(() => verifiedGrant(foreign, wanted, trust)).toThrow(expect.objectContaining({ code: 'KEY_UNKNOWN' }));
    const elsewhere = signedBy(key, grantFor(HOLDER, { origin: 'other.example/writ' }));
    expect(() => verifiedGrant(elsewhere, wanted, trust)).toThrow(
      expect.objectContaining({ code: 'SIGNATURE_INVALID' }),
    );
  });

  it.each(['', '{}', 'null', '{"v":1}', 'x'.repeat(10_000)])('refuses the payload %j', (payload) => {
    const signed = { ...signedBy(key, grantFor(HOLDER)), payload };
    expect(() => verifiedGrant(signed, wanted, undefined)).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID' }),
    );
  });
});
