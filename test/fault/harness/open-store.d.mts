import type { EventStore } from '@writ/event-store';
import type { SqliteEventStoreOptions } from '@writ/event-store-sqlite';

export function openStore(url: string, options?: Partial<SqliteEventStoreOptions>): Promise<EventStore>;
