import { parseBase64, utf8, type KeyId } from '@writ/encoding';
import { IntegrityError, RejectedError } from '@writ/errors';
import { attestationMessage, grantMessage, keyIdOf, type SignedGrant } from '@writ/evidence';
import type { Attestation } from '@writ/ledger';
import { leafHash, rootFromInclusion, type Hash } from '@writ/merkle';

import { cachedVerify, type VerifySignature } from './cached-verify.js';
import { opensslVerify } from './openssl-verify.js';
import type { SignedLeaf } from './sign-batch.js';

export interface TrustedKey {
  readonly keyId: KeyId;
  /** The compressed point, 33 bytes. */
  readonly publicKey: Uint8Array;
}

/**
 * Verifies in bulk what attestors of one origin signed, with any of a set of keys (rotation overlaps). It says that a
 * trusted key signed, not that the key was valid at that place of the log: validity by index is the caller's.
 */
export interface Verifier {
  /** Throws KEY_UNKNOWN or ATTESTATION_INVALID (both Integrity). */
  verifyAttestation(attestation: Attestation): void;
  /** The signature alone, neither holder nor expiry. Throws KEY_UNKNOWN, or SIGNATURE_INVALID (Rejected). */
  verifyGrant(grant: SignedGrant): void;
}

export interface VerifierOptions {
  readonly origin: string;
  /** How many batches are remembered as verified; default 4,096, about 1 kB each. */
  readonly cachedBatches?: number;
  /** For comparison and tests; default OpenSSL. */
  readonly verify?: VerifySignature;
}

/** Throws KEY_MISMATCH for a key whose id does not follow from it. */
export function createVerifier(keys: readonly TrustedKey[], options: VerifierOptions): Verifier {
  const trusted = new Map(keys.map((key) => [requireOwnId(key).keyId, key.publicKey]));
  const verify = cachedVerify(options.verify ?? opensslVerify, options.cachedBatches ?? 4096);
  const { origin } = options;

  const verifies = (proof: Proof, leaf: string, messageOf: typeof attestationMessage): boolean => {
    const publicKey = trusted.get(proof.keyId);
    if (publicKey === undefined) {
      throw new IntegrityError('KEY_UNKNOWN', 'the signature names a key that is not trusted here', {
        keyId: proof.keyId,
      });
    }
    return verify(messageOf(origin, proof.batch.size, rootOf(proof, leaf)), signatureOf(proof), publicKey);
  };

  return {
    verifyAttestation(attestation) {
      if (attempt(() => verifies(attestation, attestation.entry, attestationMessage))) return;
      throw new IntegrityError('ATTESTATION_INVALID', 'the attestation does not verify', { keyId: attestation.keyId });
    },
    verifyGrant(grant) {
      if (attempt(() => verifies(grant, grant.payload, grantMessage))) return;
      throw new RejectedError('SIGNATURE_INVALID', 'the grant does not verify', { keyId: grant.keyId });
    },
  };
}

type Proof = SignedLeaf & { readonly keyId: KeyId };

/** The leaf is always hashed from what is carried, never taken from the proof. */
function rootOf(proof: Proof, leaf: string): Uint8Array {
  const { index, size, path } = proof.batch;
  return rootFromInclusion({
    leafHash: leafHash(utf8(leaf)),
    index,
    sizeLeaves: size,
    path: path.map((node) => parseBase64(node, 32) as Hash),
  });
}

function signatureOf(proof: Proof): Uint8Array {
  return parseBase64(proof.signature, 64);
}

/** A malformed proof, or something of another shape, does not verify; an unknown key stays an error of its own. */
function attempt(verifies: () => boolean): boolean {
  try {
    return verifies();
  } catch (error) {
    if (error instanceof RejectedError || error instanceof TypeError) return false;
    throw error;
  }
}

function requireOwnId(key: TrustedKey): TrustedKey {
  if (keyIdOf(key.publicKey) === key.keyId) return key;
  throw new IntegrityError('KEY_MISMATCH', 'a key id does not follow from its key', { keyId: key.keyId });
}
