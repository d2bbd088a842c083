import { randomBytes } from 'node:crypto';
import type { NewEvent, RecordedEvent } from '../event-store.js';

let lastId = 0n;

/** A UUIDv7 that is greater than every one this process drew before: the order that stores like best. */
export function newEventId(): string {
  const now = BigInt(Date.now()) << 12n;
  lastId = now > lastId ? now : lastId + 1n;
  const time = (lastId >> 12n).toString(16).padStart(12, '0');
  const counter = (lastId & 0xfffn).toString(16).padStart(3, '0');
  const random = randomBytes(8);
  random[0] = ((random[0] as number) & 0x3f) | 0x80;
  const tail = random.toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}

/** An event with distinct content in every field; `over` replaces what a test is about. */
export function sampleEvent(over: Partial<NewEvent> = {}): NewEvent {
  const eventId = over.eventId ?? newEventId();
  return {
    eventId,
    type: 'SampleHappened',
    typeVersion: 1,
    data: new TextEncoder().encode(`{"of":"${eventId}"}`),
    metadata: new TextEncoder().encode(`{"trace":"${eventId.slice(24)}"}`),
    ...over,
  };
}

export function sampleEvents(count: number): readonly NewEvent[] {
  return Array.from({ length: count }, () => sampleEvent());
}

let lastStream = 0;

/** A stream name that no other test uses. */
export function newStream(): string {
  lastStream += 1;
  return `sample-t.${process.pid}-${lastStream}-${randomBytes(4).toString('hex')}`;
}

/** What a read must return for events that were appended, field for field, positions aside. */
export function asRecorded(
  stream: string,
  firstRevision: bigint,
  events: readonly NewEvent[],
): readonly Omit<RecordedEvent, 'position'>[] {
  return events.map((event, i) => ({ ...plain(event), stream, revision: firstRevision + BigInt(i) }));
}

/** The same event with bytes as plain `Uint8Array`s, so that a `Buffer` and a view compare by content. */
export function plain<E extends NewEvent>(event: E): E {
  return { ...event, data: Uint8Array.from(event.data), metadata: Uint8Array.from(event.metadata) };
}

/** Recorded events without their positions, and the positions alone. */
export function split(events: readonly RecordedEvent[]): {
  readonly events: readonly Omit<RecordedEvent, 'position'>[];
  readonly positions: readonly bigint[];
} {
  return {
    events: events.map((event) => {
      const { position: _position, ...rest } = plain(event);
      return rest;
    }),
    positions: events.map((event) => event.position),
  };
}
