import { IntegrityError, UnavailableError, type LedgerError } from '@writ/errors';

/** What a failed SQLite call means for the store. */
export type FailureCode =
  'STORE_UNAVAILABLE' | 'STORE_FULL' | 'STORE_READ_ONLY' | 'STORE_CORRUPT' | 'STORE_NOT_OURS' | 'STORE_NEWER';

/** Primary result codes of SQLite (https://sqlite.org/rescode.html); the low byte of an extended code. */
const SQLITE = { BUSY: 5, LOCKED: 6, READONLY: 8, CORRUPT: 11, FULL: 13, CONSTRAINT: 19, NOTADB: 26 } as const;

/**
 * SQLite's own texts for its result codes. The binding gives a number with what `run` and `exec` throw, but only the
 * text with what goes wrong while rows are read.
 */
const CODE_OF_TEXT: ReadonlyMap<string, number> = new Map([
  ['database is locked', SQLITE.BUSY],
  ['database table is locked', SQLITE.LOCKED],
  ['attempt to write a readonly database', SQLITE.READONLY],
  ['database disk image is malformed', SQLITE.CORRUPT],
  ['database or disk is full', SQLITE.FULL],
  ['file is not a database', SQLITE.NOTADB],
]);

/** The result code (extended, where there is one) of what SQLite threw; `undefined` for anything else. */
export function sqliteCodeOf(error: unknown): number | undefined {
  if (!(typeof error === 'object' && error !== null)) return undefined;
  if ('errcode' in error && typeof error.errcode === 'number') return error.errcode;
  return CODE_OF_TEXT.get(textOf(error));
}

export function isConstraintFailure(error: unknown): boolean {
  return ((sqliteCodeOf(error) ?? 0) & 0xff) === SQLITE.CONSTRAINT;
}

export function isBusy(error: unknown): boolean {
  const primary = (sqliteCodeOf(error) ?? 0) & 0xff;
  return primary === SQLITE.BUSY || primary === SQLITE.LOCKED;
}

export function isNotADatabase(error: unknown): boolean {
  return ((sqliteCodeOf(error) ?? 0) & 0xff) === SQLITE.NOTADB;
}

export function isFull(error: unknown): boolean {
  return ((sqliteCodeOf(error) ?? 0) & 0xff) === SQLITE.FULL;
}

/** What to tell about `error`, whoever threw it: our own errors keep their code, foreign ones are translated here only. */
export function failureCodeOf(error: unknown): FailureCode {
  const own = (error as { code?: unknown } | null)?.code;
  switch (own) {
    case 'STORE_FULL':
    case 'STORE_READ_ONLY':
    case 'STORE_CORRUPT':
    case 'STORE_NOT_OURS':
    case 'STORE_NEWER':
      return own;
    case 'ENOSPC':
    case 'EDQUOT':
      return 'STORE_FULL';
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return 'STORE_READ_ONLY';
  }
  switch ((sqliteCodeOf(error) ?? 0) & 0xff) {
    case SQLITE.READONLY:
      return 'STORE_READ_ONLY';
    case SQLITE.CORRUPT:
    case SQLITE.NOTADB:
      return 'STORE_CORRUPT';
    case SQLITE.FULL:
      return 'STORE_FULL';
    default:
      return 'STORE_UNAVAILABLE';
  }
}

/** The error for callers: what happened, never a foreign class. */
export function failureOf(code: FailureCode, cause: unknown): LedgerError {
  const message = `the store does not work: ${textOf(cause)}`;
  const details = { sqlite: sqliteCodeOf(cause) };
  switch (code) {
    case 'STORE_UNAVAILABLE':
    case 'STORE_FULL':
    case 'STORE_READ_ONLY':
      return new UnavailableError(code, message, details, { cause });
    case 'STORE_CORRUPT':
    case 'STORE_NOT_OURS':
    case 'STORE_NEWER':
      return new IntegrityError(code, message, details, { cause });
  }
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
