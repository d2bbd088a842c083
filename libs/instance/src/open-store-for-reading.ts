import { IntegrityError } from '@writ/errors';
import type { EventStore } from '@writ/event-store';
import { openEventStoreDb } from '@writ/event-store-eventstoredb';
import { openSqliteEventStore } from '@writ/event-store-sqlite';
import type { LastingStore } from './open-store.js';

/**
 * For who reads a whole ledger: a server is there before anything was begun in it, and then holds none.
 * @throws IntegrityError `STORE_MISSING`; as `openStoreForReading`
 */
export async function openBegunStore(location: LastingStore): Promise<EventStore> {
  const store = await openStoreForReading(location);
  if (location.kind === 'sqlite') return store;
  try {
    if ((await store.readAll({ maxCount: 1 })).length > 0) return store;
    throw new IntegrityError('STORE_MISSING', 'the store is empty: no ledger was begun in it');
  } catch (error) {
    await store.close();
    throw error;
  }
}

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
