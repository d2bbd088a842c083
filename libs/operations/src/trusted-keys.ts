import { IntegrityError, LedgerError, type ErrorCode } from '@writ/errors';
import type { RecordedEvent } from '@writ/event-store';
import type { Attestation } from '@writ/ledger';
import { createVerifier, type TrustedKey } from '@writ/signing';

/** The keys whose signatures count in this ledger. */
export interface TrustedKeys {
  readonly origin: string;
  /** As of now; it grows where keys are followed. */
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
        throw notAttested(cause.code, attestation, stored, cause);
      }
    },
  };
}

/** What `verify` throws; `because`: KEY_UNKNOWN, KEY_REVOKED or ATTESTATION_INVALID. */
export function notAttested(
  because: ErrorCode,
  { keyId }: Attestation,
  stored: Pick<RecordedEvent, 'stream' | 'revision'>,
  cause?: unknown,
): IntegrityError {
  const { stream, revision } = stored;
  const details = { stream, revision: revision.toString(), because, keyId };
  return new IntegrityError('FOREIGN_EVENT', 'no trusted key attests the event', details, { cause });
}
