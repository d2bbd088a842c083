import { fromPlainError, IntegrityError, toPlainError, type PlainError } from '@writ/errors';
import type { StoreSource } from '@writ/event-store';
import type { TrustedKey } from '@writ/evidence';

import type { AppendOutcome, AppendRequest, FollowerReport } from './follower-host.js';

/** What the thread is started with. */
export interface SequencerStart {
  readonly origin: string;
  readonly pinned: readonly TrustedKey[];
  readonly lineageDir: string;
  readonly source: StoreSource;
}

export type ToWorker =
  | { readonly kind: 'role'; readonly publisher: boolean }
  | { readonly kind: 'rebuild' }
  | { readonly kind: 'flush' | 'close'; readonly id: number }
  | { readonly kind: 'appended'; readonly id: number; readonly outcome: AppendOutcome }
  | { readonly kind: 'failed'; readonly id: number; readonly error: PlainError };

export type FromWorker =
  | { readonly kind: 'append'; readonly id: number; readonly request: AppendRequest }
  | { readonly kind: 'report'; readonly report: FollowerReport }
  | {
      readonly kind: 'foreign';
      readonly place: { readonly stream: string; readonly revision: bigint };
      readonly error: PlainError;
    }
  | { readonly kind: 'done'; readonly id: number };

/** What the other thread learns of a failure. */
export function sequencerFailure(error: unknown): PlainError {
  return toPlainError(error, { code: 'STORE_UNAVAILABLE', who: 'the sequencer' });
}

/** Of an event that is not ours, whatever class it had. */
export function integrityErrorFrom(plain: PlainError): IntegrityError {
  const error = fromPlainError(plain);
  return error instanceof IntegrityError ? error : new IntegrityError('FOREIGN_EVENT', plain.message, plain.details);
}
