import { resolve } from 'node:path';
import { IntegrityError } from '@writ/errors';
import { closeQuietly, connectReader, connectWriter, oneInteger, type Connection } from './connection.js';
import { formatOf, requireCurrentFormat } from './inspect-store.js';
import { FORMAT_VERSION, MIGRATIONS, type MigrationStep } from './schema.js';
import { hasContent } from './store-file.js';

export interface MigrationReport {
  readonly fromFormat: number;
  readonly toFormat: number;
  /** What was done, or would be; empty when the store is of today's format. */
  readonly steps: readonly string[];
  readonly applied: boolean;
}

/** See `migrateSqliteStore`. For a thread of its own. */
export function migrateStore(path: string, options: { readonly dryRun: boolean }): MigrationReport {
  const file = resolve(path);
  if (!hasContent(file)) throw new IntegrityError('STORE_MISSING', 'there is no store to migrate', { path: file });
  const connection = options.dryRun ? connectReader(file, 3_000) : connectWriter(file, 3_000);
  try {
    const format = formatOf(connection);
    if (format.kind === 'blank')
      throw new IntegrityError('STORE_MISSING', 'the file holds no store yet', { path: file });
    const steps = stepsFrom(format.formatVersion);
    if (!options.dryRun) applyMigrations(connection, format.formatVersion);
    return {
      fromFormat: format.formatVersion,
      toFormat: FORMAT_VERSION,
      steps: steps.map((step) => `format ${step.from} to ${step.to}: ${step.what}`),
      applied: !options.dryRun,
    };
  } finally {
    closeQuietly(connection);
  }
}

/** All steps in one transaction: a crash before its COMMIT leaves the old format, whole. */
export function applyMigrations(connection: Connection, formatVersion: number): void {
  if (stepsFrom(formatVersion).length === 0) return;
  connection.exec('BEGIN IMMEDIATE');
  try {
    // Read again under the lock: another process may have migrated in between.
    const now = Number(oneInteger(connection, 'PRAGMA user_version'));
    for (const step of stepsFrom(now)) {
      for (const statement of step.statements) connection.exec(statement);
      connection.exec(`PRAGMA user_version=${step.to}`);
    }
    connection.exec('COMMIT');
  } catch (error) {
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}

function stepsFrom(formatVersion: number): readonly MigrationStep[] {
  if (formatVersion >= FORMAT_VERSION) {
    requireCurrentFormat(formatVersion);
    return [];
  }
  const steps = MIGRATIONS.filter((step) => step.from >= formatVersion);
  if (steps[0]?.from !== formatVersion) requireCurrentFormat(formatVersion);
  return steps;
}
