import { sha256, toBase64, toHex } from '@writ/encoding';
import { verifySignature, type VerifySignature } from '@writ/evidence';

const DEFAULT_CAPACITY = 4_096;

/**
 * Remembers which signatures verified, the oldest out first: all entries of a batch share one signature over its root.
 * Message, signature and key are remembered by their bytes; failures are not, so that bad ones push out no good ones.
 */
export class SignatureVerdicts {
  readonly #verify: VerifySignature;
  readonly #capacity: number;
  readonly #verified = new Set<string>();

  constructor(verify: VerifySignature = verifySignature, capacity: number = DEFAULT_CAPACITY) {
    this.#verify = verify;
    this.#capacity = capacity;
  }

  readonly verify: VerifySignature = (message, signature64, publicKey33) => {
    // Signature and key have one length each where they verify, so the joined text is unambiguous.
    const name = toHex(publicKey33) + toBase64(signature64) + toBase64(sha256(message));
    if (this.#verified.has(name)) return true;
    if (!this.#verify(message, signature64, publicKey33)) return false;
    if (this.#verified.size >= this.#capacity) {
      const [oldest] = this.#verified;
      if (oldest !== undefined) this.#verified.delete(oldest);
    }
    this.#verified.add(name);
    return true;
  };
}
