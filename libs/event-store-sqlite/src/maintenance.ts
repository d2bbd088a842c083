import { Worker } from 'node:worker_threads';
import { errorOfCode } from '@writ/errors';
import type { BackupProgress, FromMaintenance, MaintenanceTask, StoreSummary } from './maintenance-message.js';
import type { MigrationReport } from './migrate-store.js';

/** A thread cannot load TypeScript: from the sources (tests) the built file next door is taken. */
const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? '../dist/maintenance-thread.js' : './maintenance-thread.js',
  import.meta.url,
);

export interface BackupOptions {
  /** The store's file; it may be in use. */
  readonly source: string;
  /** Where the backup goes; must not exist. */
  readonly target: string;
  readonly onProgress?: (progress: BackupProgress) => void;
}

export interface RestoreOptions {
  readonly backup: string;
  /** Where the store goes; must not exist, nor what SQLite would keep beside it. */
  readonly target: string;
}

/**
 * Copies a store while it is used: every append that was answered before is in the copy, later ones may be. The copy
 * is one file that stands for itself, was checked page by page, and is synced before this returns.
 * @throws RejectedError `REQUEST_INVALID` when `target` exists; IntegrityError and UnavailableError as opening does
 */
export async function backupSqliteStore({ source, target, onProgress }: BackupOptions): Promise<StoreSummary> {
  return run({ kind: 'backup', source, target }, (message) => {
    if (message.kind === 'progress') onProgress?.(message.progress);
    return message.kind === 'copied' ? message.summary : undefined;
  });
}

/**
 * Puts a backup where a store shall be, after checking all of it. What was appended after the backup is not in it: a
 * node that remembers more takes no writes until somebody says so (`docs/guides/backup.md`).
 * @throws RejectedError `REQUEST_INVALID` when `target` exists; IntegrityError `STORE_MISSING`, `STORE_NOT_OURS`,
 *   `STORE_CORRUPT`, `STORE_NEWER`
 */
export async function restoreSqliteStore({ backup, target }: RestoreOptions): Promise<StoreSummary> {
  return run({ kind: 'restore', source: backup, target }, (message) =>
    message.kind === 'copied' ? message.summary : undefined,
  );
}

/**
 * Brings a store of an older format up to today's, in one transaction, or tells what it would do.
 * @throws IntegrityError `STORE_MISSING`, `STORE_NOT_OURS`, `STORE_NEWER`; UnavailableError when the file cannot be used
 */
export async function migrateSqliteStore(
  path: string,
  options: { readonly dryRun: boolean },
): Promise<MigrationReport> {
  return run({ kind: 'migrate', path, dryRun: options.dryRun }, (message) =>
    message.kind === 'migrated' ? message.report : undefined,
  );
}

/**
 * Reads every page of a store, which may be in use, and compares tables with indexes: what is read by stream is then
 * what is read in order. Says nothing about what the events are.
 * @throws IntegrityError `STORE_MISSING`, `STORE_NOT_OURS`, `STORE_NEWER`, `STORE_MIGRATION_NEEDED`, `STORE_CORRUPT`
 */
export async function checkSqliteStore(path: string): Promise<StoreSummary> {
  return run({ kind: 'check', path }, (message) => (message.kind === 'sound' ? message.summary : undefined));
}

/** A thread for one task: checking a large store takes seconds, and ending the thread frees its handles for certain. */
function run<T>(task: MaintenanceTask, resultOf: (message: FromMaintenance) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(THREAD, { workerData: task });
    let result: T | undefined;
    worker.on('message', (message: FromMaintenance) => {
      if (message.kind === 'failed')
        reject(errorOfCode(message.error.code, message.error.message, message.error.details));
      else result = resultOf(message) ?? result;
    });
    worker.on('error', reject);
    worker.on('exit', () => {
      if (result !== undefined) resolve(result);
      else reject(errorOfCode('STORE_UNAVAILABLE', 'the maintenance thread ended without a result'));
    });
  });
}
