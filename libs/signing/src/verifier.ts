import { IntegrityError, RejectedError } from '@writ/errors';
import { utf8 } from '@writ/encoding';
import {
  GRANT_DOMAIN,
  keyIdOf,
  verifyLeaf,
  type Attestation,
  type SignedGrant,
  type Trust,
  type TrustedKey,
  type VerifySignature,
} from '@writ/evidence';

import { leafHash } from '@writ/merkle';

import { BatchVerdicts } from './batch-verdicts.js';
import { cachedVerify } from './cached-verify.js';
import { opensslVerify } from './openssl-verify.js';

/**
 * Verifies in bulk what attestors of one origin signed, with any of a set of keys (rotation overlaps): one signature
 * and each node once per batch, on OpenSSL, remembered. It says that a trusted key signed, not that the key was valid at that place of the
 * log: validity by index is the caller's.
 */
export interface Verifier {
  /** Throws KEY_UNKNOWN or ATTESTATION_INVALID (both Integrity). */
  verifyAttestation(attestation: Attestation): void;
  /** The signature alone, neither holder nor expiry. Throws KEY_UNKNOWN, or SIGNATURE_INVALID (Rejected). */
  verifyGrant(grant: SignedGrant): void;
}

export interface VerifierOptions {
  readonly origin: string;
  /** How many batches are remembered as verified; default 4,096, about 300 bytes each. */
  readonly cachedBatches?: number;
  /** For comparison and tests; default OpenSSL. */
  readonly verify?: VerifySignature;
}

/** Throws KEY_MISMATCH for a key whose id does not follow from it. */
export function createVerifier(keys: readonly TrustedKey[], options: VerifierOptions): Verifier {
  const trust: Trust = { origin: options.origin, keys: keys.map(requireOwnId) };
  const verify = cachedVerify(options.verify ?? opensslVerify, options.cachedBatches ?? 4096);
  const verdicts = new BatchVerdicts(options.origin, verify);
  return {
    verifyAttestation(attestation) {
      const { keyId } = attestation;
      const key = trust.keys.find((trusted) => trusted.keyId === keyId);
      if (key === undefined) {
        throw new IntegrityError('KEY_UNKNOWN', 'the signature names a key that is not trusted here', { keyId });
      }
      if (isAccepted(verdicts, attestation, key.publicKey)) return;
      throw new IntegrityError('ATTESTATION_INVALID', 'the attestation does not verify', { keyId });
    },
    verifyGrant(grant) {
      if (verifyLeaf(GRANT_DOMAIN, grant.payload, grant, trust, verify)) return;
      throw new RejectedError('SIGNATURE_INVALID', 'the grant does not verify', { keyId: grant.keyId });
    },
  };
}

/** What is malformed does not verify, whatever it is. */
function isAccepted(verdicts: BatchVerdicts, attestation: Attestation, publicKey: Uint8Array): boolean {
  try {
    const hash = Buffer.from(leafHash(utf8(attestation.entry))).toString('base64');
    return verdicts.accepts(attestation, hash, publicKey);
  } catch {
    return false;
  }
}

/** Otherwise one key could be revoked under its name and go on under another. Only what is needed is copied. */
function requireOwnId({ keyId, publicKey }: TrustedKey): TrustedKey {
  if (keyIdOf(publicKey) === keyId) return { keyId, publicKey };
  throw new IntegrityError('KEY_MISMATCH', 'a key id does not follow from its key', { keyId });
}
