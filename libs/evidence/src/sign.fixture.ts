import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import * as secp256k1 from '@noble/secp256k1';
import { toBase64 } from '@writ/encoding';
import { keyIdOf, leafHashOf } from '@writ/ledger';
import { inclusionPath, rootOf } from '@writ/merkle';

import { rootMessage, type SigningDomain } from './domains.js';
import type { LeafProof, TrustedKey } from './signed-leaf.js';

secp256k1.hashes.sha256 = sha256;
secp256k1.hashes.hmacSha256 = (key, message) => hmac(sha256, key, message);

/** For specs: a key whose secret is one byte repeated, and what it signs. Real keys live in `@writ/signing`. */
export class TestKey implements TrustedKey {
  readonly publicKey: Uint8Array;
  readonly keyId: TrustedKey['keyId'];
  readonly #secretKey: Uint8Array;

  constructor(byte: number) {
    this.#secretKey = new Uint8Array(32).fill(byte);
    this.publicKey = secp256k1.getPublicKey(this.#secretKey);
    this.keyId = keyIdOf(this.publicKey);
  }

  sign(message: Uint8Array): Uint8Array {
    return secp256k1.sign(message, this.#secretKey);
  }

  /** Signs a batch; one proof per leaf. */
  prove(domain: SigningDomain, origin: string, leaves: readonly Uint8Array[]): LeafProof[] {
    const hashes = leaves.map(leafHashOf);
    const signature = toBase64(this.sign(rootMessage(domain, origin, leaves.length, rootOf(hashes))));
    return leaves.map((_, index) => ({
      keyId: this.keyId,
      batch: { index, size: leaves.length, path: inclusionPath(hashes, index).map(toBase64) },
      signature,
    }));
  }
}
