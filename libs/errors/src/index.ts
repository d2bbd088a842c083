export { ERROR_CODES, isErrorCode, type CodeOfKind, type ErrorCode, type ErrorKind } from './codes.js';
export {
  ConflictError,
  IntegrityError,
  LedgerError,
  RejectedError,
  UnavailableError,
  errorOfCode,
  type ErrorDetails,
} from './ledger-error.js';
export { fromPlainError, toPlainError, type PlainError } from './plain-error.js';
