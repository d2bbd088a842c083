import { readWholeStream, type EventStore, type RecordedEvent } from '@writ/event-store';
import type { FoldExecution } from './fold-execution.js';
import { columnsOf, type ExecutionsView, type RowColumns } from './executions-view.js';
import type { Projector } from './projection.js';
import type { WrittenRow } from './written-rows.js';

const EXECUTION_PREFIX = 'execution-';

/** Rows that are kept for a later batch; they are few, because a batch follows what was written within a moment. */
const MAX_KEPT_ROWS = 8_192;

/**
 * One row per execution that the batch touches. A row is made from the whole stream, so that it never depends on which
 * batches came before: what the batch holds from revision 0 on is used as it is, every other stream is read again.
 *
 * @param writtenHere asks for the rows that this process has come to by itself since the last time. Such a row stands
 *   for the stream up to its event: an event has its id, and its place in the stream, once and for ever. Asked after
 *   the batch was read, so that it covers what the batch holds; what it does not cover is opened and verified.
 */
export function executionsProjector(
  store: Pick<EventStore, 'readStream'>,
  fold: FoldExecution,
  writtenHere: () => Promise<readonly WrittenRow[]> = () => Promise.resolve([]),
): Projector<ExecutionsView> {
  const known = new Map<string, RowColumns>();
  return {
    async project(_view, events) {
      if (known.size > MAX_KEPT_ROWS) known.clear();
      for (const { eventId, columns } of await writtenHere()) known.set(eventId, columns);
      const rows: RowColumns[] = [];
      for (const [stream, ofStream] of byStream(events)) {
        const columns = takeLast(known, ofStream) ?? (await foldStream(store, fold, stream, ofStream));
        if (columns !== undefined) rows.push(columns);
      }
      return (view) => {
        for (const columns of rows) view.put(columns);
      };
    },
  };
}

/** The row that ends with the last of `events`, where there is one; those of the others are no longer needed. */
function takeLast(known: Map<string, RowColumns>, events: readonly RecordedEvent[]): RowColumns | undefined {
  let last: RowColumns | undefined;
  for (const { eventId } of events) {
    last = known.get(eventId);
    if (last !== undefined) known.delete(eventId);
  }
  return last;
}

async function foldStream(
  store: Pick<EventStore, 'readStream'>,
  fold: FoldExecution,
  stream: string,
  events: readonly RecordedEvent[],
): Promise<RowColumns | undefined> {
  const row = fold(events[0]?.revision === 0n ? events : await readWholeStream(store, stream));
  return row === undefined ? undefined : columnsOf(row);
}

function byStream(events: readonly RecordedEvent[]): Map<string, RecordedEvent[]> {
  const streams = new Map<string, RecordedEvent[]>();
  for (const event of events) {
    if (!event.stream.startsWith(EXECUTION_PREFIX)) continue;
    const ofStream = streams.get(event.stream);
    if (ofStream === undefined) streams.set(event.stream, [event]);
    else ofStream.push(event);
  }
  return streams;
}
