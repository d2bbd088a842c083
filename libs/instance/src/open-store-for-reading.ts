import type { EventStore } from '@writ/event-store';
import { openEventStoreDb } from '@writ/event-store-eventstoredb';
import { openSqliteEventStore } from '@writ/event-store-sqlite';
import type { LastingStore } from './open-store.js';

/**
 * Loaded by threads that follow the store (the index of executions, the lineage): their own way into it, reading only.
 * `location` is the `LastingStore` that they were handed.
 */
export async function openStoreForReading(location: unknown): Promise<EventStore> {
  const store = location as LastingStore;
  switch (store.kind) {
    case 'sqlite':
      return openSqliteEventStore({ path: store.path, mode: 'existing', readOnly: true });
    case 'eventstoredb':
      return openEventStoreDb({ connection: store.connection, readOnly: true });
  }
}
