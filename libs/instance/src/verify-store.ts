import { LedgerError, type ErrorCode } from '@writ/errors';
import type { EventStore, RecordedEvent } from '@writ/event-store';
import { chainedKeys, type Trust, type TrustedKey } from '@writ/evidence';
import { openEvent } from '@writ/ledger';
import { reachedKeyChain } from '@writ/lineage';
import { createVerifier, opensslVerify, type Verifier } from '@writ/signing';
import { requireLasting } from './open-store.js';
import { openBegunStore } from './open-store-for-reading.js';
import type { StoreLocation } from './setting-values.js';
import { unprotectedReasons } from './store-protection.js';

/** What reading a whole store against pinned keys came to. */
export interface StoreVerification {
  /** Events read. */
  readonly events: number;
  /** Of those, how many a trusted key signed as they stand. */
  readonly signed: number;
  /** How many events of each type were signed. */
  readonly types: Readonly<Record<string, number>>;
  /** Why the store does not protect what is appended; absent where it does. */
  readonly unprotected?: readonly string[];
  /** The first faults; how many there are in all is `events - signed`. */
  readonly faults: readonly StoreFault[];
}
export interface StoreFault {
  readonly stream: string;
  readonly revision: string;
  readonly code: ErrorCode;
  readonly message: string;
}

const PAGE = 1_024;
const MAX_FAULTS = 100;

/**
 * Reads every event of a store, recomputes its entry and verifies its attestation. The store may be in use; it is not
 * written to. Says which events are *signed*, by a pinned key or one that follows from it; that none is missing, and that
 * no revoked key signed behind its cut-off, only the lineage can tell (`checkLedger`).
 *
 * @throws IntegrityError, UnavailableError when the store cannot be read; RejectedError for a store in memory
 */
export async function verifyStore(
  location: StoreLocation,
  trust: Trust,
  onProgress: (events: number) => void = () => undefined,
): Promise<StoreVerification> {
  const store = await openBegunStore(requireLasting(location));
  try {
    const reading = new Reading(createVerifier(await reachedKeys(store, trust), { origin: trust.origin }));
    for (let page = await store.readAll({ maxCount: PAGE }); page.length > 0;) {
      for (const stored of page) reading.take(stored);
      onProgress(reading.events);
      const { position } = page.at(-1) as RecordedEvent; // not empty
      page = await store.readAll({ maxCount: PAGE, after: position });
    }
    const unprotected = await unprotectedReasons(location);
    return { ...reading.result(), ...(unprotected.length === 0 ? {} : { unprotected }) };
  } finally {
    await store.close();
  }
}

/** The pinned keys and their successors, as far as the key stream leads; what is wrong with it shows as a fault. */
async function reachedKeys(store: EventStore, trust: Trust): Promise<readonly TrustedKey[]> {
  const chain = await reachedKeyChain(store, trust, opensslVerify);
  const followed = chainedKeys(chain).filter(({ keyId }) => trust.keys.every((pinned) => pinned.keyId !== keyId));
  return [...trust.keys, ...followed];
}

class Reading {
  events = 0;
  readonly #verifier: Verifier;
  readonly #salts = new Map<string, Uint8Array>();
  readonly #types: Record<string, number> = {};
  readonly #faults: StoreFault[] = [];
  #signed = 0;

  constructor(verifier: Verifier) {
    this.#verifier = verifier;
  }

  take(stored: RecordedEvent): void {
    this.events += 1;
    try {
      const { attestation, streamSalt } = openEvent(stored, this.#salts.get(stored.stream));
      if (streamSalt !== undefined) this.#salts.set(stored.stream, streamSalt);
      this.#verifier.verifyAttestation(attestation);
      this.#signed += 1;
      this.#types[stored.type] = (this.#types[stored.type] ?? 0) + 1;
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      const { stream, revision } = stored;
      if (this.#faults.length === MAX_FAULTS) return;
      this.#faults.push({ stream, revision: revision.toString(), code: error.code, message: error.message });
    }
  }

  result(): StoreVerification {
    return { events: this.events, signed: this.#signed, types: this.#types, faults: this.#faults };
  }
}
