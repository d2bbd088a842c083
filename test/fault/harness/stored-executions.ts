import { openStore } from './open-store.mjs';

/** What stands in the store, read past the server: types and event ids of every execution, by stream name. */
export interface StoredExecution {
  readonly types: readonly string[];
  readonly eventIds: readonly string[];
}

export async function storedExecutions(url: string): Promise<ReadonlyMap<string, StoredExecution>> {
  const store = await openStore(url, { mode: 'existing', readOnly: true });
  const found = new Map<string, { types: string[]; eventIds: string[] }>();
  try {
    for (let page = await store.readAll({ maxCount: 4_096 }); page.length > 0;) {
      for (const { stream, type, eventId } of page.filter((event) => event.stream.startsWith('execution-'))) {
        const execution = found.get(stream) ?? { types: [], eventIds: [] };
        execution.types.push(type);
        execution.eventIds.push(eventId);
        found.set(stream, execution);
      }
      const after = page.at(-1)?.position;
      page = after === undefined ? [] : await store.readAll({ maxCount: 4_096, after });
    }
  } finally {
    await store.close();
  }
  return found;
}
