import { equalBytes } from '@writ/encoding';
import { IntegrityError } from '@writ/errors';
import type { EventStore, RecordedEvent } from '@writ/event-store';
import { isSaltedStream, parseMetadata, streamRefOf } from '@writ/ledger';

/** Streams that are remembered; of others the store is asked again. About 300 bytes each. */
const MAX_STREAMS = 100_000;

/** What is known of a stream before its next event. */
interface StreamPlace {
  lastRevision: bigint;
  salt: Uint8Array | undefined;
  streamRef: string | undefined;
}

/** How an event stands to those of its stream that were read before it. */
export type Contiguity = 'next' | 'gap' | 'again';

/** Follows the streams of a store while it is read in commit order: their salts, and that no revision is left out. */
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

  /** Notes the event as read. Call `recall` before. */
  contiguityOf({ stream, revision }: RecordedEvent): Contiguity {
    const place = this.#placeOf(stream);
    const contiguity = revision === place.lastRevision + 1n ? 'next' : revision > place.lastRevision ? 'gap' : 'again';
    if (revision > place.lastRevision) place.lastRevision = revision;
    return contiguity;
  }

  /**
   * How entries name the stream. `brought`: the salt in the metadata of this event.
   * @throws IntegrityError `FOREIGN_EVENT` where a salt is missing, or is another than that of revision 0
   */
  streamRefFor({ stream, revision }: RecordedEvent, brought: Uint8Array | undefined): string {
    if (!isSaltedStream(stream)) return stream;
    const place = this.#placeOf(stream);
    if (revision === 0n) {
      place.salt = brought;
      place.streamRef = undefined;
    }
    if (place.salt === undefined) throw new IntegrityError('FOREIGN_EVENT', 'the salt of the stream is missing');
    if (brought !== undefined && !equalBytes(brought, place.salt)) {
      throw new IntegrityError('FOREIGN_EVENT', 'the event brings another salt');
    }
    return (place.streamRef ??= streamRefOf(stream, place.salt));
  }

  #placeOf(stream: string): StreamPlace {
    const known = this.#places.get(stream);
    if (known !== undefined) return known;
    if (this.#places.size >= MAX_STREAMS) {
      const [oldest] = this.#places.keys();
      if (oldest !== undefined) this.#places.delete(oldest);
    }
    const place: StreamPlace = { lastRevision: -1n, salt: undefined, streamRef: undefined };
    this.#places.set(stream, place);
    return place;
  }

  async #load({ stream, revision }: RecordedEvent): Promise<void> {
    const place = this.#placeOf(stream);
    const [before] = await this.#store.readStream(stream, { fromRevision: revision - 1n, maxCount: 1 });
    if (before?.revision === revision - 1n) place.lastRevision = before.revision;
    if (!isSaltedStream(stream)) return;
    const [first] = await this.#store.readStream(stream, { maxCount: 1 });
    if (first?.revision === 0n) place.salt = saltIn(first);
  }
}

function saltIn(first: RecordedEvent): Uint8Array | undefined {
  try {
    return parseMetadata(first.metadata).streamSalt;
  } catch {
    // What is wrong with the first event is told where it is read in its turn.
    return undefined;
  }
}
