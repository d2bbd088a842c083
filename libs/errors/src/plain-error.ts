import type { ErrorCode } from './codes.js';
import { errorOfCode, LedgerError, type ErrorDetails } from './ledger-error.js';

/** An error on its way between threads: classes do not survive the journey, codes do. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
}

/** `otherwise`: the code of what is not ours, and who failed, for people. */
export function toPlainError(
  error: unknown,
  otherwise: { readonly code: ErrorCode; readonly who: string },
): PlainError {
  if (error instanceof LedgerError) return { code: error.code, message: error.message, details: error.details };
  return { code: otherwise.code, message: `${otherwise.who} failed: ${String(error)}`, details: {} };
}

export function fromPlainError({ code, message, details }: PlainError): LedgerError {
  return errorOfCode(code, message, details);
}
