import type { PlainError } from '@writ/errors';
import type { StoreHealth, StoreHealthCode } from '@writ/event-store';

/** What a writer thread is started with. */
export interface WriterSettings {
  readonly path: string;
  readonly mode: 'create' | 'existing';
  readonly migrate: boolean;
  /** Appends are refused with `STORE_FULL` while less is free; 0: never. */
  readonly minFreeBytes: number;
  /** How long an append waits for another process to finish its transaction. */
  readonly busyTimeoutMs: number;
  /** Who the store must be and where it must have got to: for a writer that takes over from one that died. */
  readonly resume?: { readonly storeId: string; readonly lastPosition: bigint };
}

export type ToWriter =
  | { readonly kind: 'appends'; readonly buffer: ArrayBuffer; readonly used: number }
  | { readonly kind: 'probe'; readonly probeId: number }
  | { readonly kind: 'close' };

export type FromWriter =
  | { readonly kind: 'opened'; readonly storeId: string; readonly lastPosition: bigint }
  /** The writer ends, and why. Whatever it did not answer before was not appended. */
  | { readonly kind: 'gave_up'; readonly error: PlainError }
  | {
      readonly kind: 'answers';
      /** Four numbers for each append that is durable: requestId, 1 when it was there already, first revision, position. */
      readonly durable: BigInt64Array;
      readonly refused: readonly RefusedAppend[];
    }
  | { readonly kind: 'probed'; readonly probeId: number; readonly health: StoreHealth };

export type RefusedAppend = { readonly requestId: number } & (
  | { readonly kind: 'revision_conflict'; readonly actual: bigint }
  | { readonly kind: 'event_id_reused'; readonly eventId: Uint8Array }
  | { readonly kind: 'failed'; readonly error: PlainError }
);

/** How a store's health names what an append is refused with. */
export function healthCodeOf(error: PlainError): StoreHealthCode {
  switch (error.code) {
    case 'STORE_FULL':
    case 'STORE_READ_ONLY':
    case 'STORE_CORRUPT':
      return error.code;
    default:
      return 'STORE_UNAVAILABLE';
  }
}
