import type { KeySource } from './open-signer.js';
import type { BatchDomain } from './sign-batch.js';

/** What the signing worker is started with. The path rather than the key, where there is a path: one copy less. */
export interface WorkerStart {
  readonly origin: string;
  readonly key: KeySource;
}

/** One batch to sign: n × 32 bytes of leaf hashes, transferred. */
export interface SignRequest {
  readonly id: number;
  readonly domain: BatchDomain;
  readonly leafHashes: Uint8Array;
}

export type WorkerReply =
  | { readonly type: 'ready'; readonly keyId: string }
  /** The buffer of `signBatch`, transferred. */
  | { readonly type: 'signed'; readonly id: number; readonly signed: Uint8Array }
  | { readonly type: 'failed'; readonly id: number; readonly reason: string };
