import { readWholeStream, type EventStore, type RecordedEvent } from '@writ/event-store';
import type { ExecutionRow } from '@writ/operations';
import type { FoldExecution } from './fold-execution.js';
import type { ExecutionsView } from './executions-view.js';
import type { Projector } from './projection.js';

const EXECUTION_PREFIX = 'execution-';

/**
 * One row per execution that the batch touches. A row is made from the whole stream, so that it never depends on which
 * batches came before: what the batch holds from revision 0 on is used as it is, every other stream is read again.
 */
export function executionsProjector(
  store: Pick<EventStore, 'readStream'>,
  fold: FoldExecution,
): Projector<ExecutionsView> {
  return {
    async project(_view, events) {
      const rows: ExecutionRow[] = [];
      for (const [stream, ofStream] of byStream(events)) {
        const whole = ofStream[0]?.revision === 0n ? ofStream : await readWholeStream(store, stream);
        const row = fold(whole);
        if (row !== undefined) rows.push(row);
      }
      return (view) => {
        for (const row of rows) view.put(row);
      };
    },
  };
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
