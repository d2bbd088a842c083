import { toPlainError, type PlainError } from '@writ/errors';
import type { StoreSource } from '@writ/event-store';
import type { ListExecutionsAnswer, ListExecutionsRequest } from '@writ/operations';
import type { FoldSettings } from './fold-execution.js';
import type { WrittenRow } from './written-rows.js';

/** What the worker is started with. */
export interface WorkerStart extends FoldSettings {
  /** The view's own file. */
  readonly path: string;
  readonly source: StoreSource;
}

export type Question =
  | { readonly kind: 'list'; readonly request: ListExecutionsRequest; readonly nowMs: number }
  | { readonly kind: 'due'; readonly endedByMs: number; readonly limit: number }
  | { readonly kind: 'lag' }
  | { readonly kind: 'close' };

export interface AnswerOf {
  list: ListExecutionsAnswer;
  due: readonly { readonly tenant: string; readonly executionId: string }[];
  lag: { readonly position: bigint | null; readonly behind: bigint };
  close: null;
}

/** To the worker: a question, or the rows that it asked for. */
export type ToWorker = QuestionMessage | { readonly kind: 'written'; readonly rows: readonly WrittenRow[] };

/** From the worker: an answer, or that it wants the rows that were written here. */
export type FromWorker = AnswerMessage | { readonly kind: 'want_written' };

export interface QuestionMessage {
  readonly kind: 'question';
  readonly id: number;
  readonly question: Question;
}
export interface AnswerMessage {
  readonly kind: 'answer';
  readonly id: number;
  readonly value?: unknown;
  readonly error?: PlainError;
}

/** What the other thread learns of a failure. */
export function indexFailure(error: unknown): PlainError {
  return toPlainError(error, { code: 'STORE_UNAVAILABLE', who: 'the index' });
}
