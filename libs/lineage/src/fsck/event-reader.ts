import type { KeyId } from '@writ/encoding';
import type { ErrorCode } from '@writ/errors';
import type { EventStore, RecordedEvent } from '@writ/event-store';
import type { VerifySignature } from '@writ/evidence';
import { type LedgerError } from '@writ/errors';
import { BatchVerdicts } from '@writ/signing';
import { hashText } from './hash-text.js';
import { hashEvent } from './hashed-event.js';
import type { KeyRing } from './key-ring.js';
import { codeOf } from './report.js';
import { StreamPlaces, type Contiguity } from './stream-places.js';

/** An event as it was read: attested by a key of ours, or not. */
export type ReadEvent = { readonly contiguity: Contiguity } & (
  | {
      readonly kind: 'attested';
      /** Base64. */
      readonly leafHash: string;
      readonly keyId: KeyId;
    }
  | { readonly kind: 'foreign'; readonly code: ErrorCode; readonly message: string }
);

/** Reads stored events in commit order, hashes each again and checks its attestation. */
export class EventReader {
  readonly #keys: KeyRing;
  readonly #verdicts: BatchVerdicts;
  readonly #places: StreamPlaces;

  constructor(
    store: Pick<EventStore, 'readStream'>,
    options: { readonly origin: string; readonly keys: KeyRing; readonly verify: VerifySignature },
  ) {
    this.#keys = options.keys;
    this.#verdicts = new BatchVerdicts(options.origin, options.verify);
    this.#places = new StreamPlaces(store);
  }

  /** @see StreamPlaces.recall */
  recall(stored: RecordedEvent): Promise<void> | undefined {
    return this.#places.recall(stored);
  }

  read(stored: RecordedEvent): ReadEvent {
    const place = this.#places.placeOf(stored.stream);
    const contiguity = place.take(stored.revision);
    try {
      const hashed = hashEvent(stored, place.naming);
      if (stored.revision === 0n) place.naming = hashed.naming;
      const { attestation } = hashed;
      const leafHash = hashText(hashed.leafHash);
      const key = this.#keys.keyOf(attestation.keyId);
      if (key === undefined) {
        return { kind: 'foreign', contiguity, code: 'KEY_UNKNOWN', message: 'no key that is trusted here attests it' };
      }
      if (!this.#verdicts.accepts(attestation, leafHash, key.publicKey)) {
        const message = 'its attestation does not verify';
        return { kind: 'foreign', contiguity, code: 'ATTESTATION_INVALID', message };
      }
      return { kind: 'attested', contiguity, leafHash, keyId: key.keyId };
    } catch (error) {
      const code = codeOf(error);
      return { kind: 'foreign', contiguity, code, message: (error as LedgerError).message };
    }
  }
}
