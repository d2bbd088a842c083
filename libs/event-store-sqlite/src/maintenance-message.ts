import type { MigrationReport } from './migrate-store.js';
import type { PlainError } from '@writ/errors';

export type MaintenanceTask =
  | { readonly kind: 'backup'; readonly source: string; readonly target: string }
  | { readonly kind: 'restore'; readonly source: string; readonly target: string }
  | { readonly kind: 'migrate'; readonly path: string; readonly dryRun: boolean }
  | { readonly kind: 'check'; readonly path: string };

export interface BackupProgress {
  readonly copiedPages: number;
  readonly totalPages: number;
}

/** What a copy holds. */
export interface StoreSummary {
  readonly storeId: string;
  readonly events: bigint;
  /** Position of the last event; 0 when there is none. */
  readonly lastPosition: bigint;
  readonly bytes: number;
}

export type FromMaintenance =
  | { readonly kind: 'progress'; readonly progress: BackupProgress }
  | { readonly kind: 'copied'; readonly summary: StoreSummary }
  | { readonly kind: 'migrated'; readonly report: MigrationReport }
  | { readonly kind: 'sound'; readonly summary: StoreSummary }
  | { readonly kind: 'failed'; readonly error: PlainError };
