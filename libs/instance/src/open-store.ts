import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { IntegrityError, RejectedError } from '@writ/errors';
import { InMemoryEventStore, type EventStore } from '@writ/event-store';
import { openEventStoreDb } from '@writ/event-store-eventstoredb';
import { openSqliteEventStore } from '@writ/event-store-sqlite';
import { keysStream } from '@writ/ledger';
import { storeName, type StoreLocation } from './setting-values.js';
import type { Settings } from './settings.js';

/** Where events outlive the process. */
export type LastingStore = Exclude<StoreLocation, { readonly kind: 'memory' }>;

/** `true` when something stands where the file of a store should be; of a server, only who connects to it can tell. */
export function storeFileExists(location: StoreLocation): boolean {
  return location.kind === 'sqlite' && existsSync(location.path);
}

/**
 * A store that can be opened beside the process that uses it.
 * @throws RejectedError `REQUEST_INVALID` for one in memory; IntegrityError `STORE_MISSING` where its file is not there
 */
export function requireLasting(location: StoreLocation): LastingStore {
  if (location.kind === 'memory') {
    throw new RejectedError('REQUEST_INVALID', 'a store in memory cannot be read from outside');
  }
  if (location.kind === 'sqlite' && !storeFileExists(location)) {
    throw new IntegrityError('STORE_MISSING', 'there is no store', { path: storeName(location) });
  }
  return location;
}

/**
 * Opens the store that the settings name. A server's is there, empty, before any ledger is begun in it.
 * @throws IntegrityError `STORE_MISSING` (a file, unless `create`), `STORE_NOT_OURS`, `STORE_NEWER`,
 *   `STORE_MIGRATION_NEEDED`, `STORE_CORRUPT`
 * @throws RejectedError `STORE_URL_INVALID`, `STORE_ACCESS_DENIED`
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
    case 'eventstoredb':
      return openEventStoreDb({ connection: store.connection, maxQueuedAppends: appendQueue });
  }
}

/**
 * A server can be given two ledgers by mistake, also both at once; a file cannot. The first event says whose it is, so of
 * two that began at the same time exactly one is told to leave: what it appended proves nothing to the other.
 * @returns `false` where nothing was begun
 * @throws IntegrityError `STORE_NOT_OURS`
 */
export async function isBegunAs(store: Pick<EventStore, 'readAll'>, origin: string): Promise<boolean> {
  const [first] = await store.readAll({ maxCount: 1 });
  if (first === undefined) return false;
  if (first.stream === keysStream(origin)) return true;
  throw new IntegrityError('STORE_NOT_OURS', 'the first event of the store is not of this ledger', {
    origin,
    first: first.stream,
  });
}
