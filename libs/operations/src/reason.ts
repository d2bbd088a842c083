import { RejectedError } from '@writ/errors';

const MAX_REASON_LENGTH = 1_000;

/** Reasons are recorded in clear, for people. @throws RejectedError `REQUEST_INVALID` */
export function requireReason(reason: string, minLength = 0): void {
  if (reason.length < minLength || reason.length > MAX_REASON_LENGTH) {
    throw new RejectedError('REQUEST_INVALID', `\`reason\` must have ${minLength} to ${MAX_REASON_LENGTH} characters`, {
      field: 'reason',
    });
  }
}
