import { getPublicKey as ed25519PublicKey, hashes as ed25519Hashes, sign as ed25519Sign } from '@noble/ed25519';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import * as secp256k1 from '@noble/secp256k1';
import {
  COSIGNATURE_V1_TYPE,
  cosignatureMessage,
  ED25519_TYPE,
  encodeCosignature,
  formatCheckpoint,
  formatNote,
  verifierKey,
  type NoteSignature,
  type VerifierKey,
} from '@writ/checkpoint';
import { toBase64, utf8 } from '@writ/encoding';
import { attestationMessage, keyIdOf, type Attestation, type TrustedKey } from '@writ/evidence';
import { leafHash, inclusionPath, rootOf } from '@writ/merkle';

ed25519Hashes.sha512 = sha512;
secp256k1.hashes.sha256 = sha256;
secp256k1.hashes.hmacSha256 = (key, message) => hmac(sha256, key, message);

/** An attestation key of which nothing is secret: 32 equal bytes. Signatures are RFC 6979, so always the same. */
export class FixtureKey implements TrustedKey {
  readonly publicKey: Uint8Array;
  readonly keyId: TrustedKey['keyId'];
  readonly #secretKey: Uint8Array;

  constructor(byte: number) {
    this.#secretKey = new Uint8Array(32).fill(byte);
    this.publicKey = secp256k1.getPublicKey(this.#secretKey);
    this.keyId = keyIdOf(this.publicKey);
  }

  sign(message: Uint8Array): string {
    return toBase64(secp256k1.sign(message, this.#secretKey));
  }

  /** Attests entries as one batch. */
  attest(origin: string, entries: readonly string[]): Attestation[] {
    const hashes = entries.map((entry) => leafHash(utf8(entry)));
    const signature = this.sign(attestationMessage(origin, hashes.length, rootOf(hashes)));
    return entries.map((entry, index) => ({
      entry,
      keyId: this.keyId,
      batch: { index, size: entries.length, path: inclusionPath(hashes, index).map(toBase64) },
      signature,
    }));
  }
}

/** A key that signs notes: of the log, or of a witness. */
export class FixtureNoteKey {
  readonly key: VerifierKey;
  readonly #secretKey: Uint8Array;

  constructor(name: string, byte: number, type: number = ED25519_TYPE) {
    this.#secretKey = new Uint8Array(32).fill(byte);
    this.key = verifierKey(name, type, ed25519PublicKey(this.#secretKey));
  }

  static witness(name: string, byte: number): FixtureNoteKey {
    return new FixtureNoteKey(name, byte, COSIGNATURE_V1_TYPE);
  }

  sign(text: string): NoteSignature {
    const { name, keyId } = this.key;
    return { name, keyId, signature: ed25519Sign(utf8(text), this.#secretKey) };
  }

  cosign(text: string, timeSeconds: number): NoteSignature {
    const { name, keyId } = this.key;
    const signature64 = ed25519Sign(cosignatureMessage(timeSeconds, text), this.#secretKey);
    return { name, keyId, signature: encodeCosignature({ timeSeconds, signature64 }) };
  }
}

/** A checkpoint signed by `log` and cosigned by `witnesses`, each at its time. */
export function signedCheckpoint(
  tree: { readonly origin: string; readonly sizeLeaves: bigint; readonly rootHash: Uint8Array },
  log: FixtureNoteKey,
  witnesses: readonly { readonly by: FixtureNoteKey; readonly timeSeconds: number }[] = [],
): string {
  const text = formatCheckpoint({ ...tree, extensions: [] });
  const cosignatures = witnesses.map(({ by, timeSeconds }) => by.cosign(text, timeSeconds));
  return formatNote({ text, signatures: [log.sign(text), ...cosignatures] });
}
