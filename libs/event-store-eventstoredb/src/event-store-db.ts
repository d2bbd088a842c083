import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { IntegrityError, RejectedError, UnavailableError } from '@writ/errors';
import {
  ChangeSignal,
  checkAppend,
  checkReadAll,
  checkReadStream,
  checkTimeout,
  follow,
  type AppendOptions,
  type AppendResult,
  type EventStore,
  type ExpectedRevision,
  type NewEvent,
  type ReadAllOptions,
  type ReadStreamOptions,
  type RecordedEvent,
  type StoreHealth,
  type SubscribeOptions,
} from '@writ/event-store';
import { accessLost, Append, outOfReach, streamDeleted } from './append.js';
import { ClientLink } from './client-link.js';
import { parseConnection, type EventStoreConnection } from './connection.js';
import { InFlight } from './in-flight.js';
import { openingAdvice } from './opening-advice.js';
import type { Answer, EventsRead } from './waiting-requests.js';

export interface EventStoreDbOptions {
  /** `esdb://…` or `esdb+discover://…`; see `parseConnection`. Holds a password: never print it. */
  readonly connection: string;
  /** Appends are refused with `STORE_READ_ONLY`. */
  readonly readOnly?: boolean;
  /** Appends that may wait for an answer; beyond it `OVERLOADED`. Default 8,192. */
  readonly maxQueuedAppends?: number;
  /** Bytes of data and metadata that may wait; beyond it `OVERLOADED`. Default 64 MiB. */
  readonly maxQueuedBytes?: number;
}

/** How long the store may take to answer at the start, once it is asked. */
const OPEN_MS = 10_000;
/** How long loading the client may take besides. */
const LOAD_MS = 20_000;
const READ_MS = 15_000;
const HEALTH_MS = 200;
const DRAIN_MS = 12_000;
/** How late a subscription may see what another process appended. */
const POLL_MS = 50;

/**
 * Opens an EventStoreDB or KurrentDB, one node or a cluster.
 *
 * @throws RejectedError `STORE_URL_INVALID`, `STORE_ACCESS_DENIED`, `REQUEST_INVALID` for options out of range
 * @throws UnavailableError `STORE_UNAVAILABLE` when nothing answers
 */
export async function openEventStoreDb(options: EventStoreDbOptions): Promise<EventStore> {
  const connection = parseConnection(options.connection);
  requireFiles(connection);
  const limits = {
    maxQueuedAppends: atLeastOne('maxQueuedAppends', options.maxQueuedAppends ?? 8_192),
    maxQueuedBytes: atLeastOne('maxQueuedBytes', options.maxQueuedBytes ?? 64 * 1024 * 1024),
  };
  const link = new ClientLink({ clientString: connection.clientString });
  const latestAskingMs = performance.now() + LOAD_MS;
  while (!(await link.untilUsable(250))) {
    const outage = link.outage;
    const endsMs = (link.askingSinceMs ?? latestAskingMs) + OPEN_MS;
    if (outage?.kind !== 'denied' && performance.now() < endsMs) continue;
    await link.close();
    if (outage?.kind === 'denied') {
      throw new RejectedError('STORE_ACCESS_DENIED', `the event store refuses access: ${outage.message}`);
    }
    throw outOfReach(openingAdvice(connection, outage?.message ?? 'it does not answer'));
  }
  return new EventStoreDb(link, new InFlight(limits), options.readOnly ?? false);
}

class EventStoreDb implements EventStore {
  readonly #link: ClientLink;
  readonly #inFlight: InFlight;
  readonly #readOnly: boolean;
  readonly #changes = new ChangeSignal();
  #poll: NodeJS.Timeout | undefined;
  #seenTail = -1n;

  constructor(link: ClientLink, inFlight: InFlight, readOnly: boolean) {
    this.#link = link;
    this.#inFlight = inFlight;
    this.#readOnly = readOnly;
  }

