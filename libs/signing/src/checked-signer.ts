import { IntegrityError } from '@writ/errors';

import { opensslVerify } from './openssl-verify.js';
import type { Signer } from './signer.js';

const EVERY = 256;

/**
 * Verifies the first signature and then one in `every` before it leaves, with another implementation than the one that
 * signed. A signature that does not verify closes the signer for good: a processor or a memory that errs can make
 * signatures from which the secret follows. The sample costs about 1 µs a signature on average, spread so that no
 * percentile below the 99th sees it; verifying every one would double the price of a lone request.
 *
 * `sign` throws ATTESTATION_INVALID for the bad signature, and SIGNER_UNAVAILABLE afterwards.
 */
export function checkedSigner(signer: Signer, every: number = EVERY): Signer {
  let signed = 0;
  return {
    keyId: signer.keyId,
    publicKey: signer.publicKey,
    sign(message) {
      const signature = signer.sign(message);
      if (signed++ % every === 0 && !opensslVerify(message, signature, signer.publicKey)) {
        signer.close();
        throw new IntegrityError('ATTESTATION_INVALID', 'the signer made a signature that does not verify', {
          keyId: signer.keyId,
        });
      }
      return signature;
    },
    close: () => signer.close(),
  };
}
