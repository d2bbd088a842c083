import { resolve } from 'node:path';
import { IntegrityError, LedgerError } from '@writ/errors';
import { closeQuietly, connectReader, connectWriter, oneInteger, type Connection } from './connection.js';
import { readFormat, requireCurrentFormat } from './inspect-store.js';
import { FORMAT_VERSION, MIGRATIONS, type MigrationStep } from './schema.js';
import { failureCodeOf, failureOf } from './sqlite-failure.js';
import { hasContent } from './store-file.js';

export interface MigrationReport {
  readonly fromFormat: number;
  readonly toFormat: number;
  /** What was done, or would be; empty when the store is of today's format. */
  readonly steps: readonly string[];
  readonly applied: boolean;
}

/**
 * Brings a store of an older format up to today's, in one transaction, or tells what it would do.
 * @throws IntegrityError `STORE_MISSING`, `STORE_NOT_OURS`, `STORE_NEWER`; UnavailableError when the file cannot be used
 */
export function migrateSqliteStore(path: string, options: { readonly dryRun: boolean }): MigrationReport {
  const file = resolve(path);
  if (!hasContent(file)) throw new IntegrityError('STORE_MISSING', 'there is no store to migrate', { path: file });
  let connection: Connection | undefined;
  try {
    connection = options.dryRun ? connectReader(file, 3_000) : connectWriter(file, 3_000);
    const format = readFormat(connection, file);
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
  } catch (error) {
    throw error instanceof LedgerError ? error : failureOf(failureCodeOf(error), error);
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
