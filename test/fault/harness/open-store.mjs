/**
 * A store from its URL, in a process without a compiler: `memory:` or `sqlite:<path>`. What a suite learns with one
 * driver it asks of all.
 */
import { InMemoryEventStore } from '../../../libs/event-store/dist/index.js';
import { openSqliteEventStore } from '../../../libs/event-store-sqlite/dist/index.js';

export async function openStore(url, options = {}) {
  if (url === 'memory:') return new InMemoryEventStore();
  if (url.startsWith('sqlite:')) {
    return openSqliteEventStore({ path: url.slice('sqlite:'.length), mode: 'create', ...options });
  }
  throw new Error(`no driver for ${url}`);
}
