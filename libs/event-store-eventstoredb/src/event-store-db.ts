import { UnavailableError } from '@writ/errors';
import type { EventStore } from '@writ/event-store';
import { parseConnection } from './connection.js';

export interface EventStoreDbOptions {
  /** `esdb://…` or `esdb+discover://…`; see `parseConnection`. Holds a password: never print it. */
  readonly connection: string;
  /** Appends are refused with `STORE_READ_ONLY`. */
  readonly readOnly?: boolean;
  /** Appends that may wait for an answer; beyond it `OVERLOADED`. Default 8,192. */
  readonly maxQueuedAppends?: number;
  /** Bytes of data and metadata that may wait; beyond it `OVERLOADED`. Default 64 MiB. */
  readonly maxQueuedBytes?: number;
}

export async function openEventStoreDb(options: EventStoreDbOptions): Promise<EventStore> {
  parseConnection(options.connection);
  throw new UnavailableError('STORE_UNAVAILABLE', 'the driver of EventStoreDB is not complete');
}
