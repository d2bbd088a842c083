import type { Attestation } from '@writ/ledger';
import { IntegrityError, LedgerError } from '@writ/errors';
import type { EventStore, RecordedEvent } from '@writ/event-store';
import { beginKeyChain, chainedKeys, cutOffIndexOf, followKeys, type KeyChain, type TrustedKey } from '@writ/evidence';
import { isSaltedStream, keysStream, openEntry, openEvent, type LedgerEvent } from '@writ/ledger';
import { createVerifier, type Verifier } from '@writ/signing';

import type { UnsequencedEntry } from './sequenced-batch.js';

/** Streams whose salt is remembered; of any other the first event is read again. */
const MAX_SALTS = 20_000;
const PAGE = 256;

/**
 * Tells events that a key of this ledger attested from all others. Follows the key stream by itself, from the pinned
 * keys on: whoever rotated a key, its successor is known here as soon as it signs.
 */
export class TrustedEntries {
  readonly #store: Pick<EventStore, 'readStream'>;
  readonly #origin: string;
  readonly #salts = new Map<string, Uint8Array>();
  #chain: KeyChain;
  #verifier: Verifier;

  constructor(store: Pick<EventStore, 'readStream'>, origin: string, pinned: readonly TrustedKey[]) {
    this.#store = store;
    this.#origin = origin;
    this.#chain = beginKeyChain({ origin, keys: pinned });
    this.#verifier = createVerifier(pinned, { origin });
  }

  /** Reads what the key stream holds beyond what is known. @throws IntegrityError as `followKeys` */
  async followKeys(): Promise<void> {
    for (;;) {
      const fromRevision = this.#chain.state.lastRevision + 1n;
      const page = await this.#store.readStream(keysStream(this.#origin), { fromRevision, maxCount: PAGE });
      if (page.length === 0) return;
      this.#chain = followKeys(this.#chain, page);
      this.#verifier = createVerifier(chainedKeys(this.#chain), { origin: this.#origin });
    }
  }

  /**
   * The entry of an event that is to get `index`.
   * @throws IntegrityError `FOREIGN_EVENT`, `ATTESTATION_INVALID`, `KEY_UNKNOWN`: nobody whose word counts there attested it
   */
  async entryOf(stored: RecordedEvent, index: bigint): Promise<UnsequencedEntry> {
    const opened = openEntry(stored, await this.#saltOf(stored));
    await this.#requireAttested(opened.attestation, index);
    if (opened.streamSalt !== undefined && stored.revision === 0n) this.#remember(stored.stream, opened.streamSalt);
    return {
      stream: stored.stream,
      revision: stored.revision,
      eventId: opened.entry.eventId,
      position: stored.position,
      leafHash: opened.leafHash,
      entry: opened.entryBytes,
    };
  }

  /** An event of the lineage stream, judged as of the size that it speaks of. @throws as `entryOf`, `EVENT_INVALID` */
  async lineageEventOf(stored: RecordedEvent, sizeLeaves: bigint): Promise<LedgerEvent> {
    const opened = openEvent(stored);
    await this.#requireAttested(opened.attestation, sizeLeaves);
    return opened.event;
  }

  async #requireAttested(attestation: Attestation, index: bigint): Promise<void> {
    if (!chainedKeys(this.#chain).some(({ keyId }) => keyId === attestation.keyId)) await this.followKeys();
    this.#verifier.verifyAttestation(attestation);
    const cutOffIndex = cutOffIndexOf(this.#chain, attestation.keyId);
    if (cutOffIndex === undefined || index < cutOffIndex) return;
    throw new IntegrityError('FOREIGN_EVENT', 'the key that attests the event was revoked before this place', {
      keyId: attestation.keyId,
      cutOffIndex: String(cutOffIndex),
      index: String(index),
    });
  }

  async #saltOf({ stream, revision }: RecordedEvent): Promise<Uint8Array | undefined> {
    if (revision === 0n || !isSaltedStream(stream)) return undefined;
    const known = this.#salts.get(stream);
    if (known !== undefined) return known;
    const [first] = await this.#store.readStream(stream, { maxCount: 1 });
    const salt = first === undefined ? undefined : openEntry(first).streamSalt;
    if (salt !== undefined) this.#remember(stream, salt);
    return salt;
  }

  #remember(stream: string, salt: Uint8Array): void {
    if (this.#salts.size >= MAX_SALTS) {
      for (const oldest of this.#salts.keys()) {
        this.#salts.delete(oldest);
        break;
      }
    }
    this.#salts.set(stream, salt);
  }
}

/** `true` for what says that an event is not ours, rather than that something failed. */
export function isForeign(error: unknown): error is IntegrityError {
  return error instanceof LedgerError && error.kind === 'Integrity' && !error.code.startsWith('STORE_');
}
