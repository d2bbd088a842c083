import { formatInstant, type ExecutionId, type Tenant } from '@writ/encoding';
import { LedgerError, type ErrorCode } from '@writ/errors';
import type { Actor } from '@writ/ledger';
import type { Clock, Alarm } from './ports.js';
import type { RefusalFact, RefusalsStreams } from './refusals-stream.js';

/** One refusal, as it was answered. */
export interface Refusal {
  readonly tenant: Tenant;
  readonly executionId: ExecutionId;
  readonly actor: Actor;
  readonly code: ErrorCode;
  readonly operation: string;
}

interface Window {
  readonly refusal: Refusal;
  startMs: number;
  lastMs: number;
  /** Refusals since the last event that told of this window. */
  count: number;
}

const WINDOW_MS = 60_000;
/** Kinds of refusal that are counted at the same time, over all tenants. */
const MAX_WINDOWS = 10_000;
/** Facts that wait for the store. */
const MAX_WAITING = 10_000;
const FACTS_PER_APPEND = 64;

/**
 * Tells the refusals streams who retried what: the first refusal of a kind at once, then one count per window. It never
 * delays or fails a call, and never touches an execution's stream: nobody starves a holder's commit by retrying.
 * Memory is bounded; what does not fit is counted, and an alarm says so.
 */
export class RefusedReplays {
  readonly #streams: RefusalsStreams;
  readonly #clock: Clock;
  readonly #onAlarm: (alarm: Alarm) => void;
  readonly #windows = new Map<string, Window>();
  readonly #waiting = new Map<Tenant, RefusalFact[]>();
  readonly #writers = new Map<Tenant, Promise<void>>();
  readonly #untoldDrops = new Map<Tenant, number>();
  #waitingCount = 0;
  #recorded = 0;
  #dropped = 0;

  constructor(streams: RefusalsStreams, clock: Clock, onAlarm: (alarm: Alarm) => void) {
    this.#streams = streams;
    this.#clock = clock;
    this.#onAlarm = onAlarm;
  }

  /** For metrics: refusals told in events, and refusals that were lost. */
  get counts(): { readonly recorded: number; readonly dropped: number } {
    return { recorded: this.#recorded, dropped: this.#dropped };
  }

  note(refusal: Refusal, nowMs: number): void {
    const key = [refusal.tenant, refusal.executionId, refusal.actor.id, refusal.code, refusal.operation].join('\n');
    const window = this.#windows.get(key);
    if (window !== undefined && nowMs - window.startMs < WINDOW_MS) {
      window.count += 1;
      window.lastMs = Math.max(window.lastMs, nowMs);
      return;
    }
    if (window !== undefined) this.#end(key, window);
    if (this.#windows.size >= MAX_WINDOWS) this.#endOldest();
    this.#windows.set(key, { refusal, startMs: nowMs, lastMs: nowMs, count: 0 });
    this.#enqueue(refusal, 1, nowMs, nowMs);
  }

  /** Tells every window that is over (`all`: every window), and waits until the store has what was told. */
  async flush(options: { readonly all?: boolean } = {}): Promise<void> {
    const endedBefore = options.all === true ? Infinity : this.#clock.nowMs() - WINDOW_MS;
    for (const [key, window] of this.#windows) {
      if (window.startMs > endedBefore) continue;
      if (this.#waitingCount >= MAX_WAITING) await this.#writeWaiting();
      this.#end(key, window);
    }
    await this.#writeWaiting();
    for (const [tenant, count] of this.#untoldDrops) this.#onAlarm({ kind: 'refusals_dropped', tenant, count });
    this.#untoldDrops.clear();
  }

  /** One more try for everything that waits, also for what a writer under way is just failing at. */
  async #writeWaiting(): Promise<void> {
    await Promise.all(this.#writers.values());
    for (const tenant of this.#waiting.keys()) this.#write(tenant);
    await Promise.all(this.#writers.values());
  }

  #endOldest(): void {
    for (const [key, window] of this.#windows) {
      this.#end(key, window);
      return;
    }
  }

  #end(key: string, window: Window): void {
    this.#windows.delete(key);
    if (window.count > 0) this.#enqueue(window.refusal, window.count, window.startMs, window.lastMs);
  }

  #enqueue(refusal: Refusal, count: number, startMs: number, endMs: number): void {
    if (this.#waitingCount >= MAX_WAITING) {
      this.#drop(refusal.tenant, count);
      return;
    }
    const { tenant, actor, executionId, code, operation } = refusal;
    const windowStart = formatInstant(startMs);
    const windowEnd = formatInstant(endMs);
    const facts = this.#waiting.get(tenant) ?? [];
    facts.push({
      type: 'ReplayRefused',
      data: { tenant, actor, executionId, code, operation, count, windowStart, windowEnd },
    });
    this.#waiting.set(tenant, facts);
    this.#waitingCount += 1;
    this.#write(tenant);
  }

  /** One writer per tenant; it ends when nothing waits, or when the store does not take it (a flush tries again). */
  #write(tenant: Tenant): void {
    if (this.#writers.has(tenant)) return;
    const writing = this.#writeAll(tenant).finally(() => this.#writers.delete(tenant));
    this.#writers.set(tenant, writing);
  }

  async #writeAll(tenant: Tenant): Promise<void> {
    for (;;) {
      // Left in the queue until they are durable: a failed append loses nothing.
      const facts = (this.#waiting.get(tenant) ?? []).slice(0, FACTS_PER_APPEND);
      if (facts.length === 0) break;
      try {
        await this.#streams.append(tenant, facts);
      } catch (error) {
        if (error instanceof LedgerError && error.kind === 'Unavailable') return;
        // The stream itself is damaged: its counts cannot be kept, the executions are not concerned.
        this.#take(tenant, facts.length);
        this.#drop(
          tenant,
          facts.reduce((sum, fact) => sum + countOf(fact), 0),
        );
        continue;
      }
      this.#take(tenant, facts.length);
      this.#recorded += facts.reduce((sum, fact) => sum + countOf(fact), 0);
    }
    this.#waiting.delete(tenant);
  }

  #take(tenant: Tenant, count: number): void {
    this.#waiting.get(tenant)?.splice(0, count);
    this.#waitingCount -= count;
  }

  /** Told with the next flush: an alarm per refusal would be a flood of its own. */
  #drop(tenant: Tenant, count: number): void {
    this.#dropped += count;
    this.#untoldDrops.set(tenant, (this.#untoldDrops.get(tenant) ?? 0) + count);
  }
}

function countOf(fact: RefusalFact): number {
  return fact.type === 'ReplayRefused' ? fact.data.count : 1;
}
