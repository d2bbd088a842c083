import { UnavailableError } from '@writ/errors';
import { checkAppend, checkReadAll, checkReadStream, checkTimeout } from './check-arguments.js';
import type {
  AppendOptions,
  AppendResult,
  EventStore,
  ExpectedRevision,
  NewEvent,
  ReadAllOptions,
  ReadStreamOptions,
  RecordedEvent,
  StoreHealth,
  SubscribeOptions,
} from './event-store.js';
import { eventIdReused, revisionAfter, revisionConflict, sameEvent } from './expected-revision.js';
import { ChangeSignal, follow } from './follow.js';

/** Where tests make an append fail: what a hook throws is what the caller gets. */
export interface InMemoryFaults {
  /** Throws: nothing is appended. */
  readonly beforeAppend?: (stream: string, events: readonly NewEvent[]) => void | Promise<void>;
  /** Throws: the events are there, the answer is lost. */
  readonly afterAppend?: (stream: string, result: AppendResult) => void | Promise<void>;
}

/** The port in its simplest form: the reference that the contract suite was written against. Nothing outlives the process. */
export class InMemoryEventStore implements EventStore {
  readonly #all: RecordedEvent[] = [];
  readonly #streams = new Map<string, RecordedEvent[]>();
  readonly #streamOfId = new Map<string, string>();
  readonly #changes = new ChangeSignal();
  readonly #faults: InMemoryFaults;

  constructor(faults: InMemoryFaults = {}) {
    this.#faults = faults;
  }

  async append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
    options?: AppendOptions,
  ): Promise<AppendResult> {
    checkAppend(stream, expected, events);
    checkTimeout(options);
    this.#refuseWhenClosed();
    const copies = events.map((event) => ({ ...event, data: event.data.slice(), metadata: event.metadata.slice() }));
    await this.#faults.beforeAppend?.(stream, copies);
    const result = this.#appendNow(stream, expected, copies);
    await this.#faults.afterAppend?.(stream, result);
    return result;
  }

  async readStream(stream: string, options?: ReadStreamOptions): Promise<readonly RecordedEvent[]> {
    const { fromRevision, maxCount } = checkReadStream(stream, options);
    this.#refuseWhenClosed();
    const events = this.#streams.get(stream) ?? [];
    if (fromRevision >= BigInt(events.length)) return [];
    const from = Number(fromRevision);
    return events.slice(from, from + maxCount).map(copyOf);
  }

  async readAll(options: ReadAllOptions): Promise<readonly RecordedEvent[]> {
    const { after, maxCount } = checkReadAll(options);
    this.#refuseWhenClosed();
    // Positions are 1, 2, 3 …, so the first event after position p stands at array place p.
    const from = after < 0n ? 0n : after;
    if (from >= BigInt(this.#all.length)) return [];
    return this.#all.slice(Number(from), Number(from) + maxCount).map(copyOf);
  }

  subscribe(options: SubscribeOptions): AsyncIterable<RecordedEvent> {
    return follow(this, this.#changes, options);
  }

  async health(): Promise<StoreHealth> {
    return this.#changes.closed ? { state: 'down', code: 'STORE_UNAVAILABLE' } : { state: 'writable' };
  }

  async close(): Promise<void> {
    this.#changes.close();
  }

  #appendNow(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): AppendResult {
    const stored = this.#streams.get(stream) ?? [];
    const actual = stored.length === 0 ? undefined : BigInt(stored.length) - 1n;
    const firstRevision = revisionAfter(expected);
    const known = events.find((event) => this.#streamOfId.has(event.eventId));
    if (known !== undefined) {
      const there =
        firstRevision < BigInt(stored.length)
          ? stored.slice(Number(firstRevision), Number(firstRevision) + events.length)
          : [];
      const last = there.at(-1);
      const same =
        there.length === events.length && events.every((event, i) => sameEvent(event, there[i] as RecordedEvent));
      if (!same || last === undefined) throw eventIdReused(stream, known.eventId);
      return { firstRevision, lastRevision: last.revision, position: last.position, alreadyAppended: true };
    }
    if (expected === 'no_stream' ? actual !== undefined : actual !== expected)
      throw revisionConflict(stream, expected, actual);
    return this.#store(stream, stored, events);
  }

  #store(stream: string, stored: RecordedEvent[], events: readonly NewEvent[]): AppendResult {
    const firstRevision = BigInt(stored.length);
    for (const event of events) {
      const recorded = { ...event, stream, revision: BigInt(stored.length), position: BigInt(this.#all.length) + 1n };
      stored.push(recorded);
      this.#all.push(recorded);
      this.#streamOfId.set(event.eventId, stream);
    }
    this.#streams.set(stream, stored);
    this.#changes.raise();
    return {
      firstRevision,
      lastRevision: BigInt(stored.length) - 1n,
      position: BigInt(this.#all.length),
      alreadyAppended: false,
    };
  }

  #refuseWhenClosed(): void {
    if (this.#changes.closed) throw new UnavailableError('STORE_UNAVAILABLE', 'the store is closed');
  }
}

/** Readers get their own bytes: what one does to them no other sees. */
function copyOf(event: RecordedEvent): RecordedEvent {
  return { ...event, data: event.data.slice(), metadata: event.metadata.slice() };
}
