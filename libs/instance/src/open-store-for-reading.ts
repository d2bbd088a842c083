import type { EventStore } from '@writ/event-store';
import { openSqliteEventStore } from '@writ/event-store-sqlite';

/**
 * Loaded by threads that follow the store (the index of executions, the lineage): their own way into it, reading only.
 * `location` is what they were handed: the path of the file.
 */
export async function openStoreForReading(location: unknown): Promise<EventStore> {
  if (typeof location !== 'string') throw new TypeError('the location of a store is a path');
  return openSqliteEventStore({ path: location, mode: 'existing', readOnly: true });
}
