import { inspect } from 'node:util';

import type { KeyId } from '@writ/encoding';
import { keyIdOf } from '@writ/evidence';

import { publicKeyOf } from './signer.js';

/**
 * A key that signs attestations and grants, in memory. Printing it, logging it or turning it into JSON shows the public
 * half only. `erase` overwrites the secret; copies that the runtime made before (text that was parsed) it cannot reach.
 */
export class AttestationKey {
  readonly keyId: KeyId;
  /** The compressed point, 33 bytes. */
  readonly publicKey: Uint8Array;
  /** When the key was made, as its file says. */
  readonly createdAtMs: number;
  readonly #secretKey: Uint8Array;

  /** Takes over `secretKey` (32 bytes). Throws KEY_FILE_INVALID as `publicKeyOf` does. */
  constructor(secretKey: Uint8Array, createdAtMs: number) {
    this.publicKey = publicKeyOf(secretKey);
    this.keyId = keyIdOf(this.publicKey);
    this.createdAtMs = createdAtMs;
    this.#secretKey = secretKey;
  }

  /** The secret itself, not a copy; all zeros after `erase`. */
  get secretKey(): Uint8Array {
    return this.#secretKey;
  }

  erase(): void {
    this.#secretKey.fill(0);
  }

  toJSON(): { readonly keyId: KeyId; readonly secretKey: string } {
    return { keyId: this.keyId, secretKey: '[redacted]' };
  }

  [inspect.custom](): string {
    return `AttestationKey { keyId: '${this.keyId}', secretKey: [redacted] }`;
  }
}