  async append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
    options?: AppendOptions,
  ): Promise<AppendResult> {
    const bytes = checkAppend(stream, expected, events);
    const timeoutMs = checkTimeout(options);
    this.#refuseWhenClosed();
    if (this.#readOnly) throw new UnavailableError('STORE_READ_ONLY', 'the store was opened for reading');
    const outage = this.#link.outage;
    if (outage !== undefined) throw outOfReach(outage.message);
    const eventId = (events[0] as NewEvent).eventId;
    const append = new Append(this.#link, stream, expected, events, timeoutMs);
    const result = await this.#inFlight.run(eventId, bytes, (sentBefore) => append.run(sentBefore));
    if (!result.alreadyAppended) this.#changes.raise();
    return result;
  }

  async readStream(stream: string, options?: ReadStreamOptions): Promise<readonly RecordedEvent[]> {
    const { fromRevision, maxCount } = checkReadStream(stream, options);
    this.#refuseToRead();
    return readOf(await this.#link.readStream(stream, fromRevision, maxCount, READ_MS), stream);
  }

  async readAll(options: ReadAllOptions): Promise<readonly RecordedEvent[]> {
    const { after, maxCount } = checkReadAll(options);
    this.#refuseToRead();
    return readOf(await this.#link.readAll(after, maxCount, READ_MS), '$all');
  }

  subscribe(options: SubscribeOptions): AsyncIterable<RecordedEvent> {
    this.#poll ??= setInterval(() => void this.#pollTail(), POLL_MS);
    return follow(this, this.#changes, options);
  }

  async health(): Promise<StoreHealth> {
    const down: StoreHealth = { state: 'down', code: 'STORE_UNAVAILABLE' };
    if (this.#changes.closed || this.#link.outage !== undefined) return down;
    const answer = await this.#link.readTail(HEALTH_MS);
    if (answer.kind !== 'tail') return down;
    return this.#readOnly ? { state: 'read_only', code: 'STORE_READ_ONLY' } : { state: 'writable' };
  }

  async close(): Promise<void> {
    clearInterval(this.#poll);
    this.#changes.close();
    await this.#inFlight.drain(DRAIN_MS);
    await this.#link.close();
  }

  /** Wakes subscribers when another process appended. Not while nobody waits; errors are the next read's to tell. */
  async #pollTail(): Promise<void> {
    if (!this.#changes.awaited) return;
    const answer = this.#link.outage === undefined ? await this.#link.readTail(READ_MS) : undefined;
    const tail = answer?.kind === 'tail' ? answer.position : undefined;
    if (tail === undefined || tail !== this.#seenTail) this.#changes.raise();
    this.#seenTail = tail ?? this.#seenTail;
  }

  #refuseToRead(): void {
    this.#refuseWhenClosed();
    const outage = this.#link.outage;
    if (outage !== undefined) throw outOfReach(outage.message);
  }

  #refuseWhenClosed(): void {
    if (this.#changes.closed) throw new UnavailableError('STORE_UNAVAILABLE', 'the store is closed');
  }
}

function readOf(answer: Answer<EventsRead>, stream: string): readonly RecordedEvent[] {
  if (answer.kind === 'events') return answer.events;
  if (answer.kind === 'no_answer') throw outOfReach('it does not answer');
  const { failure } = answer;
  switch (failure.kind) {
    case 'deleted':
      throw streamDeleted(stream);
    case 'denied':
      throw accessLost(failure.message);
    case 'outage':
    case 'busy':
    case 'too_large':
      throw outOfReach(failure.message);
    case 'conflict':
      throw new IntegrityError('STORE_CORRUPT', 'the event store answered a read with a lost race', { stream });
  }
}

/** @throws RejectedError `STORE_URL_INVALID`: the client would only say that some file was not found */
function requireFiles(connection: EventStoreConnection): void {
  for (const key of ['tlsCAFile', 'userCertFile', 'userKeyFile'] as const) {
    const path = connection[key];
    if (path === undefined || existsSync(resolve(path))) continue;
    throw new RejectedError('STORE_URL_INVALID', `the file \`${path}\` that \`${key}\` names is not there`, { key });
  }
}

function atLeastOne(field: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new RejectedError('REQUEST_INVALID', `\`${field}\` must be an integer of at least 1`, { field });
}
