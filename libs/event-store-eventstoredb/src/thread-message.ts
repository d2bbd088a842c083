import type { Failure } from './failures.js';

/** What a client thread is started with. */
export interface ThreadSettings {
  /** For the client, with the password. */
  readonly clientString: string;
}

export type ToThread =
  /** Appends one behind the other, each after its request id; see `packAppend`. */
  | { readonly kind: 'appends'; readonly buffer: ArrayBuffer; readonly used: number }
  | {
      readonly kind: 'read_stream';
      readonly requestId: number;
      readonly stream: string;
      readonly fromRevision: bigint;
      readonly maxCount: number;
    }
  | { readonly kind: 'read_all'; readonly requestId: number; readonly after: bigint; readonly maxCount: number }
  /** Where does the store end? Also asks whether it works. */
  | { readonly kind: 'tail'; readonly requestId: number }
  | { readonly kind: 'close' };

export type FromThread =
  /** The client is loaded and made. */
  | { readonly kind: 'ready' }
  /** Three numbers for each append that was accepted: requestId, last revision, position (-1: none was told). */
  | { readonly kind: 'accepted'; readonly answers: BigInt64Array }
  | { readonly kind: 'failed'; readonly requestId: number; readonly failure: Failure }
  | { readonly kind: 'events'; readonly requestId: number; readonly buffer: ArrayBuffer; readonly used: number }
  /** Position of the last event of all, whoever wrote it; -1: there is none. */
  | { readonly kind: 'tail'; readonly requestId: number; readonly position: bigint };
