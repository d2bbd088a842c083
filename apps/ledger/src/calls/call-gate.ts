import { LedgerError, RejectedError, UnavailableError, type ErrorCode } from '@writ/errors';
import type { CallContext } from '@writ/operations';

import type { CallMetrics } from '../metrics/call-metrics.js';
import type { ServedLedger } from '../served-ledger.js';
import type { CallSpan, Tracing } from '../telemetry/tracing.js';
import type { CallLog } from './call-log.js';

/** What is known of a call before its request is read. */
export interface CallFacts {
  readonly method: string;
  readonly protocol: 'grpc' | 'http';
  /** The `authorization` header as it came. */
  readonly authorization: string | undefined;
  readonly deadlineMs?: number;
  readonly traceparent?: string;
  /** As they came; for the log only, and there only when they are well formed. */
  readonly tenant?: unknown;
  readonly executionId?: unknown;
}

export interface GateOptions {
  /** Units of work (a batch counts its items) that may be under way at once. */
  readonly maxInFlight: number;
}

const BEARER = /^[Bb]earer ([A-Za-z0-9._~+/=-]{1,512})$/;
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const RETRY_WHEN_FULL_MS = 100;

/**
 * The one way in, for both edges: refuses new work while shutting down or full, finds out who calls, runs the call,
 * and counts, logs and traces how it ended. Cheap by design: it stands on the path of every decision.
 */
export class CallGate {
  private readonly closing = new AbortController();
  private inFlightUnits = 0;
  private whenIdle: (() => void) | undefined;

  constructor(
    private readonly ledger: ServedLedger,
    private readonly metrics: CallMetrics,
    private readonly log: CallLog,
    private readonly tracing: Tracing | undefined,
    private readonly options: GateOptions,
  ) {}

  /** Aborted when the shutdown begins; for calls that would go on by themselves. */
  get closed(): AbortSignal {
    return this.closing.signal;
  }

  get inFlight(): number {
    return this.inFlightUnits;
  }

  /** Runs `work`, which counts as `units`. Rejects as `work` does, or without having begun it. */
  run<T>(facts: CallFacts, work: (context: CallContext) => Promise<T>, units = 1): Promise<T> {
    return this.pass(facts, (span) => work(this.contextOf(facts, span)), units);
  }

  /** Likewise for what a setting opens to whoever comes: nobody is asked for a token, and one that is given is not read. */
  runOpen<T>(facts: CallFacts, work: () => Promise<T>): Promise<T> {
    return this.pass(facts, work, 1);
  }

  private async pass<T>(facts: CallFacts, work: (span: CallSpan | undefined) => Promise<T>, units: number): Promise<T> {
    const startedMs = performance.now();
    const span = this.tracing?.startCall(facts.method, facts.traceparent);
    let outcome: ErrorCode | 'OK' | 'INTERNAL' = 'INTERNAL';
    let failure: unknown;
    try {
      this.enter(units);
      try {
        const result = await work(span);
        outcome = 'OK';
        return result;
      } finally {
        this.leave(units);
      }
    } catch (error) {
      if (error instanceof LedgerError) outcome = error.code;
      failure = error;
      throw error;
    } finally {
      const durationMs = performance.now() - startedMs;
      span?.end(outcome);
      this.metrics.observe(facts.method, facts.protocol, outcome, durationMs);
      this.log.finished(facts, outcome, durationMs, failure);
    }
  }

  /** Counts work that runs inside a longer call (an item of a stream). Throws as `run` would reject. */
  enter(units: number): void {
    if (this.closing.signal.aborted) throw new UnavailableError('SHUTTING_DOWN', 'this node is shutting down');
    if (this.inFlightUnits + units > this.options.maxInFlight && this.inFlightUnits > 0) {
      throw new UnavailableError('OVERLOADED', 'too many calls are under way', {
        retryAfterMs: RETRY_WHEN_FULL_MS,
        mayHaveHappened: false,
      });
    }
    this.inFlightUnits += units;
  }

  leave(units: number): void {
    this.inFlightUnits -= units;
    if (this.inFlightUnits === 0) this.whenIdle?.();
  }

  /** Who calls and until when. Throws UNAUTHENTICATED. */
  contextOf(facts: CallFacts, span?: CallSpan): CallContext {
    const traceparent = span?.traceparent ?? validTraceparent(facts.traceparent);
    return {
      principal: this.ledger.authenticate(tokenOf(facts.authorization)),
      ...(facts.deadlineMs === undefined ? {} : { deadlineMs: facts.deadlineMs }),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
  }

  /** Refuses new work from now on, and resolves when all work is done or `waitMs` have passed: `true` when all is done. */
  async drain(waitMs: number): Promise<boolean> {
    this.closing.abort();
    if (this.inFlightUnits === 0) return true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), waitMs);
      this.whenIdle = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}

function tokenOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization === '') return undefined;
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined) throw new RejectedError('UNAUTHENTICATED', 'the authorization is not a bearer token');
  return token;
}

/** W3C Trace Context, version 00; anything else is as good as absent. */
function validTraceparent(text: string | undefined): string | undefined {
  return text !== undefined && TRACEPARENT.test(text) ? text : undefined;
}
