import type { EventStore } from '@writ/event-store';
import { openSqliteEventStore } from '@writ/event-store-sqlite';

/**
 * Loaded by the thread that keeps the index of executions: its own way into the store, reading only.
 * `location` is what `openIndex` handed over: the path of the file.
 */
export async function openStoreForReading(location: unknown): Promise<EventStore> {
  if (typeof location !== 'string') throw new TypeError('the location of a store is a path');
  return openSqliteEventStore({ path: location, mode: 'existing', readOnly: true });
}
