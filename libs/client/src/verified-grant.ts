import {
  checkGrant,
  parseGrant,
  verifyGrant,
  type Grant,
  type GrantExpectation,
  type SignedGrant,
  type Trust,
} from '@writ/evidence';

/** What a grant must say to let this process run. */
export type GrantWanted = Required<
  Pick<GrantExpectation, 'tenant' | 'executionId' | 'action' | 'holderHash' | 'parameters'>
>;

/**
 * The grant, if it is the one that was asked for and, where keys are pinned, if one of them signed it. Its end is not
 * judged here: that takes a clock of our own (`lifetimeMs`), not the ledger's.
 *
 * Throws what `verifyGrant` of `@writ/evidence` throws. The effect must not run then.
 */
export function verifiedGrant(signed: SignedGrant, wanted: GrantWanted, trust: Trust | undefined): Grant {
  const unverified = parseGrant(signed.payload);
  // At its own beginning no grant is over, unless it never lasts at all.
  const expected = { ...wanted, nowMs: unverified.issuedAtMs };
  if (trust !== undefined) return verifyGrant(signed, trust, expected);
  checkGrant(unverified, expected);
  return unverified;
}
