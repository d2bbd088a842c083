import { randomUUID } from 'node:crypto';
import {
  DELETED_REVISION,
  isMetastream,
  isSoftDeletion,
  metastreamOf,
  parseStreamMetadata,
  type Expectation,
  type LogRecord,
  type ProposedRecord,
  type StreamMetadata,
} from './records.js';

export type AppendOutcome =
  | { readonly kind: 'written'; readonly lastRevision: bigint; readonly position: bigint | undefined }
  /** Taken for a repetition: success with what stands there (K1, K2); without a position where it is hidden (K4). */
  | { readonly kind: 'repeated'; readonly lastRevision: bigint; readonly position: bigint | undefined }
  | { readonly kind: 'wrong_expected_version'; readonly actual: bigint | 'no_stream' }
  | { readonly kind: 'deleted' }
  /** The server throws inside and never answers (K3). */
  | { readonly kind: 'silence' };

const NO_EVENTS = -1n;
const written = (lastRevision: bigint, position?: bigint): AppendOutcome => ({
  kind: 'written',
  lastRevision,
  position,
});

/**
 * The log of one node, in memory, with the server's own idea of what a repeated append is: event ids alone, at the
 * expected place (K1, K2), or wherever it remembers them under `any` (K3).
 */
export class EventLog {
  readonly #records: LogRecord[] = [];
  readonly #streams = new Map<string, LogRecord[]>();
  readonly #tombstones = new Set<string>();
  readonly #listeners = new Set<() => void>();
  /** Ids that `any` still knows, each where it was first written: lost with the process. */
  readonly #remembered = new Map<string, LogRecord>();
  #nextPosition = 0n;

  constructor() {
    // K7: a new node has events of its own before ours.
    const systemEvent = (type: string): ProposedRecord => ({
      id: randomUUID(),
      type,
      isJson: true,
      data: Buffer.from('{}'),
      metadata: new Uint8Array(),
    });
    this.#store(metastreamOf('$stats-0'), [systemEvent('$metadata')]);
    this.#store('$user-admin', [systemEvent('$UserCreated')]);
  }

  get records(): readonly LogRecord[] {
    return this.#records;
  }

  /** Where the next record will begin. */
  get end(): bigint {
    return this.#nextPosition;
  }

  /** Everything that was ever written to the stream, hidden or not: what a test holds answers against. */
  recordsOf(stream: string): readonly LogRecord[] {
    return this.#streams.get(stream) ?? [];
  }

  isTombstoned(stream: string): boolean {
    return this.#tombstones.has(stream);
  }

  lastRevision(stream: string): bigint {
    return this.recordsOf(stream).at(-1)?.revision ?? NO_EVENTS;
  }

  metadataOf(stream: string): StreamMetadata {
    if (isMetastream(stream)) return { $maxCount: 1 };
    const last = this.recordsOf(metastreamOf(stream)).at(-1);
    return last === undefined ? {} : parseStreamMetadata(last.data);
  }

  /** What a reader of the stream gets to see: limits hide, they never renumber (K5). */
  visibleRecordsOf(stream: string): readonly LogRecord[] {
    const { $maxCount, $maxAge, $tb } = this.metadataOf(stream);
    if ($maxCount === undefined && $maxAge === undefined && $tb === undefined) return this.recordsOf(stream);
    const from = $tb === undefined ? 0n : BigInt($tb);
    const afterCount = $maxCount === undefined ? NO_EVENTS : this.lastRevision(stream) - BigInt($maxCount);
    const youngMs = $maxAge === undefined ? -Infinity : Date.now() - $maxAge * 1000;
    return this.recordsOf(stream).filter(
      ({ revision, createdMs }) => revision >= from && revision > afterCount && createdMs > youngMs,
    );
  }

  isMissing(stream: string): boolean {
    return this.lastRevision(stream) === NO_EVENTS || isSoftDeletion(this.metadataOf(stream));
  }

