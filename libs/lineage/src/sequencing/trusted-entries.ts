import { utf8 } from '@writ/encoding';
import { IntegrityError, LedgerError } from '@writ/errors';
import type { EventStore, RecordedEvent } from '@writ/event-store';
import { beginKeyChain, chainedKeys, cutOffIndexOf, followKeys, type KeyChain, type TrustedKey } from '@writ/evidence';
import {
  attestedEntry,
  isSaltedStream,
  keysStream,
  openEvent,
  type Attestation,
  type LedgerEvent,
  type StreamNaming,
} from '@writ/ledger';
import { createVerifier, type Verifier } from '@writ/signing';

import type { UnsequencedEntry } from './sequenced-batch.js';

/** Salted streams whose name in entries is remembered; of any other the first event is read again. */
const MAX_NAMES = 20_000;
const PAGE = 256;

/**
 * Tells events that a key of this ledger attested from all others. Follows the key stream by itself, from the pinned
 * keys on: whoever rotated a key, its successor is known here as soon as it signs.
 */
export class TrustedEntries {
  readonly #store: Pick<EventStore, 'readStream'>;
  readonly #origin: string;
  readonly #names = new Map<string, StreamNaming>();
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
    const known = this.#names.get(stored.stream) ?? (await this.#namingOf(stored));
    const { eventId, leafHash, attestation, naming } = attestedEntry(stored, known);
    await this.#requireAttested(attestation, index);
    if (known === undefined && naming.salt !== undefined) this.#remember(stored.stream, naming);
    const { stream, revision, position } = stored;
    return { stream, revision, eventId, position, leafHash, entry: utf8(attestation.entry) };
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

  async #namingOf({ stream, revision }: RecordedEvent): Promise<StreamNaming | undefined> {
    if (revision === 0n || !isSaltedStream(stream)) return undefined;
    const [first] = await this.#store.readStream(stream, { maxCount: 1 });
    if (first === undefined) return undefined;
    const { naming } = attestedEntry(first);
    this.#remember(stream, naming);
    return naming;
  }

  #remember(stream: string, naming: StreamNaming): void {
    if (this.#names.size >= MAX_NAMES) {
      for (const oldest of this.#names.keys()) {
        this.#names.delete(oldest);
        break;
      }
    }
    this.#names.set(stream, naming);
  }
}

/** `true` for what says that an event is not ours, rather than that something failed. */
export function isForeign(error: unknown): error is IntegrityError {
  return error instanceof LedgerError && error.kind === 'Integrity' && !error.code.startsWith('STORE_');
}
