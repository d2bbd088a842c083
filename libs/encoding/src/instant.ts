import { RejectedError } from '@writ/errors';

import { excerpt } from './excerpt.js';
import type { Instant } from './names.js';

const PATTERN = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const MIN_MS = -62_167_219_200_000; // 0000-01-01T00:00:00.000Z
const MAX_MS = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z

/** RFC 3339 in UTC with exactly three fraction digits. Throws REQUEST_INVALID unless `ms` is an integer in years 0000 to 9999. */
export function formatInstant(ms: number): Instant {
  if (!Number.isInteger(ms) || ms < MIN_MS || ms > MAX_MS) {
    throw new RejectedError('REQUEST_INVALID', 'an instant must be whole milliseconds in the years 0000 to 9999');
  }
  const slot = ms & SLOT_MASK;
  if (knownMs[slot] !== ms) {
    knownTexts[slot] = new Date(ms).toISOString() as Instant;
    knownMs[slot] = ms;
  }
  return knownTexts[slot] as Instant;
}

/** The last instants that were written, by their lowest bits: one millisecond is written several times in a decision. */
const SLOT_MASK = 63;
const knownMs: number[] = Array.from({ length: SLOT_MASK + 1 }, () => Number.NaN);
const knownTexts: Instant[] = [];

/**
 * Milliseconds since 1970 of an instant in the one form that `formatInstant` writes: upper-case `T` and `Z`, no other
 * offset, a date that exists, no leap second. Throws REQUEST_INVALID.
 */
export function parseInstant(text: string): number {
  const ms = typeof text === 'string' && PATTERN.test(text) ? millisecondsOf(text) : undefined;
  if (ms !== undefined) return ms;
  throw new RejectedError('REQUEST_INVALID', 'an instant is RFC 3339 in UTC with three fraction digits', {
    value: typeof text === 'string' ? excerpt(text) : typeof text,
    pattern: PATTERN.source,
  });
}

const FIRST_YEAR_OF_DATE_UTC = 100;

/**
 * Of a text that matches the pattern; `undefined` for a date or time that does not exist. Read digit by digit, because a
 * decision is full of instants and `Date.parse` with the check of its answer takes several times as long.
 */
function millisecondsOf(text: string): number | undefined {
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  const millisecond = twoDigits(text, 20) * 10 + text.charCodeAt(22) - ZERO;
  if (day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59) return undefined;
  // `Date.UTC` takes 0 to 99 for 1900 to 1999; the calendar repeats every 400 years.
  if (year < FIRST_YEAR_OF_DATE_UTC) {
    return Date.UTC(year + 400, month - 1, day, hour, minute, second, millisecond) - MS_OF_400_YEARS;
  }
  return Date.UTC(year, month - 1, day, hour, minute, second, millisecond);
}

const ZERO = 0x30;
const MS_OF_400_YEARS = 146_097 * 86_400_000;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO;
}

/** 0 for a month that does not exist. */
function daysIn(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && leap ? 29 : (DAYS[month - 1] ?? 0);
}
