import { IntegrityError, LedgerError } from '@writ/errors';
import type { RecordedEvent } from '@writ/event-store';
import type { Attestation } from '@writ/ledger';
import { createVerifier, type TrustedKey } from '@writ/signing';

/** The keys whose signatures count in this ledger. */
export interface TrustedKeys {
  readonly origin: string;
  readonly keys: readonly TrustedKey[];
  /**
   * That a trusted key attested the event that `stored` is.
   * @throws IntegrityError `FOREIGN_EVENT`, with the place, and why in `because`
   */
  verify(attestation: Attestation, stored: Pick<RecordedEvent, 'stream' | 'revision'>): void;
}

export function trustKeys(origin: string, keys: readonly TrustedKey[]): TrustedKeys {
  const verifier = createVerifier(keys, { origin });
  return {
    origin,
    keys,
    verify(attestation, stored) {
      try {
        verifier.verifyAttestation(attestation);
      } catch (cause) {
        if (!(cause instanceof LedgerError)) throw cause;
        throw new IntegrityError(
          'FOREIGN_EVENT',
          'no trusted key attests the event',
          {
            stream: stored.stream,
            revision: stored.revision.toString(),
            because: cause.code,
            keyId: attestation.keyId,
          },
          { cause },
        );
      }
    },
  };
}
