/**
 * The port to the place where events are kept. It knows envelopes, not what is in them.
 *
 * **Order.** Events of one stream have revisions 0, 1, 2 … without a gap. All events of the store have a total order
 * of positions, strictly increasing, gaps allowed. A position is good for resuming and for nothing else.
 *
 * **Durability.** `append` settles with a result only after the events would survive a power cut. An error of kind
 * `Rejected`, `Conflict` or `Integrity`, and `Unavailable` without `mayHaveHappened`, means: surely not appended.
 * `STORE_OUTCOME_UNKNOWN` (its details say `mayHaveHappened: true`) means: nobody knows yet; the same append, with the
 * same event ids and the same expected revision, may be sent again and then tells the truth.
 *
 * **Concurrency.** Of any number of appends that expect the same revision of a stream, from any number of processes,
 * one wins; each other gets `REVISION_CONFLICT` with `details.actualRevision` (decimal string or `no_stream`).
 *
 * **Idempotence.** An append whose event ids, types and bytes all equal what stands at the expected place is answered
 * with the original revisions and positions and `alreadyAppended: true`, for ever. The same ids at that place of that
 * stream with other content, in another order, or together with other events are `EVENT_ID_REUSED`. An id that is used
 * again in another stream, or at a later place, is a caller's mistake that a driver may find (then it is
 * `EVENT_ID_REUSED` too) but need not: a store that keeps no index of ids would have to search everything it holds. Ids
 * are fresh for each attempt, so nothing rests on that. Nor does a driver need to tell two processes apart that send the
 * same ids at the same moment: each may be answered as if it had been the writer.
 *
 * **Arguments** outside `EVENT_STORE_LIMITS` are refused by every driver alike, before anything is sent
 * (`REQUEST_INVALID`, `NAME_INVALID`, `EVENT_TOO_LARGE`). A closed store answers `STORE_UNAVAILABLE`.
 *
 * **Reading.** Reads see every append that was answered before the read began (read your writes). A reader never sees
 * half an append.
 */
export interface EventStore {
  /** Appends 1 to 256 events atomically to one stream. Bytes are copied before the call returns. */
  append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
    options?: AppendOptions,
  ): Promise<AppendResult>;
  /** The events of one stream in order, from `fromRevision` on, at most `maxCount`; empty when there are none. */
  readStream(stream: string, options?: ReadStreamOptions): Promise<readonly RecordedEvent[]>;
  /** The events of the whole store after a position (exclusive; `undefined`: from the start), in commit order, at most `maxCount`. */
  readAll(options: ReadAllOptions): Promise<readonly RecordedEvent[]>;
  /**
   * Every event after a position, each once and in commit order, first those that are there, then as they come, until
   * `signal` aborts (ends without an error) or the store fails (throws `Unavailable`: subscribe again from the last
   * position that you handled).
   */
  subscribe(options: SubscribeOptions): AsyncIterable<RecordedEvent>;
  /** What the store can do now. Never throws; bounded in time (250 ms). */
  health(): Promise<StoreHealth>;
  /** Takes no new appends, settles those under way, and lets go of the store. Idempotent. */
  close(): Promise<void>;
}

/** Where the stream must stand: not there at all, or with exactly this last revision. */
export type ExpectedRevision = 'no_stream' | bigint;

export interface NewEvent {
  /** UUID in lower case (RFC 9562), ascending where speed matters (version 7); fresh for each attempt, kept across retries of that attempt. */
  readonly eventId: string;
  readonly type: string;
  /** Version of the type's data; from 1. */
  readonly typeVersion: number;
  /** Canonical JSON: what is proven. */
  readonly data: Uint8Array;
  /** JSON: openings, attestation, tracing ids. Not part of the data digest; compared on a retry all the same. */
  readonly metadata: Uint8Array;
}

export interface RecordedEvent extends NewEvent {
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
}

export interface AppendOptions {
  /** Gives up waiting after this many milliseconds, with `STORE_OUTCOME_UNKNOWN`; default 10,000. */
  readonly timeoutMs?: number;
}

export interface AppendResult {
  readonly firstRevision: bigint;
  readonly lastRevision: bigint;
  /** Position of the last event of the append. */
  readonly position: bigint;
  /** `true` when the events were there already: this call wrote nothing. */
  readonly alreadyAppended: boolean;
}

export interface ReadStreamOptions {
  /** First revision to return; default 0. */
  readonly fromRevision?: bigint;
  /** 1 to 4,096; default 4,096. */
  readonly maxCount?: number;
}

export interface ReadAllOptions {
  readonly after?: bigint;
  /** 1 to 4,096. */
  readonly maxCount: number;
}

export interface SubscribeOptions {
  readonly after?: bigint;
  readonly signal: AbortSignal;
}

export type StoreHealth =
  | { readonly state: 'writable' }
  /** Reads work, appends are refused with `code`. */
  | { readonly state: 'read_only'; readonly code: StoreHealthCode }
  | { readonly state: 'down'; readonly code: StoreHealthCode };

export type StoreHealthCode = 'STORE_UNAVAILABLE' | 'STORE_FULL' | 'STORE_READ_ONLY' | 'STORE_LOCKED' | 'STORE_CORRUPT';
