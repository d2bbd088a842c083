import type { EventStore, ReadAllOptions, ReadStreamOptions, RecordedEvent } from '@writ/event-store';

/**
 * A store that is opened when it is first read, and opened anew after a read that failed: a thread that follows a store
 * outlives its outages.
 */
export class LateStore implements Pick<EventStore, 'readAll' | 'readStream'> {
  readonly #openStore: () => Promise<EventStore>;
  #opened: Promise<EventStore> | undefined;

  constructor(openStore: () => Promise<EventStore>) {
    this.#openStore = openStore;
  }

  readAll(options: ReadAllOptions): Promise<readonly RecordedEvent[]> {
    return this.#read((store) => store.readAll(options));
  }

  readStream(stream: string, options?: ReadStreamOptions): Promise<readonly RecordedEvent[]> {
    return this.#read((store) => store.readStream(stream, options));
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await (await opened?.catch(() => undefined))?.close();
  }

  async #read<T>(read: (store: EventStore) => Promise<T>): Promise<T> {
    this.#opened ??= this.#openStore();
    try {
      return await read(await this.#opened);
    } catch (error) {
      await this.close().catch(() => undefined);
      throw error;
    }
  }
}
