import { UnavailableError } from '@writ/errors';
import { DEFAULT_APPEND_TIMEOUT_MS, type AppendSurelyOptions } from '@writ/event-store';
import type { CallContext } from './operations.js';

const RESEND_DELAYS_MS = [20, 60, 120];

/**
 * Called right before an append: what is not begun by then is not begun at all.
 * @throws UnavailableError `DEADLINE_EXCEEDED` with `mayHaveHappened: false`
 */
export function requireTimeLeft(context: CallContext, nowMs: number): void {
  if (context.deadlineMs !== undefined && nowMs >= context.deadlineMs) {
    throw new UnavailableError('DEADLINE_EXCEEDED', 'the deadline passed before anything was recorded', {
      mayHaveHappened: false,
    });
  }
}

/** How long an append may take, and how often its answer may be asked for again, within the caller's patience. */
export function patienceOf(
  context: CallContext,
  nowMs: number,
): Required<Pick<AppendSurelyOptions, 'append' | 'resendDelaysMs'>> {
  const leftMs = (context.deadlineMs ?? Infinity) - nowMs;
  let spentMs = 0;
  const resendDelaysMs = RESEND_DELAYS_MS.filter((delayMs) => (spentMs += delayMs) < leftMs);
  return {
    append: { timeoutMs: Math.max(1, Math.min(DEFAULT_APPEND_TIMEOUT_MS, Math.ceil(leftMs))) },
    resendDelaysMs,
  };
}
