import type { KeyId } from '@writ/encoding';
import type { EventReceipt } from './answers.js';
import { LIST_KEYS, REVOKE_KEY, ROTATE_KEY } from './key-rpcs.js';
import type { CallOptions } from './requests.js';
import type { Rpc } from './rpc.js';

type Call = <Request, Answer>(rpc: Rpc<Request, Answer>, request: Request, options?: CallOptions) => Promise<Answer>;

export interface Key {
  readonly keyId: KeyId;
  readonly purpose: string;
  /** Base64 of the compressed point, 33 bytes. */
  readonly publicKey: string;
  readonly state: 'current' | 'rotated' | 'revoked';
  readonly addedAtMs: number;
  /** Leaf of the event that brought it; absent while that is not sequenced. */
  readonly addedIndex?: bigint;
  /** Of a revoked key: the first leaf index at which it does not count. */
  readonly cutOffIndex?: bigint;
  readonly reason?: string;
}
export interface Keys {
  readonly keys: readonly Key[];
  /** The key that the answering node signs with. */
  readonly signsWith: KeyId;
}
export interface KeyAnswer {
  readonly key: Key;
  readonly event: EventReceipt;
  readonly replayed: boolean;
}
export interface RotateKeyRequest {
  /** The key to be replaced, so that a repeated call rotates once; the current one where absent. */
  readonly replaces?: KeyId;
  /** A key whose file lies beside the current one's already; a fresh one where absent. */
  readonly next?: KeyId;
}
export interface RevokeKeyRequest {
  readonly keyId: KeyId;
  readonly reason: string;
  /** The size of the tree where absent. */
  readonly cutOffIndex?: bigint;
}

/** The attestation keys of the ledger, one method per RPC. To rotate and revoke takes an operator of all tenants. */
export class KeyClient {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  list(options?: CallOptions): Promise<Keys> {
    return this.#call(LIST_KEYS, {}, options);
  }

  /** Name the key that it `replaces`: then a call that is sent again does not rotate again. */
  rotate(request: RotateKeyRequest, options?: CallOptions): Promise<KeyAnswer> {
    return this.#call(ROTATE_KEY, request, options);
  }

  revoke(request: RevokeKeyRequest, options?: CallOptions): Promise<KeyAnswer> {
    return this.#call(REVOKE_KEY, request, options);
  }
}
