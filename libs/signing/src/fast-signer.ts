import { createHash } from 'node:crypto';

import { IntegrityError } from '@writ/errors';
import { equalBytes, utf8 } from '@writ/encoding';

import { nobleSigner, signerOver, type Signer } from './signer.js';

const PROBES = 8;

/**
 * libsecp256k1 compiled to WebAssembly: half the time of the reference. Before it may sign anything it signs fixed
 * messages with this very key and is compared with the reference, byte by byte. Throws ATTESTATION_INVALID when they
 * differ, KEY_FILE_INVALID as `nobleSigner`, and whatever the platform throws where WebAssembly cannot be loaded.
 */
export async function fastSigner(secretKey: Uint8Array): Promise<Signer> {
  // Imported on use: loading compiles WebAssembly, and a platform without it must still be able to sign.
  const { sign } = await import('tiny-secp256k1');
  const fast = signerOver(secretKey, (message, secret) => sign(createHash('sha256').update(message).digest(), secret));
  proveEqual(fast, secretKey);
  return fast;
}

/** The fastest signer that works here and proves itself; the reference otherwise. */
export async function createSigner(secretKey: Uint8Array): Promise<Signer> {
  const reference = nobleSigner(secretKey);
  try {
    const fast = await fastSigner(secretKey);
    reference.close();
    return fast;
  } catch {
    // Falling back costs speed, never correctness: the reference needs no proof.
    return reference;
  }
}

/** Throws ATTESTATION_INVALID and closes `signer` unless it signs the probe messages as the reference does. */
export function proveEqual(signer: Signer, secretKey: Uint8Array): void {
  const reference = nobleSigner(secretKey);
  try {
    for (let probe = 0; probe < PROBES; probe++) {
      // A prefix line of its own: a probe's signature is worth nothing in any domain.
      const message = utf8(`writ/signer-probe/v1\n${probe}`);
      if (equalBytes(signer.sign(message), reference.sign(message))) continue;
      signer.close();
      throw new IntegrityError('ATTESTATION_INVALID', 'the signer does not sign as the reference does', { probe });
    }
  } finally {
    reference.close();
  }
}
