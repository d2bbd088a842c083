import { IntegrityError } from '@writ/errors';
import type { Attestation } from '@writ/ledger';

import { ATTESTATION_DOMAIN, rootMessage } from './domains.js';
import { verifySignature, type VerifySignature } from './signature.js';
import { verifyLeaf, type Trust } from './signed-leaf.js';

/** What is signed for a batch of entries (docs/spec/attestation.md). `root`: RFC 6962, over the entries' leaf hashes. */
export function attestationMessage(origin: string, sizeLeaves: number, root: Uint8Array): Uint8Array {
  return rootMessage(ATTESTATION_DOMAIN, origin, sizeLeaves, root);
}

/**
 * Checks that a trusted key signed the attestation's entry. That the entry is the event's is `openEvent`'s part; that
 * the event is recorded needs inclusion in the lineage. Throws IntegrityError KEY_UNKNOWN or ATTESTATION_INVALID.
 */
export function verifyAttestation(
  attestation: Attestation,
  trust: Trust,
  verify: VerifySignature = verifySignature,
): void {
  if (verifyLeaf(ATTESTATION_DOMAIN, attestation.entry, attestation, trust, verify)) return;
  throw new IntegrityError('ATTESTATION_INVALID', 'the attestation does not verify', { keyId: attestation.keyId });
}
