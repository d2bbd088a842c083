import { RejectedError } from '@writ/errors';

import { excerpt } from './excerpt.js';
import type { Instant } from './names.js';

const PATTERN = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})\.(\d{3})Z$/;
const MIN_MS = -62_167_219_200_000; // 0000-01-01T00:00:00.000Z
const MAX_MS = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z

/** RFC 3339 in UTC with exactly three fraction digits. Throws REQUEST_INVALID unless `ms` is an integer in years 0000 to 9999. */
export function formatInstant(ms: number): Instant {
  if (!Number.isInteger(ms) || ms < MIN_MS || ms > MAX_MS) {
    throw new RejectedError('REQUEST_INVALID', 'an instant must be whole milliseconds in the years 0000 to 9999');
  }
  return new Date(ms).toISOString() as Instant;
}

/**
 * Milliseconds since 1970 of an instant in the one form that `formatInstant` writes: upper-case `T` and `Z`, no other
 * offset, a date that exists, no leap second. Throws REQUEST_INVALID.
 */
export function parseInstant(text: string): number {
  if (typeof text === 'string' && PATTERN.test(text)) {
    const ms = Date.parse(text);
    // A day that does not exist (02-30) or an hour of 24 is rolled over or NaN: the round trip tells.
    if (Number.isFinite(ms) && new Date(ms).toISOString() === text) return ms;
  }
  throw new RejectedError('REQUEST_INVALID', 'an instant is RFC 3339 in UTC with three fraction digits', {
    value: typeof text === 'string' ? excerpt(text) : typeof text,
    pattern: PATTERN.source,
  });
}
