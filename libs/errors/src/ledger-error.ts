import { ERROR_CODES, type CodeOfKind, type ErrorCode, type ErrorKind } from './codes.js';

/** Machine-readable facts about an error: JSON values only, never a secret, never a signal's value. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * The base of every error that Writ throws on purpose. Anything else that surfaces is a bug.
 * Callers branch on `code` (closed union) or on the class (what they can do); the text is for people.
 */
export abstract class LedgerError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  abstract readonly kind: ErrorKind;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.details = details;
  }

  /** `true` when the same call with the same ids may succeed later. */
  get retryable(): boolean {
    return this.kind === 'Unavailable';
  }
}

/** The request cannot be served as it is: mend it. Nothing was recorded unless the code says so. */
export class RejectedError extends LedgerError {
  declare readonly code: CodeOfKind<'Rejected'>;
  readonly kind = 'Rejected';

  constructor(code: CodeOfKind<'Rejected'>, message: string, details?: ErrorDetails, options?: { cause?: unknown }) {
    super(code, message, details, options);
  }
}

/** Somebody else was first. */
export class ConflictError extends LedgerError {
  declare readonly code: CodeOfKind<'Conflict'>;
  readonly kind = 'Conflict';

  constructor(code: CodeOfKind<'Conflict'>, message: string, details?: ErrorDetails, options?: { cause?: unknown }) {
    super(code, message, details, options);
  }
}

/** Not now: retry with the same ids. `details.mayHaveHappened` is `true` where the effect is not known. */
export class UnavailableError extends LedgerError {
  declare readonly code: CodeOfKind<'Unavailable'>;
  readonly kind = 'Unavailable';

  constructor(code: CodeOfKind<'Unavailable'>, message: string, details?: ErrorDetails, options?: { cause?: unknown }) {
    super(code, message, details, options);
  }

  get mayHaveHappened(): boolean {
    return this.details['mayHaveHappened'] === true;
  }
}

/** Something that must never be: stop and look; `details` carry the evidence. */
export class IntegrityError extends LedgerError {
  declare readonly code: CodeOfKind<'Integrity'>;
  readonly kind = 'Integrity';

  constructor(code: CodeOfKind<'Integrity'>, message: string, details?: ErrorDetails, options?: { cause?: unknown }) {
    super(code, message, details, options);
  }
}

/** The error class that fits `code`, for codes that arrive over a wire. */
export function errorOfCode(
  code: ErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: { cause?: unknown },
): LedgerError {
  switch (ERROR_CODES[code].kind) {
    case 'Rejected':
      return new RejectedError(code as CodeOfKind<'Rejected'>, message, details, options);
    case 'Conflict':
      return new ConflictError(code as CodeOfKind<'Conflict'>, message, details, options);
    case 'Unavailable':
      return new UnavailableError(code as CodeOfKind<'Unavailable'>, message, details, options);
    case 'Integrity':
      return new IntegrityError(code as CodeOfKind<'Integrity'>, message, details, options);
  }
}
