import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { InMemoryEventStore, type EventStore } from '@writ/event-store';
import { openSqliteEventStore } from '@writ/event-store-sqlite';
import type { StoreLocation } from './setting-values.js';
import type { Settings } from './settings.js';

/** `true` when something stands where the store should be; a store in memory never does. */
export function storeExists(location: StoreLocation): boolean {
  return location.kind === 'sqlite' && existsSync(location.path);
}

/**
 * Opens the store that the settings name.
 * @throws IntegrityError `STORE_MISSING` unless `create`, `STORE_NOT_OURS`, `STORE_NEWER`, `STORE_MIGRATION_NEEDED`, `STORE_CORRUPT`
 * @throws UnavailableError `STORE_UNAVAILABLE`, `STORE_READ_ONLY`, `STORE_FULL`
 */
export async function openStore(
  settings: Pick<Settings, 'store' | 'appendQueue' | 'minFreeBytes'>,
  options: { readonly create: boolean },
): Promise<EventStore> {
  const { store, appendQueue, minFreeBytes } = settings;
  switch (store.kind) {
    case 'memory':
      return new InMemoryEventStore();
    case 'sqlite':
      if (options.create) mkdirSync(dirname(store.path), { recursive: true, mode: 0o700 });
      return openSqliteEventStore({
        path: store.path,
        mode: options.create ? 'create' : 'existing',
        minFreeBytes,
        maxQueuedAppends: appendQueue,
      });
  }
}
