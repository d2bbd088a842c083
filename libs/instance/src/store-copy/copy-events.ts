import { setTimeout as pause } from 'node:timers/promises';
import { ConflictError, IntegrityError, UnavailableError } from '@writ/errors';
import { appendSurely, type EventStore, type RecordedEvent } from '@writ/event-store';
import { compareEvents, type Comparison, type ReadingOptions, type StoreTally } from './compare-events.js';
import { eventsInOrder, runsOf } from './events-in-order.js';

/** What a copy came to. */
export interface EventsCopied extends StoreTally {
  /** Events that were there when it began. */
  readonly found: number;
  /** Events that it wrote. */
  readonly copied: number;
}

export interface CopyEventsOptions {
  readonly source: Pick<EventStore, 'readAll' | 'readStream'>;
  readonly target: Pick<EventStore, 'readAll' | 'append'>;
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
  /** Ends between two appends; what was copied stays, and the next copy goes on behind it. */
  readonly signal?: AbortSignal | undefined;
  /** How long a target that does not answer is waited for, in milliseconds; default 30,000. */
  readonly patienceMs?: number | undefined;
}

export interface CopyProgress {
  readonly phase: 'find' | 'copy' | 'compare';
  /** In this phase. */
  readonly events: number;
}

type Run = readonly [RecordedEvent, ...RecordedEvent[]];

const PATIENCE_MS = 30_000;
const RETRY_MS = 500;

/**
 * Brings every event of `source` into `target`: the same bytes, ids and revisions, in the same commit order. One append
 * goes after the other, because the order of the store is the order of the indices (docs/decisions/0010-store-copy.md);
 * so whenever it ends, the target is the beginning of the source, and that is how the next copy knows where to go on.
 *
 * @throws ConflictError `STORE_COPY_CONFLICT` where the target holds anything but the beginning of the source (then
 *   nothing is written), or one of them was written to meanwhile
 * @throws IntegrityError `STORE_CORRUPT` where the source lacks an event in the middle of a stream
 * @throws UnavailableError when one of them stays away: copy again; DOMException `AbortError` when `signal` aborts
 */
export async function copyEvents(options: CopyEventsOptions): Promise<EventsCopied> {
  const { source, target, signal } = options;
  // 1. What is there already; it must be the beginning.
  const found = await compareEvents(source, target, reading(options, 'find'));
  requireBeginning(found);
  // 2. The rest. A crash behind any append leaves a longer beginning.
  let copied = 0;
  for await (const run of runsOf(eventsInOrder(source, found.through))) {
    signal?.throwIfAborted();
    await appendRun(options, run);
    copied += run.length;
    options.onProgress?.({ phase: 'copy', events: found.same + copied });
  }
  // 3. Both, from the first event to the last, as they stand now.
  const compared = await compareEvents(source, target, reading(options, 'compare'));
  requireSame(compared);
  return { ...compared.target, found: found.same, copied };
}

function reading({ onProgress, signal }: CopyEventsOptions, phase: 'find' | 'compare'): ReadingOptions {
  return { signal, onProgress: onProgress && ((events) => onProgress({ phase, events })) };
}

function requireBeginning(found: Comparison): void {
  if (found.outcome === 'same' || found.outcome === 'source_longer') return;
  throw copyConflict('the target holds something else than the beginning of the source; nothing was written', found);
}

function requireSame({ outcome, ...compared }: Comparison): void {
  if (outcome === 'source_longer') {
    throw copyConflict('the source has grown meanwhile: stop all who write to it, and copy again', compared);
  }
  if (outcome !== 'same') throw copyConflict('the target is not what was copied: somebody else writes to it', compared);
  const [from, to] = [compared.source.lineage, compared.target.lineage];
  if (from.sizeLeaves === to.sizeLeaves && from.root === to.root) return;
  throw copyConflict('the copy records another tree than the source', compared);
}

function copyConflict(message: string, { same, at }: Pick<Comparison, 'same' | 'at'>): ConflictError {
  return new ConflictError('STORE_COPY_CONFLICT', message, { sameEvents: same, ...at });
}

/** The same events, at the same place, until the target says that they are durable there. */
async function appendRun(options: CopyEventsOptions, run: Run): Promise<void> {
  const [{ stream, revision }] = run;
  const expected = revision === 0n ? 'no_stream' : revision - 1n;
  const giveUpAt = performance.now() + (options.patienceMs ?? PATIENCE_MS);
  for (;;) {
    try {
      const result = await appendSurely({ store: options.target, stream }, expected, run);
      if (result !== 'lost_race') return;
      await requireWhole(options.source, run);
      throw new ConflictError('STORE_COPY_CONFLICT', 'the stream in the target stands elsewhere than was copied to', {
        stream,
        revision: String(revision),
      });
    } catch (error) {
      // An unknown outcome too: the same append again finds its events, or writes them.
      if (!(error instanceof UnavailableError) || performance.now() > giveUpAt) throw error;
      await pause(RETRY_MS, undefined, options.signal && { signal: options.signal });
    }
  }
}

/** Where the event before this one is missing in the source, no copy of it can be made. */
async function requireWhole(source: Pick<EventStore, 'readStream'>, [{ stream, revision }]: Run): Promise<void> {
  if (revision === 0n) return;
  const [before] = await source.readStream(stream, { fromRevision: revision - 1n, maxCount: 1 });
  if (before?.revision === revision - 1n) return;
  throw new IntegrityError('STORE_CORRUPT', 'the source lacks an event in the middle of a stream: see `writ fsck`', {
    stream,
    missingRevision: String(revision - 1n),
  });
}
