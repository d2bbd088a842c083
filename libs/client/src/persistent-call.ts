import { UnavailableError, type LedgerError } from '@writ/errors';
import { unreachable } from './decode-error.js';
import { startPatience } from './elapsed.js';
import { pause } from './pause.js';
import type { Rpc } from './rpc.js';
import type { Try } from './server-link.js';

/** Where a try of a call is sent. */
export interface Server {
  unary<Request, Answer>(rpc: Rpc<Request, Answer>, bytes: Buffer, options: Try): Promise<Answer>;
}

export interface PersistentCallOptions {
  /** The servers of one ledger; shared between calls, so that all turn away from one that does not answer. */
  readonly servers: Rotation<Server>;
  readonly attemptMs: number;
  /** In all. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Which of several servers is asked next. */
export class Rotation<S extends Server> {
  #at = 0;

  constructor(readonly all: readonly [S, ...S[]]) {}

  get current(): S {
    return this.all[this.#at] ?? this.all[0];
  }

  /** Turns away from `server`, unless somebody else has done so already. */
  leave(server: Server): void {
    if (this.current === server) this.#at = (this.#at + 1) % this.all.length;
  }
}

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 2_000;

/**
 * One call, sent again with the same bytes (so the same ids) while the answer is `Unavailable`: never after Rejected,
 * Conflict or Integrity, never past its time. What is thrown in the end says `mayHaveHappened` when any of the tries may
 * have.
 */
export async function callPersistently<Request, Answer>(
  rpc: Rpc<Request, Answer>,
  request: Request,
  options: PersistentCallOptions,
): Promise<Answer> {
  const { servers, attemptMs, timeoutMs, signal } = options;
  const bytes = rpc.serialize(request);
  const elapsed = startPatience();
  let mayHaveHappened = false;
  for (let tries = 1; ; tries += 1) {
    const server = servers.current;
    if (signal?.aborted === true) throw told(unreachable('the call was given up', false), mayHaveHappened, tries - 1);
    try {
      const leftMs = Math.max(1, timeoutMs - elapsed());
      // With somewhere else to go, half of the time is kept for going there.
      const shareMs = tries < servers.all.length ? leftMs / 2 : leftMs;
      return await server.unary(rpc, bytes, { timeoutMs: Math.min(attemptMs, shareMs), signal });
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      mayHaveHappened ||= error.mayHaveHappened;
      const pauseMs = pauseAfter(error, tries);
      if (elapsed() + pauseMs >= timeoutMs) throw told(error, mayHaveHappened, tries);
      servers.leave(server);
      await pause(tries < servers.all.length ? 0 : pauseMs, signal);
    }
  }
}

/** Exponential with full jitter, so that callers who failed together do not come back together. */
function pauseAfter(error: UnavailableError, tries: number): number {
  const asked = error.details['retryAfterMs'];
  const leastMs = typeof asked === 'number' ? Math.min(asked, LONGEST_PAUSE_MS) / 2 : 0;
  const spanMs = Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS);
  return leastMs + Math.random() * spanMs;
}

function told(error: UnavailableError, mayHaveHappened: boolean, tries: number): LedgerError {
  const details = { ...error.details, mayHaveHappened, tries };
  return new UnavailableError(error.code, error.message, details, { cause: error });
}
