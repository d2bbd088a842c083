import { LedgerError } from '@writ/errors';
import type { EventStore, RecordedEvent } from '@writ/event-store';
import { attestedEntry, isSaltedStream, type StreamNaming } from '@writ/ledger';

/** Streams that are remembered; of others the store is asked again. About 300 bytes each. */
const MAX_STREAMS = 100_000;

/** How an event stands to those of its stream that were read before it. */
export type Contiguity = 'next' | 'gap' | 'again';

/** What is known of a stream before its next event. */
export class StreamPlace {
  #lastRevision = -1n;
  /** How entries name the stream, as its first event told; `undefined` where that is not known. */
  naming: StreamNaming | undefined;

  /** Notes the event as read. */
  take(revision: bigint): Contiguity {
    const contiguity = revision === this.#lastRevision + 1n ? 'next' : revision > this.#lastRevision ? 'gap' : 'again';
    if (revision > this.#lastRevision) this.#lastRevision = revision;
    return contiguity;
  }
}

/** Follows the streams of a store while it is read in commit order: their names in entries, and that no revision is left out. */
export class StreamPlaces {
  readonly #store: Pick<EventStore, 'readStream'>;
  readonly #places = new Map<string, StreamPlace>();

  constructor(store: Pick<EventStore, 'readStream'>) {
    this.#store = store;
  }

  /** Asks the store for what is not remembered; `undefined`, so that nobody waits for nothing, where all is. */
  recall(event: RecordedEvent): Promise<void> | undefined {
    return event.revision === 0n || this.#places.has(event.stream) ? undefined : this.#load(event);
  }

  /** Of the stream of an event. Call `recall` before. */
  placeOf(stream: string): StreamPlace {
    const known = this.#places.get(stream);
    if (known !== undefined) return known;
    if (this.#places.size >= MAX_STREAMS) {
      const [oldest] = this.#places.keys();
      if (oldest !== undefined) this.#places.delete(oldest);
    }
    const place = new StreamPlace();
    this.#places.set(stream, place);
    return place;
  }

  async #load({ stream, revision }: RecordedEvent): Promise<void> {
    const place = this.placeOf(stream);
    const [before] = await this.#store.readStream(stream, { fromRevision: revision - 1n, maxCount: 1 });
    if (before?.revision === revision - 1n) place.take(before.revision);
    if (!isSaltedStream(stream)) return;
    const [first] = await this.#store.readStream(stream, { maxCount: 1 });
    if (first?.revision === 0n) place.naming = namingIn(first);
  }
}

function namingIn(first: RecordedEvent): StreamNaming | undefined {
  try {
    return attestedEntry(first).naming;
  } catch (error) {
    // What is wrong with the first event is told where it is read in its turn.
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}
