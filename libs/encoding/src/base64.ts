import { RejectedError } from '@writ/errors';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const SEXTETS: readonly number[] = Array.from({ length: 128 }, (_, unit) =>
  ALPHABET.indexOf(String.fromCharCode(unit)),
);

/** Two characters for each value of twelve bits: half the pieces that a text is put together from. */
const PAIRS: readonly string[] = Array.from(
  { length: 4096 },
  (_, value) => ALPHABET.charAt(value >> 6) + ALPHABET.charAt(value & 63),
);

/** Padded standard base64 (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  let at = 0;
  for (; at + 2 < bytes.length; at += 3) {
    const triple = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += (PAIRS[triple >> 12] ?? '') + (PAIRS[triple & 0xfff] ?? '');
  }
  const left = bytes.length - at;
  if (left === 0) return text;
  const rest = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8);
  return text + (PAIRS[rest >> 12] ?? '') + (left === 1 ? '==' : `${ALPHABET.charAt((rest >> 6) & 63)}=`);
}

/**
 * Reads padded standard base64, of exactly `lengthBytes` bytes where given. One spelling per value: no white space,
 * no URL alphabet, no missing padding, and the unused bits of the last character are zero (RFC 4648 section 3.5).
 * Throws ENCODING_BASE64.
 */
export function parseBase64(text: string, lengthBytes?: number): Uint8Array {
  if (typeof text !== 'string' || text.length % 4 !== 0) refuse('base64 padded to a multiple of four', lengthBytes);
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  if (lengthBytes !== undefined && bytes.length !== lengthBytes) refuse('base64 of the right length', lengthBytes);
  let buffer = 0;
  let bits = 0;
  let out = 0;
  for (let at = 0; at < text.length - padding; at++) {
    const sextet = SEXTETS[text.charCodeAt(at)] ?? -1;
    if (sextet < 0) refuse('the standard base64 alphabet', lengthBytes);
    buffer = ((buffer << 6) | sextet) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[out] = (buffer >> bits) & 0xff;
      out += 1;
    }
  }
  if ((buffer & ((1 << bits) - 1)) !== 0) refuse('base64 whose unused bits are zero', lengthBytes);
  return bytes;
}

function refuse(wanted: string, lengthBytes: number | undefined): never {
  throw new RejectedError('ENCODING_BASE64', `expected ${wanted}`, lengthBytes === undefined ? {} : { lengthBytes });
}
