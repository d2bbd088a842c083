import { UnavailableError } from '@writ/errors';

import { signBatch, type BatchDomain } from './sign-batch.js';
import type { Signer } from './signer.js';

/** Somewhere that signs batches: this thread, or a worker. */
export interface BatchLane {
  /**
   * Takes over `leafHashes` (n × 32 bytes; the caller must not touch them again) and resolves to the buffer of
   * `signBatch`. Rejects with SIGNER_UNAVAILABLE when no signature came; then none was given away either.
   */
  sign(domain: BatchDomain, leafHashes: Uint8Array): Promise<Uint8Array>;
  /** To be called when nothing is under way. */
  close(): Promise<void>;
}

/** Signs on the calling thread, before `sign` returns. Closes `signer` with itself. */
export function inlineLane(signer: Signer, origin: string): BatchLane {
  return {
    async sign(domain, leafHashes) {
      try {
        return signBatch(signer, domain, origin, leafHashes);
      } catch (cause) {
        throw new UnavailableError('SIGNER_UNAVAILABLE', 'the batch could not be signed', {}, { cause });
      }
    },
    async close() {
      signer.close();
    },
  };
}
