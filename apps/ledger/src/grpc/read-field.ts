import { parseInstant, parseJson, type JsonObject, type JsonValue } from '@writ/encoding';
import { LedgerError, RejectedError, errorOfCode } from '@writ/errors';

import type { Message } from './decode-message.js';
import type { Bits64 } from './wire-reader.js';

/** Runs a parser of one field; what it throws is given the field's name. */
export function field<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    throw errorOfCode(error.code, `\`${name}\`: ${error.message}`, { field: name, ...error.details }, { cause: error });
  }
}

export function jsonField(name: string, text: string): JsonValue {
  return field(name, () => parseJson(text));
}

export function jsonObjectField(name: string, text: string): JsonObject {
  const value = jsonField(name, text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new RejectedError('REQUEST_INVALID', `\`${name}\` must be a JSON object`, { field: name });
}

export function instantField(name: string, text: string): number {
  return field(name, () => parseInstant(text));
}

/** A uint64 that fits a number; sizes and durations beyond 2^53 are mistakes. */
export function numberField(name: string, bits: Bits64): number {
  const value = bits.high * 4_294_967_296 + bits.low;
  if (Number.isSafeInteger(value)) return value;
  throw new RejectedError('REQUEST_INVALID', `\`${name}\` is out of range`, { field: name });
}

/** A uint64 below 2^63: a size, an index, a revision. */
export function counterField(name: string, bits: Bits64): bigint {
  if (bits.high < 2_147_483_648) return (BigInt(bits.high) << 32n) | BigInt(bits.low);
  throw new RejectedError('REQUEST_INVALID', `\`${name}\` is out of range`, { field: name });
}

/** Milliseconds of a google.protobuf.Timestamp from 1970 on. */
export function timestampField(name: string, message: Message): number {
  const seconds = numberField(`${name}.seconds`, message['seconds'] as Bits64);
  const nanos = message['nanos'] as number;
  if (seconds > 253_402_300_799 || nanos > 999_999_999) {
    throw new RejectedError('REQUEST_INVALID', `\`${name}\` is not a time of the years 1970 to 9999`, { field: name });
  }
  return seconds * 1_000 + Math.floor(nanos / 1_000_000);
}

/** A text that must not be empty. */
export function textField(name: string, text: string): string {
  if (text !== '') return text;
  throw new RejectedError('REQUEST_INVALID', `\`${name}\` is missing`, { field: name });
}