  /** Index in `records` of the first record at or after a position. */
  indexAtOrAfter(position: bigint): number {
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#records[middle]?.position ?? 0n) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Calls back after each write, until the returned function is called. */
  onWrite(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  append(stream: string, expected: Expectation, events: readonly ProposedRecord[]): AppendOutcome {
    const last = this.lastRevision(stream);
    if (this.isTombstoned(stream)) return { kind: 'deleted' };
    if (events.length === 0) return written(last, this.end);
    const verdict =
      expected === 'any' || expected === 'stream_exists'
        ? this.#judgeUnplaced(stream, expected, events)
        : this.#judgePlaced(stream, expected === 'no_stream' ? NO_EVENTS : expected, events);
    if (verdict !== 'write') return verdict;
    const reopens = isSoftDeletion(this.metadataOf(stream));
    const stored = this.#store(stream, events);
    if (reopens) this.#reopen(stream, last + 1n);
    for (const listener of this.#listeners) listener();
    return written(stored.revision, stored.position);
  }

  /** Soft delete: the stream reads as missing, its numbers go on (K4). */
  delete(stream: string, expected: Expectation): AppendOutcome {
    const refusal = this.#refuseDeletion(stream, expected);
    if (refusal !== undefined) return refusal;
    const mark = this.#writeMetadata(stream, `{"$tb":${DELETED_REVISION}}`);
    return written(mark.revision, mark.position);
  }

  /** Hard delete: nothing can be written to the stream again. */
  tombstone(stream: string, expected: Expectation): AppendOutcome {
    const refusal = this.#refuseDeletion(stream, expected);
    if (refusal !== undefined) return refusal;
    this.#tombstones.add(stream);
    const record = this.#push({
      stream,
      revision: DELETED_REVISION,
      id: randomUUID(),
      type: '$streamDeleted',
      isJson: true,
      data: new Uint8Array(),
      metadata: new Uint8Array(),
    });
    for (const listener of this.#listeners) listener();
    return written(record.revision, record.position);
  }

  /** What a restart of the process loses (K3). */
  forgetIds(): void {
    this.#remembered.clear();
  }

  #judgePlaced(stream: string, expected: bigint, events: readonly ProposedRecord[]): AppendOutcome | 'write' {
    const last = this.lastRevision(stream);
    const wrong: AppendOutcome = { kind: 'wrong_expected_version', actual: last === NO_EVENTS ? 'no_stream' : last };
    if (expected > last) return wrong;
    if (expected === last) return 'write';
    const there = this.recordsOf(stream);
    const firstNew = events.findIndex(({ id }, at) => there[Number(expected) + 1 + at]?.id !== id);
    if (firstNew === -1) return this.#repeated(stream, expected + BigInt(events.length));
    const reopens = firstNew === 0 && expected === NO_EVENTS && isSoftDeletion(this.metadataOf(stream));
    return reopens ? 'write' : wrong;
  }

  #judgeUnplaced(
    stream: string,
    expected: 'any' | 'stream_exists',
    events: readonly ProposedRecord[],
  ): AppendOutcome | 'write' {
    const last = this.lastRevision(stream);
    const wrong: AppendOutcome = { kind: 'wrong_expected_version', actual: last === NO_EVENTS ? 'no_stream' : last };
    if (expected === 'stream_exists' && isSoftDeletion(this.metadataOf(stream))) return { kind: 'deleted' };
    if (expected === 'stream_exists' && last === NO_EVENTS) return wrong;
    const known = events
      .map(({ id }) => this.#remembered.get(id))
      .map((record) => (record?.stream === stream ? record : undefined));
    if (known[0] === undefined) return 'write';
    if (known.includes(undefined)) return wrong;
    const revisions = known.flatMap((record) => record?.revision ?? []);
    const inOrder = revisions.every((revision, at) => at === 0 || revision > (revisions[at - 1] ?? 0n));
    return inOrder ? this.#repeated(stream, revisions.at(-1) ?? NO_EVENTS) : { kind: 'silence' };
  }

  #repeated(stream: string, lastRevision: bigint): AppendOutcome {
    const visible = this.isMissing(stream) ? [] : this.visibleRecordsOf(stream);
    const position = visible.find(({ revision }) => revision === lastRevision)?.position;
    return { kind: 'repeated', lastRevision, position };
  }

  #refuseDeletion(stream: string, expected: Expectation): AppendOutcome | undefined {
    const last = this.lastRevision(stream);
    if (this.isTombstoned(stream)) return { kind: 'deleted' };
    const stands = last === NO_EVENTS ? 'no_stream' : last;
    const unplaced = expected === 'any' || expected === 'stream_exists';
    const fits = unplaced ? last !== NO_EVENTS : expected === stands;
    return fits ? undefined : { kind: 'wrong_expected_version', actual: stands };
  }

  /** The mark goes up to the first new event: what was deleted stays hidden. */
  #reopen(stream: string, from: bigint): void {
    const kept = { ...this.metadataOf(stream), $tb: Number(from) };
    this.#writeMetadata(stream, JSON.stringify(kept));
  }

  #writeMetadata(stream: string, json: string): LogRecord {
    const data = Buffer.from(json);
    const event = { id: randomUUID(), type: '$metadata', isJson: true, data, metadata: new Uint8Array() };
    return this.#store(metastreamOf(stream), [event]);
  }

  #store(stream: string, events: readonly ProposedRecord[]): LogRecord {
    const there = this.#streams.get(stream) ?? [];
    this.#streams.set(stream, there);
    for (const event of events) {
      const record = this.#push({ ...event, stream, revision: BigInt(there.length) });
      there.push(record);
      if (!this.#remembered.has(event.id)) this.#remembered.set(event.id, record);
    }
    const last = there.at(-1);
    if (last === undefined) throw new Error(`nothing to store in ${stream}`);
    return last;
  }

  #push(record: Omit<LogRecord, 'position' | 'createdMs'>): LogRecord {
    const stored = { ...record, position: this.#nextPosition, createdMs: Date.now() };
    this.#records.push(stored);
    // Any gap will do that is not the same everywhere: no reader may count on it.
    this.#nextPosition += BigInt(130 + record.stream.length + record.data.length + record.metadata.length);
    return stored;
  }
}
