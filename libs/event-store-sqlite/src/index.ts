export { migrateSqliteStore, type MigrationReport } from './migrate-store.js';
export { openSqliteEventStore, SqliteEventStore, type SqliteEventStoreOptions } from './sqlite-event-store.js';
