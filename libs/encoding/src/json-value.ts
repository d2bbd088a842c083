import { RejectedError } from '@writ/errors';

/** A value with an I-JSON form (RFC 7493). What `parseJson` returns and `canonicalise` takes. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** An object of `parseJson` has a null prototype: no inherited name can be mistaken for a member. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** Arrays and objects may be nested this deep where nobody says otherwise; a scalar has depth 0, `[]` has 1. */
export const DEFAULT_MAX_DEPTH = 32;

/** No option raises the depth above this: both directions recurse, and this is far from the end of any stack. */
const DEPTH_CEILING = 128;

/** Accepts the depth that a caller asks for; throws REQUEST_INVALID outside 0..128. */
export function depthLimit(maxDepth: number = DEFAULT_MAX_DEPTH): number {
  if (!Number.isInteger(maxDepth) || maxDepth < 0 || maxDepth > DEPTH_CEILING) {
    throw new RejectedError('REQUEST_INVALID', `\`maxDepth\` must be an integer from 0 to ${String(DEPTH_CEILING)}`, {
      field: 'maxDepth',
    });
  }
  return maxDepth;
}

/** Names that some consumer, somewhere, would write through to an object's prototype. */
export function isForbiddenName(name: string): boolean {
  return name === '__proto__' || name === 'constructor' || name === 'prototype';
}

/**
 * `true` when a finite `value` is spelled as an integer literal in canonical form (RFC 8785 section 3.2.2.3) that
 * I-JSON does not carry exactly (RFC 7493 section 2.2). From 1e21 on the canonical form has an exponent.
 * Refused on both ways, so that whatever was canonicalised can be parsed again.
 */
export function isUnsafeInteger(value: number): boolean {
  const size = Math.abs(value);
  return size > Number.MAX_SAFE_INTEGER && size < 1e21;
}

/**
 * The index of the first code unit that no I-JSON string may hold (RFC 7493 section 2.1): a lone surrogate,
 * or a noncharacter (U+FDD0..U+FDEF and the last two code points of every plane); -1 when there is none.
 */
export function invalidCodeUnitAt(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0xd800) continue;
    if (unit <= 0xdfff) {
      if (!isSurrogatePair(unit, text.charCodeAt(at + 1))) return at;
      if (isNoncharacter(text.codePointAt(at) ?? 0)) return at;
      at += 1;
    } else if (isNoncharacter(unit)) {
      return at;
    }
  }
  return -1;
}

function isSurrogatePair(first: number, second: number): boolean {
  return first <= 0xdbff && second >= 0xdc00 && second <= 0xdfff;
}

function isNoncharacter(codePoint: number): boolean {
  return (codePoint >= 0xfdd0 && codePoint <= 0xfdef) || (codePoint & 0xfffe) === 0xfffe;
}
