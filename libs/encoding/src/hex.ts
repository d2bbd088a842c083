import { RejectedError } from '@writ/errors';

const PAIRS: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += PAIRS[byte] ?? '';
  return text;
}

/** Reads lower-case hex, of exactly `lengthBytes` bytes where given. Throws ENCODING_HEX. */
export function parseHex(text: string, lengthBytes?: number): Uint8Array {
  if (typeof text !== 'string' || text.length % 2 !== 0) refuse('an even number of hex digits', lengthBytes);
  if (lengthBytes !== undefined && text.length !== lengthBytes * 2) refuse('hex of the right length', lengthBytes);
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at++) {
    const high = digitOf(text.charCodeAt(at * 2));
    const low = digitOf(text.charCodeAt(at * 2 + 1));
    if (high < 0 || low < 0) refuse('lower-case hex digits only', lengthBytes);
    bytes[at] = (high << 4) | low;
  }
  return bytes;
}

function digitOf(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  return unit >= 0x61 && unit <= 0x66 ? unit - 0x57 : -1;
}

function refuse(wanted: string, lengthBytes: number | undefined): never {
  throw new RejectedError('ENCODING_HEX', `expected ${wanted}`, lengthBytes === undefined ? {} : { lengthBytes });
}
