import { EVENT_STORE_LIMITS, type EventStore, type RecordedEvent } from '@writ/event-store';

const PAGE = 256;

/** The events of a store in commit order, those after a position or all, as many as there are when it comes to the end. */
export async function* eventsInOrder(
  store: Pick<EventStore, 'readAll'>,
  after?: bigint,
): AsyncGenerator<RecordedEvent, void, undefined> {
  let from = after;
  for (;;) {
    const page = await store.readAll(from === undefined ? { maxCount: PAGE } : { after: from, maxCount: PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    yield* page;
    from = last.position;
  }
}

/**
 * Neighbours in commit order that one append can take: events of one stream, one revision after the other, as many as a
 * store holds at once. What was one append is never spread over two runs unless the run is full.
 */
export async function* runsOf(
  events: AsyncIterable<RecordedEvent>,
): AsyncGenerator<readonly [RecordedEvent, ...RecordedEvent[]], void, undefined> {
  let run: [RecordedEvent, ...RecordedEvent[]] | undefined;
  let room = roomOfRun();
  for await (const event of events) {
    const last = run?.at(-1);
    const follows = last?.stream === event.stream && last.revision + 1n === event.revision;
    if (run !== undefined && follows && room.takes(event)) {
      run.push(event);
      continue;
    }
    if (run !== undefined) yield run;
    room = roomOfRun();
    room.takes(event);
    run = [event];
  }
  if (run !== undefined) yield run;
}

/** Counts what an append holds; an event that alone is too large is for the store to refuse. */
function roomOfRun(): { takes(event: RecordedEvent): boolean } {
  const { eventsPerAppend, dataBytesPerAppend, metadataBytesPerAppend } = EVENT_STORE_LIMITS;
  const ids = new Set<string>();
  let dataBytes = 0;
  let metadataBytes = 0;
  return {
    takes({ eventId, data, metadata }) {
      dataBytes += data.byteLength;
      metadataBytes += metadata.byteLength;
      if (ids.has(eventId) || ids.size === eventsPerAppend) return false;
      if (dataBytes > dataBytesPerAppend || metadataBytes > metadataBytesPerAppend) return false;
      ids.add(eventId);
      return true;
    },
  };
}
