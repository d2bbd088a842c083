export {
  backupSqliteStore,
  checkSqliteStore,
  migrateSqliteStore,
  restoreSqliteStore,
  type BackupOptions,
  type RestoreOptions,
} from './maintenance.js';
export type { BackupProgress, StoreSummary } from './maintenance-message.js';
export type { MigrationReport } from './migrate-store.js';
export { openSqliteEventStore, SqliteEventStore, type SqliteEventStoreOptions } from './sqlite-event-store.js';
