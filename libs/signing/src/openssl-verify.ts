import { createPublicKey, verify, type KeyObject } from 'node:crypto';

import { toHex } from '@writ/encoding';

/** SubjectPublicKeyInfo of a compressed secp256k1 point, up to the point itself (RFC 5480 section 2, SEC 2 section 2.4.1). */
const SPKI_PREFIX = Buffer.from('3036301006072a8648ce3d020106052b8104000a032200', 'hex');
/** Half of the group order, rounded down: the largest S that counts as low. */
const HALF_ORDER = Buffer.from('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0', 'hex');
const MAX_KEYS = 256;

const keyObjects = new Map<string, KeyObject | null>();

/**
 * Verifies as `verifySignature` of `@writ/evidence` does, on OpenSSL and about seven times as fast: 64 bytes `r ‖ s`
 * over SHA-256(message), S in the lower half, a compressed key. Anything malformed is `false`; never throws.
 */
export function opensslVerify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  if (!isBytes(message) || !isBytes(signature) || signature.length !== 64 || !isLowS(signature)) return false;
  const key = keyObjectOf(publicKey);
  if (key === null) return false;
  try {
    return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature) === true;
  } catch {
    return false;
  }
}

function isLowS(signature: Uint8Array): boolean {
  return Buffer.compare(signature.subarray(32), HALF_ORDER) <= 0;
}

/** Decoding a point costs a square root: remembered for the few keys that a ledger has. `null` is not a point. */
function keyObjectOf(publicKey: Uint8Array): KeyObject | null {
  // OpenSSL would also read hybrid and uncompressed forms; one spelling per key.
  if (!isBytes(publicKey) || publicKey.length !== 33 || (publicKey[0] !== 2 && publicKey[0] !== 3)) return null;
  const name = toHex(publicKey);
  const known = keyObjects.get(name);
  if (known !== undefined) return known;
  const key = decodeKey(publicKey);
  if (keyObjects.size >= MAX_KEYS) keyObjects.clear();
  keyObjects.set(name, key);
  return key;
}

function decodeKey(publicKey: Uint8Array): KeyObject | null {
  try {
    return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}
