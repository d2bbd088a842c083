import { Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes, parseHex } from '@writ/encoding';

/** Verifies one Ed25519 signature over `message`. Must not throw: what is malformed does not verify. */
export type VerifyEd25519 = (message: Uint8Array, signature64: Uint8Array, publicKey32: Uint8Array) => boolean;

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** The order of the base point (RFC 8032 section 5.1), little-endian comparisons below. */
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const FIELD_PRIME = 2n ** 255n - 19n;

/**
 * The y-coordinates of the eight points of small order (1, 2, 4 and 8), little-endian, without the sign bit. A key or
 * nonce point among them makes signatures that hold for many messages or many keys.
 */
const SMALL_ORDER_Y = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map((hex) => parseHex(hex, PUBLIC_KEY_BYTES));

/**
 * The shape that our one rule asks of a key: 32 bytes, y below the field prime, not of small order. Cheap, as the
 * point is not decoded.
 */
export function isStrictPublicKey(publicKey32: Uint8Array): boolean {
  return publicKey32.length === PUBLIC_KEY_BYTES && isStrictPoint(publicKey32);
}

/**
 * The shape that our one rule asks of a signature: 64 bytes, R like a key, S below the group order. Libraries differ in
 * what they let through here, so this runs before any of them.
 */
export function isStrictSignature(signature64: Uint8Array): boolean {
  if (signature64.length !== SIGNATURE_BYTES || !isStrictPoint(signature64.subarray(0, 32))) return false;
  return littleEndian(signature64.subarray(32)) < GROUP_ORDER;
}

/**
 * Ed25519 (RFC 8032 section 5.1.7) by the stricter reading: S below the group order, key and R in their one encoding and
 * not of small order, and the equation without the cofactor, S·B = R + k·A, which OpenSSL checks too. (Where libraries
 * multiply both sides by 8, a signature with a small-order residue passes that does not pass here.)
 * The reference: any other verifier that is plugged in must agree with it on what the two functions above let through.
 */
export const verifyEd25519: VerifyEd25519 = (message, signature64, publicKey32) => {
  if (!isStrictSignature(signature64) || !isStrictPublicKey(publicKey32)) return false;
  try {
    const nonce = signature64.subarray(0, 32);
    // `false`: RFC 8032 decoding, not that of ZIP-215.
    const A = Point.fromBytes(publicKey32, false);
    const R = Point.fromBytes(nonce, false);
    const S = littleEndian(signature64.subarray(32));
    const k = littleEndian(sha512(concatBytes(nonce, publicKey32, message))) % GROUP_ORDER;
    return R.add(A.multiply(k, false)).equals(Point.BASE.multiply(S, false));
  } catch {
    return false;
  }
};

/** `verify` behind the checks of shape, so that the rule does not depend on the library that it comes from. */
export function strictly(verify: VerifyEd25519): VerifyEd25519 {
  return (message, signature64, publicKey32) =>
    isStrictSignature(signature64) && isStrictPublicKey(publicKey32) && verify(message, signature64, publicKey32);
}

function isStrictPoint(encoded: Uint8Array): boolean {
  const y = encoded.slice();
  y[31] = (y[31] ?? 0) & 0x7f;
  return littleEndian(y) < FIELD_PRIME && !SMALL_ORDER_Y.some((small) => equalBytes(small, y));
}

function littleEndian(bytes: Uint8Array): bigint {
  let number = 0n;
  for (let at = bytes.length - 1; at >= 0; at--) number = (number << 8n) | BigInt(bytes[at] ?? 0);
  return number;
}
