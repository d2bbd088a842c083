import { isErrorCode, LedgerError } from '@writ/errors';
import { pino, type Logger } from 'pino';

import type { CallFacts } from './call-gate.js';

const SLOW_MS = 1_000;
/** Last as long as their client likes. */
const LONG_CALLS = new Set(['EvaluateStream', 'WatchExecution', 'AwaitStanding']);
const TENANT = /^[a-z0-9_]{1,32}$/;
const EXECUTION_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** JSON lines on standard error, written at once: a line is never lost to a crash. */
export function createLogger(level: string): Logger {
  return pino(
    { level, base: { service: 'writ', pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  );
}

/**
 * One line per call: each at debug, those that failed or were slow at info or above. What a caller sent never appears:
 * of the request only a well-formed tenant and executionId, of an error its code. An unexpected error shows where it
 * was thrown, not what it says, because its text may quote the request.
 */
export class CallLog {
  private sequence = 0;
  private readonly debugs: boolean;

  constructor(private readonly logger: Logger) {
    this.debugs = logger.isLevelEnabled('debug');
  }

  finished(facts: CallFacts, code: string, durationMs: number, failure: unknown): void {
    this.sequence += 1;
    const slow = durationMs >= SLOW_MS && !LONG_CALLS.has(facts.method);
    if (code === 'OK' && !slow && !this.debugs) return;
    const line = {
      request: this.sequence,
      protocol: facts.protocol,
      method: facts.method,
      code,
      ms: Math.round(durationMs * 100) / 100,
      ...named('tenant', facts.tenant, TENANT),
      ...named('executionId', facts.executionId, EXECUTION_ID),
    };
    if (code === 'OK') {
      if (slow) this.logger.info(line, 'slow call');
      else this.logger.debug(line, 'call');
    } else if (!isErrorCode(code)) {
      this.logger.error({ ...line, failure: placeOf(failure) }, 'call failed unexpectedly');
    } else if (failure instanceof LedgerError && failure.kind === 'Integrity') {
      this.logger.error(line, 'integrity failure');
    } else {
      this.logger.info(line, 'call refused');
    }
  }
}

function named(name: string, value: unknown, pattern: RegExp): Record<string, string> {
  return typeof value === 'string' && pattern.test(value) ? { [name]: value } : {};
}

/** The class of an unexpected error and its stack frames, without its message. */
export function placeOf(failure: unknown): { name: string; frames: string[] } {
  if (!(failure instanceof Error)) return { name: typeof failure, frames: [] };
  const frames = (failure.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { name: failure.name, frames: frames.slice(0, 12).map((frame) => frame.trim()) };
}
