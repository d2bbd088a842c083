import { RejectedError } from '@writ/errors';
import {
  backupSqliteStore,
  migrateSqliteStore,
  restoreSqliteStore,
  type BackupProgress,
  type MigrationReport,
  type StoreSummary,
} from '@writ/event-store-sqlite';
import type { StoreLocation } from './setting-values.js';

/**
 * Copies a store that may be in use to a new file; every append that was answered before is in the copy.
 * @throws RejectedError `REQUEST_INVALID` when `target` exists, or the store is in memory; LedgerErrors as opening does
 */
export async function backupStore(
  store: StoreLocation,
  target: string,
  onProgress?: (progress: BackupProgress) => void,
): Promise<StoreSummary> {
  return backupSqliteStore({
    source: pathOf(store),
    target,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
}

/**
 * Puts a checked copy of a backup where the settings want the store, which must not be there.
 * @throws RejectedError `REQUEST_INVALID`; IntegrityError `STORE_MISSING`, `STORE_NOT_OURS`, `STORE_CORRUPT`, `STORE_NEWER`
 */
export async function restoreStore(store: StoreLocation, backup: string): Promise<StoreSummary> {
  return restoreSqliteStore({ backup, target: pathOf(store) });
}

/**
 * Brings a store up to today's format, or with `dryRun` tells what would be done.
 * @throws IntegrityError `STORE_MISSING`, `STORE_NOT_OURS`, `STORE_NEWER`; RejectedError for a store in memory
 */
export async function migrateStore(
  store: StoreLocation,
  options: { readonly dryRun: boolean },
): Promise<MigrationReport> {
  return migrateSqliteStore(pathOf(store), options);
}

function pathOf(store: StoreLocation): string {
  switch (store.kind) {
    case 'sqlite':
      return store.path;
    case 'memory':
      throw new RejectedError('REQUEST_INVALID', 'a store in memory has no file', { store: store.kind });
    case 'eventstoredb':
      throw new RejectedError(
        'REQUEST_INVALID',
        'an EventStoreDB has no file of ours: use its own backup and upgrade, or `writ store copy` into a file',
        { store: store.kind },
      );
  }
}
