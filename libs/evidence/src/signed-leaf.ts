import { parseBase64, utf8 } from '@writ/encoding';
import type { KeyId } from '@writ/encoding';
import { IntegrityError } from '@writ/errors';
import type { Attestation } from '@writ/ledger';
import { leafHash, rootFromInclusion } from '@writ/merkle';

import { rootMessage, type SigningDomain } from './domains.js';
import type { VerifySignature } from './signature.js';

/** The part of an attestation or grant that proves one leaf of a signed batch. */
export type LeafProof = Pick<Attestation, 'keyId' | 'batch' | 'signature'>;

export interface TrustedKey {
  readonly keyId: KeyId;
  /** Compressed point, 33 bytes. */
  readonly publicKey: Uint8Array;
}

/** Whom to believe: pinned from outside, never taken from what is verified. */
export interface Trust {
  readonly origin: string;
  readonly keys: readonly TrustedKey[];
}

/**
 * `true` when a trusted key signed, in `domain`, the batch that holds `leaf`. The leaf is hashed here, from what is
 * carried. A malformed proof does not verify. Throws IntegrityError KEY_UNKNOWN: that is another finding than a bad signature.
 */
export function verifyLeaf(
  domain: SigningDomain,
  leaf: string,
  proof: LeafProof,
  trust: Trust,
  verify: VerifySignature,
): boolean {
  const key = trust.keys.find((trusted) => trusted.keyId === proof.keyId);
  if (key === undefined) {
    throw new IntegrityError('KEY_UNKNOWN', 'the signature names a key that is not trusted here', {
      keyId: proof.keyId,
    });
  }
  try {
    const { index, size, path } = proof.batch;
    const siblings = path.map((sibling) => parseBase64(sibling, 32));
    const root = rootFromInclusion({ leafHash: leafHash(utf8(leaf)), index, sizeLeaves: size, path: siblings });
    const message = rootMessage(domain, trust.origin, size, root);
    return verify(message, parseBase64(proof.signature, 64), key.publicKey);
  } catch {
    return false;
  }
}
