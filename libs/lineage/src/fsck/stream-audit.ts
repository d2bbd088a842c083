import { LedgerError } from '@writ/errors';
import type { EventStore, RecordedEvent } from '@writ/event-store';
import type { Findings } from './report.js';

type Streams = Pick<EventStore, 'readStream'>;

/** Streams that are asked for at once. */
const SIDE_BY_SIDE = 32;

/**
 * Looks at each stream as its readers see it. A server can be told to show less of a stream than it holds: by deleting it,
 * by a limit on the number or age of its events, or by naming the first that counts. The order of the whole store shows
 * all of them until they are removed for good, so a first event that is in the order and not in its stream is hidden.
 * All of these ways hide a stream from its beginning on, so that its first event stands for it.
 */
export class StreamAudit {
  readonly #store: Streams;
  readonly #findings: Findings;
  #firsts: RecordedEvent[] = [];

  constructor(store: Streams, findings: Findings) {
    this.#store = store;
    this.#findings = findings;
  }

  /** An event as the order of the store has it. */
  take(stored: RecordedEvent): void {
    if (stored.revision === 0n) this.#firsts.push(stored);
  }

  /** Asks for the streams of all events that were taken since the last time. @throws as the store does */
  async look(): Promise<void> {
    const firsts = this.#firsts;
    this.#firsts = [];
    for (let from = 0; from < firsts.length; from += SIDE_BY_SIDE) {
      await Promise.all(firsts.slice(from, from + SIDE_BY_SIDE).map((first) => this.#compare(first)));
    }
  }

  async #compare({ stream, eventId }: RecordedEvent): Promise<void> {
    const place = { kind: 'hidden', stream, revision: '0', eventId } as const;
    try {
      const [shown] = await this.#store.readStream(stream, { maxCount: 1 });
      if (shown?.revision === 0n && shown.eventId === eventId) return;
      const message =
        shown === undefined ? 'its stream shows no events' : `its stream begins at revision ${String(shown.revision)}`;
      this.#findings.add({ ...place, code: 'EVENT_HIDDEN', message });
    } catch (error) {
      if (!isDeletion(error)) throw error;
      this.#findings.add({ ...place, code: error.code, message: 'its stream was deleted for good' });
    }
  }
}

/** The same store, for who looks for single events: a stream that was deleted for good has none. */
export function withoutTombstones<S extends Streams>(store: S): Streams {
  return {
    readStream: async (stream, options) => {
      try {
        return await store.readStream(stream, options);
      } catch (error) {
        if (isDeletion(error)) return [];
        throw error;
      }
    },
  };
}

function isDeletion(error: unknown): error is LedgerError {
  return error instanceof LedgerError && error.code === 'STREAM_DELETED';
}
