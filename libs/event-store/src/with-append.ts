import type { EventStore } from './event-store.js';

/** The same store with another way to append; everything else is handed through. */
export function withAppend(store: EventStore, append: EventStore['append']): EventStore {
  return {
    append,
    readStream: (stream, options) => store.readStream(stream, options),
    readAll: (options) => store.readAll(options),
    subscribe: (options) => store.subscribe(options),
    health: () => store.health(),
    close: () => store.close(),
  };
}
