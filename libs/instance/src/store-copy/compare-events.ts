import { toBase64 } from '@writ/encoding';
import { sameEvent, type EventStore, type RecordedEvent } from '@writ/event-store';
import { RecordedHead } from '@writ/lineage';
import { eventsInOrder } from './events-in-order.js';

/** What one store holds, as it was read. */
export interface StoreTally {
  readonly events: number;
  readonly types: Readonly<Record<string, number>>;
  /** The tree that its events record; the root is base64, recomputed from the leaves. */
  readonly lineage: { readonly sizeLeaves: bigint; readonly root: string };
}

/** Where an event stands. */
export interface EventPlace {
  readonly stream: string;
  readonly revision: string;
  readonly eventId: string;
}

export interface Comparison {
  /** `source_longer`: the target is the beginning of the source. */
  readonly outcome: 'same' | 'source_longer' | 'target_longer' | 'different';
  /** Events, from the first on, in which both agree. */
  readonly same: number;
  /** Position in the source of the last of them; `undefined` where there is none. */
  readonly through: bigint | undefined;
  /** The first place where they do not agree; absent where both end. */
  readonly at: { readonly source?: EventPlace; readonly target?: EventPlace };
  readonly source: StoreTally;
  readonly target: StoreTally;
}

export interface ReadingOptions {
  readonly onProgress?: ((events: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Readable = Pick<EventStore, 'readAll'>;

/**
 * Reads two stores side by side, in commit order, up to the first difference: every event must have the same stream,
 * revision, id, type, version and bytes. Positions may differ: they are each store's own.
 * @throws as the stores do; DOMException `AbortError` when `signal` aborts
 */
export async function compareEvents(
  source: Readable,
  target: Readable,
  { onProgress, signal }: ReadingOptions = {},
): Promise<Comparison> {
  const [left, right] = [eventsInOrder(source), eventsInOrder(target)];
  const tallies = { source: new Tally(), target: new Tally() };
  let through: bigint | undefined;
  for (;;) {
    signal?.throwIfAborted();
    const [a, b] = await Promise.all([next(left), next(right)]);
    if (a === undefined || b === undefined || !isSame(a, b)) {
      return {
        outcome: outcomeOf(a, b),
        same: tallies.source.events,
        through,
        at: { ...(a && { source: placeOf(a) }), ...(b && { target: placeOf(b) }) },
        source: tallies.source.result(),
        target: tallies.target.result(),
      };
    }
    tallies.source.take(a);
    tallies.target.take(b);
    through = a.position;
    onProgress?.(tallies.source.events);
  }
}

async function next(events: AsyncGenerator<RecordedEvent>): Promise<RecordedEvent | undefined> {
  const step = await events.next();
  return step.done === true ? undefined : step.value;
}

function outcomeOf(a: RecordedEvent | undefined, b: RecordedEvent | undefined): Comparison['outcome'] {
  if (a !== undefined && b !== undefined) return 'different';
  if (a !== undefined) return 'source_longer';
  return b === undefined ? 'same' : 'target_longer';
}

function isSame(a: RecordedEvent, b: RecordedEvent): boolean {
  return a.stream === b.stream && a.revision === b.revision && sameEvent(a, b);
}

function placeOf({ stream, revision, eventId }: RecordedEvent): EventPlace {
  return { stream, revision: String(revision), eventId };
}

class Tally {
  events = 0;
  readonly #types = new Map<string, number>();
  readonly #head = new RecordedHead();

  take(event: RecordedEvent): void {
    this.events += 1;
    this.#types.set(event.type, (this.#types.get(event.type) ?? 0) + 1);
    this.#head.take(event);
  }

  result(): StoreTally {
    return {
      events: this.events,
      types: Object.fromEntries([...this.#types].sort(([a], [b]) => (a < b ? -1 : 1))),
      lineage: { sizeLeaves: this.#head.sizeLeaves, root: toBase64(this.#head.root()) },
    };
  }
}
