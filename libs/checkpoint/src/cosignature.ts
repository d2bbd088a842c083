import { concatBytes, uint64be, utf8 } from '@writ/encoding';
import { RejectedError } from '@writ/errors';

import { SIGNATURE_BYTES } from './ed25519.js';

/** The bytes of a cosignature (type 0x04), read but not verified. */
export interface Cosignature {
  /** When the witness signed, in whole seconds since 1970 UTC; above 0. */
  readonly timeSeconds: number;
  readonly signature64: Uint8Array;
}

const TIME_BYTES = 8;

/**
 * What a witness signs (C2SP tlog-cosignature, Ed25519): that at this time the checkpoint with this text was the largest
 * consistent tree that it saw of the log. The first line keeps it apart from what logs sign. Throws REQUEST_INVALID.
 */
export function cosignatureMessage(timeSeconds: number, noteText: string): Uint8Array {
  requireTime(timeSeconds);
  return utf8(`cosignature/v1\ntime ${String(timeSeconds)}\n${noteText}`);
}

/** The bytes that follow the key id in the signature line: the time, big-endian, and the signature. Throws REQUEST_INVALID. */
export function encodeCosignature({ timeSeconds, signature64 }: Cosignature): Uint8Array {
  requireTime(timeSeconds);
  if (signature64.length !== SIGNATURE_BYTES) {
    throw new RejectedError('REQUEST_INVALID', 'an Ed25519 signature has 64 bytes', { field: 'signature64' });
  }
  return concatBytes(uint64be(BigInt(timeSeconds)), signature64);
}

/**
 * Reads what `encodeCosignature` writes; `undefined` for bytes of another length and for times that no witness can have
 * meant: 0, which would say nothing about when, and above 2^53 - 1.
 */
export function decodeCosignature(bytes: Uint8Array): Cosignature | undefined {
  if (bytes.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined;
  let time = 0n;
  for (const byte of bytes.subarray(0, TIME_BYTES)) time = (time << 8n) | BigInt(byte);
  const timeSeconds = Number(time);
  return isTime(timeSeconds) ? { timeSeconds, signature64: bytes.slice(TIME_BYTES) } : undefined;
}

function isTime(timeSeconds: number): boolean {
  return Number.isSafeInteger(timeSeconds) && timeSeconds > 0;
}

function requireTime(timeSeconds: number): void {
  if (isTime(timeSeconds)) return;
  throw new RejectedError('REQUEST_INVALID', 'a time is a whole number of seconds above 0', { field: 'timeSeconds' });
}
