import type { EventStore, RecordedEvent } from '@writ/event-store';
import type { ViewFile } from './view-file.js';

const BATCH_EVENTS = 2_000;
/** Between batches: events pile up meanwhile, so that a busy ledger pays for few, large transactions. */
const PAUSE_MS = 100;

/** Turns events into changes of a view. Applying the same events again must change nothing. */
export interface Projector<V> {
  project(view: V, events: readonly RecordedEvent[]): Promise<(view: V) => void>;
}

/**
 * Applies every event after the view's position, and goes on as they come, until `signal` aborts. Each batch is
 * read, projected, and written together with its position; killed anywhere, it goes on from the last whole batch.
 */
export async function runProjection<V>(
  store: EventStore,
  file: ViewFile<V>,
  projector: Projector<V>,
  signal: AbortSignal,
): Promise<void> {
  await beginAgainWhereMoved(store, file);
  while (!signal.aborted) {
    const caughtUp = await applyNextBatch(store, file, projector);
    if (!signal.aborted && caughtUp) await pause(PAUSE_MS, signal);
  }
}

/**
 * A position is one store's own. Where the view's last event does not stand at it, the ledger was moved or set back, and
 * the view begins again from the first event.
 */
async function beginAgainWhereMoved<V>(store: Pick<EventStore, 'readStream'>, file: ViewFile<V>): Promise<void> {
  const { last } = file;
  if (last === undefined) return;
  const [found] = await store.readStream(last.stream, { fromRevision: last.revision, maxCount: 1 });
  if (found?.eventId !== last.eventId || found.position !== last.position) file.rewind();
}

/** Applies one batch. `true` when the view then contained all that the store held when the batch was read. */
export async function applyNextBatch<V>(
  store: EventStore,
  file: ViewFile<V>,
  projector: Projector<V>,
): Promise<boolean> {
  const after = file.position;
  const events = await store.readAll({ ...(after === undefined ? {} : { after }), maxCount: BATCH_EVENTS });
  const last = events.at(-1);
  if (last === undefined) return true;
  const change = await projector.project(file.view, events);
  file.advance(last, change);
  return events.length < BATCH_EVENTS;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
