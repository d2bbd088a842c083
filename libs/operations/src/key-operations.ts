import type { KeyId } from '@writ/encoding';
import type { KeyPurpose } from '@writ/ledger';
import type { CallContext, EventReceipt } from './operations.js';

/** The attestation keys of a ledger. They are the ledger's, not a tenant's: changing them takes an operator of all tenants. */
export interface KeyOperations {
  listKeys(context: CallContext): Promise<KeysView>;
  /** Puts a new key in the place of the current one. What the former key signed goes on counting. */
  rotateKey(context: CallContext, request: RotateKeyRequest): Promise<KeyAnswer>;
  /** From a leaf index on nothing that the key signed counts any more. */
  revokeKey(context: CallContext, request: RevokeKeyRequest): Promise<KeyAnswer>;
}

export interface RotateKeyRequest {
  /** The key to be replaced, so that a repeated call rotates once; the current one where absent. */
  readonly replaces?: KeyId;
  /** A key that lies beside the current one already (other nodes may have it too); a fresh one where absent. */
  readonly next?: KeyId;
}

export interface RevokeKeyRequest {
  readonly keyId: KeyId;
  readonly reason: string;
  /** The first leaf index at which the key does not count; the size of the tree where absent. */
  readonly cutOffIndex?: bigint;
}

export interface KeysView {
  readonly keys: readonly KeyView[];
  /** The key that this node signs with; not the current one where another node rotated and the new key's file is not here. */
  readonly signsWith: KeyId;
}

export interface KeyView {
  readonly keyId: KeyId;
  readonly purpose: KeyPurpose;
  /** Base64 of the compressed point, 33 bytes. */
  readonly publicKey: string;
  readonly state: 'current' | 'rotated' | 'revoked';
  /** When the event was recorded that brought it. */
  readonly addedAtMs: number;
  /** Index of the leaf that brought it: it signs nothing before. Absent while that is not sequenced. */
  readonly addedIndex?: bigint;
  /** Of a revoked key. */
  readonly cutOffIndex?: bigint;
  readonly reason?: string;
}

export interface KeyAnswer {
  /** The key that was brought, or revoked. */
  readonly key: KeyView;
  readonly event: EventReceipt;
  /** It was so already. */
  readonly replayed: boolean;
}
