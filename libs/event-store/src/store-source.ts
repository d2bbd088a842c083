import type { EventStore } from './event-store.js';

/** How a thread gets at the store by itself: a module to import and what to hand to its `openStoreForReading`. */
export interface StoreSource {
  /** `file:` URL of a module that exports `openStoreForReading(location): Promise<EventStore>`. */
  readonly moduleUrl: string;
  /** Structured-cloneable. */
  readonly location: unknown;
}

interface StoreModule {
  readonly openStoreForReading: (location: unknown) => Promise<EventStore>;
}

/** Opens the store that a source names, on the calling thread. Throws as that module's function does. */
export async function openStoreSource({ moduleUrl, location }: StoreSource): Promise<EventStore> {
  const { openStoreForReading } = (await import(moduleUrl)) as StoreModule;
  return openStoreForReading(location);
}
