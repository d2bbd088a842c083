import { RejectedError } from '@writ/errors';

import { canonicalTextOfOwn } from './canonical-own.js';
import type { JsonValue } from './json-value.js';
import { DEFAULT_MAX_BYTES, parseJson, type ParseOptions } from './parse-json.js';
import { textOf } from './utf8.js';

/**
 * Parses bytes that must already be canonical, for stored and signed JSON: there is one spelling, so that equal
 * values are equal bytes. Objects have the ordinary prototype: read members that you know, or own ones. Throws JSON_* as
 * `parseJson`, and JSON_NOT_CANONICAL when the spelling differs.
 */
export function parseCanonical(bytes: Uint8Array, options: ParseOptions = {}): JsonValue {
  const known = readIfCanonical(bytes, options);
  if (known !== undefined) return known;
  // Something is wrong: the strict parser knows what, and where.
  parseJson(bytes, options);
  throw new RejectedError('JSON_NOT_CANONICAL', 'the bytes are not in canonical form (RFC 8785)');
}

/**
 * As `parseJson` of bytes, for JSON that is nearly always canonical, because we wrote it: then the platform reads it.
 * Whatever it is, it is held to the same rules; objects may have the ordinary prototype. Throws JSON_* as `parseJson`.
 */
export function parseOftenCanonical(bytes: Uint8Array, options: ParseOptions = {}): JsonValue {
  return readIfCanonical(bytes, options) ?? parseJson(bytes, options);
}

/**
 * The value, or `undefined` unless the bytes are its canonical form. What the platform's parser reads is believed only
 * where writing it out again gives the very same text: a name that it dropped, a number that it rounded or a name that
 * it should have refused would not come back.
 */
function readIfCanonical(
  bytes: Uint8Array,
  { maxBytes = DEFAULT_MAX_BYTES, maxDepth }: ParseOptions,
): JsonValue | undefined {
  const depth = maxDepth === undefined ? {} : { maxDepth };
  try {
    const text = textOf(bytes);
    if (bytes.length > maxBytes) return undefined;
    const value = JSON.parse(text) as JsonValue;
    return canonicalTextOfOwn(value, depth) === text ? value : undefined;
  } catch {
    return undefined;
  }
}
