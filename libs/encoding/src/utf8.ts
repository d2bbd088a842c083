import { RejectedError } from '@writ/errors';

// Both classes belong to the Encoding standard and exist in Node and in browsers; `lib: ES2022` does not declare them.
declare class TextEncoder {
  encode(text: string): Uint8Array;
  encodeInto(text: string, target: Uint8Array): { readonly written: number };
}
declare class TextDecoder {
  constructor(label: string, options: { fatal: boolean; ignoreBOM: boolean });
  decode(bytes: Uint8Array, options?: { stream: boolean }): string;
}

const encoder = new TextEncoder();
// `ignoreBOM: true` keeps a byte order mark in the text, where it is seen and refused, instead of dropping it.
const strict = { fatal: true, ignoreBOM: true };
const decoder = new TextDecoder('utf-8', strict);
const surrogate = /[\ud800-\udfff]/;

/** UTF-8 of `text`. Throws JSON_STRING_INVALID on a lone surrogate, which the platform would replace silently. */
export function utf8(text: string): Uint8Array {
  if (typeof text !== 'string') throw new RejectedError('REQUEST_INVALID', 'text must be a string');
  if (surrogate.test(text) && !isWellFormed(text)) {
    throw new RejectedError('JSON_STRING_INVALID', 'the text holds a lone surrogate');
  }
  return encoder.encode(text);
}

/** UTF-8 of a text that is known to hold no lone surrogate. */
export function utf8OfWellFormed(text: string): Uint8Array {
  return encoder.encode(text);
}

/** As `utf8OfWellFormed`, into the beginning of `target`, which must be large enough: bytes written. */
export function utf8Into(text: string, target: Uint8Array): number {
  return encoder.encodeInto(text, target).written;
}

/** Strict UTF-8 to text; a byte order mark stays. Throws JSON_STRING_INVALID on ill-formed bytes. */
export function textOf(bytes: Uint8Array): string {
  if (!(bytes instanceof Uint8Array)) throw new RejectedError('REQUEST_INVALID', 'bytes must be a Uint8Array');
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new RejectedError('JSON_STRING_INVALID', 'the bytes are not UTF-8', {}, { cause });
  }
}

/** The text before the first ill-formed byte, for error positions; the whole text when there is none. */
export function wellFormedPrefix(bytes: Uint8Array): string {
  let good = 0;
  let bad = bytes.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (prefixText(bytes, middle) === undefined) bad = middle;
    else good = middle;
  }
  return prefixText(bytes, good) ?? '';
}

/** `stream` lets the prefix end inside a character; a fresh decoder, because it would remember that character. */
function prefixText(bytes: Uint8Array, length: number): string | undefined {
  try {
    return new TextDecoder('utf-8', strict).decode(bytes.subarray(0, length), { stream: true });
  } catch {
    return undefined;
  }
}

function isWellFormed(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = text.charCodeAt(at + 1);
    if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return false;
    at += 1;
  }
  return true;
}

/** Bytes that `text` takes as UTF-8; a lone surrogate counts as three. */
export function utf8Length(text: string): number {
  let sizeBytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) {
      sizeBytes += 1;
    } else {
      sizeBytes += 2;
      // A pair takes four bytes for two units: two more, and its second half adds none.
      if (unit >= 0xd800 && unit <= 0xdbff && isLowSurrogate(text.charCodeAt(at + 1))) at += 1;
    }
  }
  return sizeBytes;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
