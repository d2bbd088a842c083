import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';

import { COSIGNATURE_V1_TYPE, ED25519_TYPE, formatVerifierKey, verifierKey, type VerifierKey } from '@writ/checkpoint';
import { RejectedError } from '@writ/errors';

/** `checkpoint`: what a log signs with. `cosignature`: what a witness signs with. */
export type NoteKeyPurpose = 'checkpoint' | 'cosignature';

/** Whoever can sign notes: a key in memory, or something that keeps it elsewhere. */
export interface NoteSigner {
  readonly key: VerifierKey;
  /** Ed25519 (RFC 8032), 64 bytes: the same message always has the same signature. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** What stands before a seed of 32 bytes in PKCS #8 (RFC 8410 section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SEED_BYTES = 32;
const PUBLIC_KEY_BYTES = 32;

/**
 * An Ed25519 key that signs checkpoints or cosignatures, in memory. Printing it, logging it or turning it into JSON
 * shows the public half only. The secret that the runtime's own key object holds cannot be overwritten from here.
 */
export class NoteKey implements NoteSigner {
  readonly key: VerifierKey;
  readonly purpose: NoteKeyPurpose;
  /** When the key was made, as its file says. */
  readonly createdAtMs: number;
  readonly #seed: Uint8Array;
  readonly #secret: KeyObject;

  /** Takes over `seed`. Throws KEY_FILE_INVALID on another length, VERIFIER_KEY_INVALID on a name that no note can hold. */
  constructor(purpose: NoteKeyPurpose, name: string, seed: Uint8Array, createdAtMs: number) {
    if (seed.length !== SEED_BYTES) {
      throw new RejectedError('KEY_FILE_INVALID', 'an Ed25519 secret has 32 bytes', { bytes: seed.length });
    }
    const der = Buffer.concat([PKCS8_PREFIX, seed]);
    this.#secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    der.fill(0);
    const spki = createPublicKey(this.#secret).export({ format: 'der', type: 'spki' });
    const publicKey = Uint8Array.from(spki.subarray(spki.length - PUBLIC_KEY_BYTES));
    this.key = verifierKey(name, purpose === 'checkpoint' ? ED25519_TYPE : COSIGNATURE_V1_TYPE, publicKey);
    this.purpose = purpose;
    this.createdAtMs = createdAtMs;
    this.#seed = seed;
  }

  /** As others pin it. */
  get vkey(): string {
    return formatVerifierKey(this.key);
  }

  /** The secret itself, not a copy. */
  get seed(): Uint8Array {
    return this.#seed;
  }

  sign(message: Uint8Array): Uint8Array {
    return Uint8Array.from(sign(null, message, this.#secret));
  }

  toJSON(): { readonly vkey: string; readonly secretKey: string } {
    return { vkey: this.vkey, secretKey: '[redacted]' };
  }

  [inspect.custom](): string {
    return `NoteKey { vkey: '${this.vkey}', secretKey: [redacted] }`;
  }
}
