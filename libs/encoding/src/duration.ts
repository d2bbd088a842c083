import { RejectedError } from '@writ/errors';

import { excerpt } from './excerpt.js';

const PATTERN = /^(0|[1-9][0-9]{0,14})(ms|s|m|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `250ms`, `300s`, `15m`, `24h`, `7d`: one whole number and one unit. Throws REQUEST_INVALID. */
export function parseDuration(text: string): number {
  const match = typeof text === 'string' ? PATTERN.exec(text) : null;
  const durationMs = Number(match?.[1]) * (UNIT_MS[match?.[2] ?? ''] ?? Number.NaN);
  if (Number.isSafeInteger(durationMs)) return durationMs;
  throw new RejectedError('REQUEST_INVALID', 'a duration is a whole number and one of `ms`, `s`, `m`, `h`, `d`', {
    value: typeof text === 'string' ? excerpt(text) : typeof text,
    pattern: PATTERN.source,
  });
}
