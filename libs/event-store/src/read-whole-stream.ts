import type { EventStore, RecordedEvent } from './event-store.js';
import { EVENT_STORE_LIMITS } from './limits.js';

/**
 * Every event of a stream, page by page.
 * @throws UnavailableError as the store does
 */
export async function readWholeStream(
  store: Pick<EventStore, 'readStream'>,
  stream: string,
): Promise<readonly RecordedEvent[]> {
  const maxCount = EVENT_STORE_LIMITS.eventsPerRead;
  let page = await store.readStream(stream, { maxCount });
  if (page.length < maxCount) return page;
  const events = [...page];
  while (page.length === maxCount) {
    page = await store.readStream(stream, { fromRevision: BigInt(events.length), maxCount });
    for (const event of page) events.push(event);
  }
  return events;
}
