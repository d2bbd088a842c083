import { sha256 } from '@noble/hashes/sha2.js';
import * as secp256k1 from '@noble/secp256k1';

/** Verifies one secp256k1 signature over SHA-256(message). Never throws: what is malformed does not verify. */
export type VerifySignature = (message: Uint8Array, signature64: Uint8Array, publicKey33: Uint8Array) => boolean;

// noble has no synchronous hash of its own.
secp256k1.hashes.sha256 = sha256;

/**
 * ES256K (RFC 8812): 64 bytes r ‖ s, s in the lower half (one message, one key, one signature), compressed public key.
 * The reference: any other verifier that is plugged in must agree with it.
 */
export const verifySignature: VerifySignature = (message, signature64, publicKey33) => {
  try {
    if (signature64.length !== 64 || publicKey33.length !== 33) return false;
    return secp256k1.verify(signature64, message, publicKey33, { prehash: true, lowS: true, format: 'compact' });
  } catch {
    return false;
  }
};

/** `true` for a compressed point of the curve, 33 bytes: what a signature can be verified under. */
export function isPublicKey(publicKey33: Uint8Array): boolean {
  try {
    if (publicKey33.length !== 33) return false;
    secp256k1.Point.fromBytes(publicKey33).assertValidity();
    return true;
  } catch {
    return false;
  }
}
