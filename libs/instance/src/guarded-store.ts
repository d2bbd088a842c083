import { withAppend, type EventStore } from '@writ/event-store';
import type { Lineage } from '@writ/lineage';

/**
 * The store as operations write to it: nothing is appended to one that lacks what this node has seen in it. A backup
 * that was put in its place could otherwise grant again what was granted. The lineage itself writes to the bare store,
 * and asks itself.
 */
export function guardedStore(store: EventStore, lineage: Pick<Lineage, 'requireWritable'>): EventStore {
  return withAppend(store, async (stream, expected, events, options) => {
    lineage.requireWritable();
    return store.append(stream, expected, events, options);
  });
}
