/**
 * A store from its URL, in a process without a compiler: `memory:`, `sqlite:<path>` or `esdb://…`. What a suite learns
 * with one driver it asks of all.
 */
import { InMemoryEventStore } from '../../../libs/event-store/dist/index.js';
import { openSqliteEventStore } from '../../../libs/event-store-sqlite/dist/index.js';

/** @param options of an embedded store; of the others `readOnly` alone */
export async function openStore(url, options = {}) {
  if (url === 'memory:') return new InMemoryEventStore();
  if (url.startsWith('sqlite:')) {
    return openSqliteEventStore({ path: url.slice('sqlite:'.length), mode: 'create', ...options });
  }
  if (/^esdb(\+discover)?:/.test(url)) {
    // Not loaded where it is not asked for: a suite of the embedded store times how soon its children are ready.
    const { openEventStoreDb } = await import('../../../libs/event-store-eventstoredb/dist/index.js');
    return openEventStoreDb({ connection: url, readOnly: options.readOnly === true });
  }
  throw new Error(`no driver for ${url}`);
}
