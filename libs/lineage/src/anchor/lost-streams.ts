import { IntegrityError, UnavailableError } from '@writ/errors';
import type { EventStore } from '@writ/event-store';
import type { TrustedKey } from '@writ/evidence';
import { lineageStream } from '@writ/ledger';

import { isForeign, TrustedEntries } from '../sequencing/trusted-entries.js';

export interface LostStreamsPorts {
  readonly store: Pick<EventStore, 'readStream'>;
  readonly origin: string;
  readonly pinned: readonly TrustedKey[];
}

/** The streams of which recoveries say that events are lost. Recoveries are rare, and each is read once. */
export class LostStreams {
  readonly #ports: LostStreamsPorts;
  readonly #lost = new Set<string>();
  /** Revisions of the recoveries that are read. */
  readonly #read = new Set<bigint>();
  #wanted: readonly bigint[] = [];
  #reading: Promise<void> | undefined;

  constructor(ports: LostStreamsPorts) {
    this.#ports = ports;
  }

  /** The lineage holds recoveries at these revisions of its stream. Returns at once; never throws. */
  follow(recoveries: readonly bigint[]): void {
    this.#wanted = recoveries;
    if (this.#isRead() || this.#reading !== undefined) return;
    this.#reading = this.#readWanted()
      // Asked again with the next report; until then no grant is given.
      .catch(() => undefined)
      .finally(() => (this.#reading = undefined));
  }

  /** Settles when what was asked for last is read, or could not be. */
  async settled(): Promise<void> {
    await this.#reading;
  }

  /** @throws IntegrityError `EXECUTION_LOST`; UnavailableError `STORE_UNAVAILABLE` */
  requireIntact(stream: string): void {
    if (!this.#isRead()) {
      throw new UnavailableError('STORE_UNAVAILABLE', 'what was lost in a recovery is not read yet');
    }
    if (!this.#lost.has(stream)) return;
    throw new IntegrityError('EXECUTION_LOST', 'events of this execution were lost; whether it ran is unknown', {
      stream,
    });
  }

  #isRead(): boolean {
    return this.#wanted.every((revision) => this.#read.has(revision));
  }

  async #readWanted(): Promise<void> {
    const { store, origin, pinned } = this.#ports;
    const trusted = new TrustedEntries(store, origin, pinned);
    await trusted.followKeys();
    for (const revision of this.#wanted) {
      if (this.#read.has(revision)) continue;
      const [stored] = await store.readStream(lineageStream(origin), { fromRevision: revision, maxCount: 1 });
      if (stored?.revision !== revision) return;
      try {
        // Whoever followed the stream has judged the event; a key that was revoked since does not unsay a loss.
        const event = await trusted.lineageEventOf(stored, 0n);
        if (event.type === 'LedgerRecovered') for (const stream of event.data.unknown) this.#lost.add(stream);
      } catch (error) {
        if (!isForeign(error)) throw error;
      }
      this.#read.add(revision);
    }
  }
}
