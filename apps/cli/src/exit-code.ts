import type { ErrorCode, ErrorKind } from '@writ/errors';
import { ERROR_CODES } from '@writ/errors';

/**
 * What the process ends with; docs/spec/exit-codes.md is generated from this table. A number never changes its meaning.
 */
export const EXIT_CODES = {
  OK: { exitCode: 0, meaning: 'done; for `evaluate`, `simulate` and `reserve`: admitted' },
  NO: {
    exitCode: 1,
    meaning: 'answered, and the answer is no: denied, not verified, not publishable, a test failed, not ready',
  },
  USAGE: { exitCode: 2, meaning: 'the command line or an input file cannot be used; nothing was done' },
  ESCALATED: { exitCode: 3, meaning: 'the decision waits for people: nothing may run yet' },
  REJECTED: { exitCode: 4, meaning: 'an error of kind `Rejected`: mend the request' },
  CONFLICT: { exitCode: 5, meaning: 'an error of kind `Conflict` (`INV-013` above all): somebody else was first' },
  UNAVAILABLE: { exitCode: 6, meaning: 'an error of kind `Unavailable`: repeat the same command, with the same ids' },
  INTEGRITY: { exitCode: 7, meaning: 'an error of kind `Integrity`: stop and look' },
  BUG: { exitCode: 70, meaning: 'a bug in Writ (BSD `EX_SOFTWARE`)' },
  CONFIGURATION: {
    exitCode: 78,
    meaning: 'a setting cannot have the value that it has (BSD `EX_CONFIG`): restarting will not help',
  },
  INTERRUPTED: { exitCode: 130, meaning: 'ended by SIGINT' },
} as const satisfies Record<string, { readonly exitCode: number; readonly meaning: string }>;

export type ExitName = keyof typeof EXIT_CODES;

const KIND_EXIT = {
  Rejected: 'REJECTED',
  Conflict: 'CONFLICT',
  Unavailable: 'UNAVAILABLE',
  Integrity: 'INTEGRITY',
} as const satisfies Record<ErrorKind, ExitName>;

/** The one mapping from error codes to exit codes. */
export function exitNameOf(code: ErrorCode): ExitName {
  return code === 'CONFIGURATION_INVALID' ? 'CONFIGURATION' : KIND_EXIT[ERROR_CODES[code].kind];
}

/** For the generated table of errors. */
export function exitCodeOf(code: ErrorCode): number {
  return EXIT_CODES[exitNameOf(code)].exitCode;
}
