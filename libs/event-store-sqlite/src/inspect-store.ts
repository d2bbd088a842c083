import { IntegrityError } from '@writ/errors';
import { allRows, asText, firstRow, oneInteger, prepare, type Connection } from './connection.js';
import { APPLICATION_ID, FORMAT_VERSION, SCHEMA } from './schema.js';

export interface StoreIdentity {
  /** Drawn when the store was created; kept by backups. */
  readonly storeId: string;
}

/** What a file holds, before anything is done to it. */
export type StoreFormat = { readonly kind: 'blank' } | { readonly kind: 'ours'; readonly formatVersion: number };

/**
 * Tells a file without any table (a crash while it was made) from a store of ours.
 * @throws IntegrityError `STORE_NOT_OURS`
 */
export function formatOf(connection: Connection): StoreFormat {
  const applicationId = oneInteger(connection, 'PRAGMA application_id');
  const formatVersion = oneInteger(connection, 'PRAGMA user_version');
  if (applicationId === BigInt(APPLICATION_ID)) return { kind: 'ours', formatVersion: Number(formatVersion) };
  const objects = oneInteger(connection, 'SELECT count(*) FROM sqlite_schema');
  if (applicationId === 0n && formatVersion === 0n && objects === 0n) return { kind: 'blank' };
  throw new IntegrityError('STORE_NOT_OURS', 'the file is a database of something else', {
    applicationId: applicationId.toString(),
  });
}

/**
 * Refuses every format but today's.
 * @throws IntegrityError `STORE_NEWER`, `STORE_MIGRATION_NEEDED`
 */
export function requireCurrentFormat(formatVersion: number): void {
  const details = { formatVersion, supported: FORMAT_VERSION };
  if (formatVersion > FORMAT_VERSION) {
    throw new IntegrityError(
      'STORE_NEWER',
      `the store has format ${formatVersion}, this Writ knows ${FORMAT_VERSION}`,
      details,
    );
  }
  if (formatVersion < FORMAT_VERSION) {
    throw new IntegrityError(
      'STORE_MIGRATION_NEEDED',
      `the store has format ${formatVersion}, this Writ wants ${FORMAT_VERSION}`,
      details,
    );
  }
}

/**
 * Checks that tables, uniqueness and guards are those that every promise rests on, and reads who the store is.
 * @throws IntegrityError `STORE_CORRUPT`
 */
export function requireOurSchema(connection: Connection): StoreIdentity {
  const found = allRows(prepare(connection, 'SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL')).map((row) =>
    asText(row[0]),
  );
  if ([...found].sort().join('\n') !== [...SCHEMA].sort().join('\n')) {
    throw new IntegrityError('STORE_CORRUPT', "the store's tables or guards are not those of its format");
  }
  const storeId = firstRow(prepare(connection, "SELECT value FROM meta WHERE name = 'store_id'"))?.[0];
  if (typeof storeId !== 'string') throw new IntegrityError('STORE_CORRUPT', 'the store does not say who it is');
  return { storeId };
}

/**
 * Reads every page and compares it with what the format of SQLite allows; `full` compares indexes with tables too.
 * @throws IntegrityError `STORE_CORRUPT` with the first findings
 */
export function requireSoundPages(connection: Connection, depth: 'quick' | 'full'): void {
  const pragma = depth === 'quick' ? 'PRAGMA quick_check(5)' : 'PRAGMA integrity_check(5)';
  const findings = allRows(prepare(connection, pragma)).map((row) => asText(row[0]));
  if (findings.length !== 1 || findings[0] !== 'ok') {
    throw new IntegrityError('STORE_CORRUPT', 'the store is damaged', { findings });
  }
}
