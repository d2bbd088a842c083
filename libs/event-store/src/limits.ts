/**
 * What every driver accepts. The figures are what the narrowest store can hold: EventStoreDB refuses an append with
 * more than 1,048,576 bytes of data, and an index key of 512 bytes fits every B-tree page.
 */
export const EVENT_STORE_LIMITS = {
  eventsPerAppend: 256,
  /** Data and metadata of one event together. */
  bytesPerEvent: 512 * 1024,
  /** Data of all events of one append. */
  dataBytesPerAppend: 1_000_000,
  /** Metadata of all events of one append. */
  metadataBytesPerAppend: 1_000_000,
  streamNameBytes: 512,
  typeLength: 128,
  typeVersion: 0x7fff_ffff,
  eventsPerRead: 4_096,
  /** Revisions and positions are signed 64-bit numbers in every store. */
  revision: 2n ** 63n - 1n,
  timeoutMs: 600_000,
} as const;

/** How long an append waits for its answer when the caller does not say. */
export const DEFAULT_APPEND_TIMEOUT_MS = 10_000;
