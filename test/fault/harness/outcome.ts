import { LedgerError, type ErrorCode, type ErrorDetails } from '@writ/errors';

/** What became of a call: its answer, or the code that it was refused with. */
export type Outcome<Answer> =
  | { readonly code: 'OK'; readonly answer: Answer }
  | { readonly code: ErrorCode; readonly details: ErrorDetails; readonly answer: undefined };

/** Anything but an answer and a coded error is a bug, and thrown on. */
export async function outcomeOf<Answer>(call: Promise<Answer>): Promise<Outcome<Answer>> {
  try {
    return { code: 'OK', answer: await call };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return { code: error.code, details: error.details, answer: undefined };
  }
}
