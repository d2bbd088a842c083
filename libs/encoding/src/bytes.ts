import { RejectedError } from '@writ/errors';

/** One array with the bytes of all `parts`, in order. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let sizeBytes = 0;
  for (const part of parts) sizeBytes += part.length;
  const whole = new Uint8Array(sizeBytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Compares two byte strings without leaving early; the lengths are not secret. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let at = 0; at < left.length; at++) difference |= (left[at] ?? 0) ^ (right[at] ?? 0);
  return difference === 0;
}

/** Eight bytes, most significant first. Throws REQUEST_INVALID outside 0..2^64-1. */
export function uint64be(n: bigint): Uint8Array {
  if (typeof n !== 'bigint' || n < 0n || n > 0xffff_ffff_ffff_ffffn) {
    throw new RejectedError('REQUEST_INVALID', 'a counter must be a bigint from 0 to 2^64 - 1');
  }
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, n);
  return bytes;
}
