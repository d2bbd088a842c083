import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import * as secp256k1 from '@noble/secp256k1';
import type { KeyId } from '@writ/encoding';
import { RejectedError, UnavailableError } from '@writ/errors';
import { keyIdOf } from '@writ/evidence';

// noble 3 ships without hashes; the synchronous API needs both.
secp256k1.hashes.sha256 = sha256;
secp256k1.hashes.hmacSha256 = (key, message) => hmac(sha256, key, message);

/**
 * Holds one secp256k1 secret and signs with it. Implementations are replaceable only because every one of them gives
 * the same bytes: ES256K over SHA-256(message), nonce from RFC 6979 without extra entropy, S in the lower half of the
 * order, 64 bytes `r ‖ s`.
 *
 * A signer signs any message. Domains are kept apart by the attestor, which alone builds what is signed.
 */
export interface Signer {
  readonly keyId: KeyId;
  /** The compressed point, 33 bytes. */
  readonly publicKey: Uint8Array;
  /** Throws SIGNER_UNAVAILABLE after `close`. */
  sign(message: Uint8Array): Uint8Array;
  /** Overwrites the secret; idempotent. */
  close(): void;
}

/** The reference. Copies `secretKey`; throws KEY_FILE_INVALID unless it is 32 bytes within 1..n-1. */
export function nobleSigner(secretKey: Uint8Array): Signer {
  return signerOver(secretKey, (message, secret) => secp256k1.sign(message, secret));
}

/** A signer over a private copy of `secretKey`, which `close` overwrites. */
export function signerOver(
  secretKey: Uint8Array,
  signWith: (message: Uint8Array, secret: Uint8Array) => Uint8Array,
): Signer {
  const publicKey = publicKeyOf(secretKey);
  const secret = Uint8Array.from(secretKey);
  let closed = false;
  return {
    keyId: keyIdOf(publicKey),
    publicKey,
    sign(message) {
      if (closed) throw new UnavailableError('SIGNER_UNAVAILABLE', 'the signer is closed');
      return signWith(message, secret);
    },
    close() {
      closed = true;
      secret.fill(0);
    },
  };
}

/** The compressed public key, 33 bytes. Throws KEY_FILE_INVALID for a secret outside 1..n-1; never names the secret. */
export function publicKeyOf(secretKey: Uint8Array): Uint8Array {
  if (!(secretKey instanceof Uint8Array) || !secp256k1.utils.isValidSecretKey(secretKey)) {
    throw new RejectedError('KEY_FILE_INVALID', 'the secret key is not a scalar of secp256k1');
  }
  return secp256k1.getPublicKey(secretKey, true);
}
