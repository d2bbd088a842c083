import type { KeyId } from '@writ/encoding';

/** A grant as its holder gets it: the canonical payload and the proof that it was signed, alone or in a micro-batch. */
export interface SignedGrant {
  /** Canonical JSON text; its leaf is SHA-256(0x00 ‖ payload). */
  readonly payload: string;
  readonly keyId: KeyId;
  readonly batch: { readonly index: number; readonly size: number; readonly path: readonly string[] };
  /** Base64, 64 bytes, compact, low-S. */
  readonly signature: string;
}
