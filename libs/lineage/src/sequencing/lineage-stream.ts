import { canonicalise, formatDigest, sha256, toBase64, utf8, type Digest, type EventId } from '@writ/encoding';
import { UnavailableError } from '@writ/errors';
import { appendSurely, type EventStore, type RecordedEvent } from '@writ/event-store';
import {
  CURRENT_TYPE_VERSION,
  encodeMetadata,
  entryOf,
  lineageStream,
  parseEntry,
  parseMetadata,
  type Fact,
  type LineageEventType,
} from '@writ/ledger';
import type { Attestor } from '@writ/signing';

export interface LineageStreamPorts {
  readonly origin: string;
  readonly store: Pick<EventStore, 'append' | 'readStream'>;
  readonly attestor: Pick<Attestor, 'attest'>;
  readonly randomness: { bytes(lengthBytes: number): Uint8Array; eventId(): EventId };
  readonly clock: { nowMs(): number };
}

/** Where the stream ends, as somebody knows it; revision -1 before the first event. */
export interface StreamEnd {
  readonly revision: bigint;
  readonly recordedAtMs: number;
}

export interface AppendedLineageEvent {
  readonly kind: 'appended';
  readonly revision: bigint;
  readonly eventId: EventId;
  readonly recordedAtMs: number;
  readonly dataDigest: Digest;
  readonly position: bigint;
}

const NONCE_BYTES = 16;
const PAGE = 16;
const MAX_RACES = 5;

/**
 * The one way by which this process appends to `lineage-<origin>`: one event at a time, each attested, each under the
 * revision that it was signed for. So two of our own never race, and of two processes one is told that it was second.
 */
export class LineageStream {
  readonly #ports: LineageStreamPorts;
  readonly #stream: string;
  #end: StreamEnd | undefined;
  /** The last revision that somebody else appended, as far as was noticed. */
  #othersRevision = -1n;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(ports: LineageStreamPorts) {
    this.#ports = ports;
    this.#stream = lineageStream(ports.origin);
  }

  /** Somebody who reads the stream knows it up to here: saves reading it. */
  learn(end: StreamEnd): void {
    if (this.#end === undefined || end.revision > this.#end.revision) this.#end = end;
  }

  /**
   * Appends canonical data that hold only if nobody else appended after `basedOn`: gives up where somebody did. A crash
   * after the append and before the answer leaves an event that every follower applies, this one included.
   * @throws UnavailableError; IntegrityError of the store
   */
  appendBasedOn(
    basedOn: StreamEnd,
    type: LineageEventType,
    data: Uint8Array,
  ): Promise<AppendedLineageEvent | { readonly kind: 'lost_race' }> {
    return this.#inTurn(async () => {
      this.learn(basedOn);
      if (basedOn.revision < this.#othersRevision) return { kind: 'lost_race' };
      return this.#append(await this.#knownEnd(), type, data);
    });
  }

  /** Appends a fact that holds whatever came in between. @throws as `appendBasedOn`, `CONTENTION` */
  appendFact(fact: Fact<LineageEventType>): Promise<AppendedLineageEvent> {
    const nonce = toBase64(this.#ports.randomness.bytes(NONCE_BYTES));
    const data = canonicalise({ ...fact.data, nonce });
    return this.#inTurn(async () => {
      for (let race = 0; race < MAX_RACES; race++) {
        const appended = await this.#append(await this.#knownEnd(), fact.type, data);
        if (appended.kind === 'appended') return appended;
      }
      throw new UnavailableError('CONTENTION', 'the lineage stream was appended to by others each time', {
        stream: this.#stream,
      });
    });
  }

  async #append(
    end: StreamEnd,
    type: LineageEventType,
    data: Uint8Array,
  ): Promise<AppendedLineageEvent | { readonly kind: 'lost_race' }> {
    const { attestor, clock, randomness, store } = this.#ports;
    // 1. Its place, and the entry that says so.
    const revision = end.revision + 1n;
    const recordedAtMs = Math.max(clock.nowMs(), end.recordedAtMs);
    const eventId = randomness.eventId();
    const dataDigest = formatDigest(sha256(data));
    const typeVersion = CURRENT_TYPE_VERSION;
    const streamRef = this.#stream;
    const entry = entryOf({ streamRef, revision, eventId, type, typeVersion, recordedAtMs, dataDigest });
    // 2. Signed. A crash after this leaves a signature over an event that never was.
    const [attestation] = await attestor.attest([{ entry: entry.bytes, leafHash: entry.leafHash }]);
    if (attestation === undefined) throw new UnavailableError('SIGNER_UNAVAILABLE', 'the batch came back empty');
    const metadata = encodeMetadata({ attestation });
    // 3. Appended, under the revision that was signed.
    try {
      const event = { eventId, type, typeVersion, data, metadata };
      const expected = end.revision < 0n ? ('no_stream' as const) : end.revision;
      const result = await appendSurely({ store, stream: this.#stream }, expected, [event]);
      if (result === 'lost_race') {
        await this.#readOn(end);
        return { kind: 'lost_race' };
      }
      this.#end = { revision, recordedAtMs };
      return { kind: 'appended', revision, eventId, recordedAtMs, dataDigest, position: result.position };
    } catch (error) {
      // It may be there or not: whoever appends next finds out.
      this.#end = undefined;
      throw error;
    }
  }

  async #knownEnd(): Promise<StreamEnd> {
    if (this.#end !== undefined) return this.#end;
    return this.#readOn({ revision: -1n, recordedAtMs: 0 });
  }

  /** Reads what stands after `end`: events of others, for this process knows its own. */
  async #readOn(end: StreamEnd): Promise<StreamEnd> {
    let { revision, recordedAtMs } = end;
    for (;;) {
      const page = await this.#ports.store.readStream(this.#stream, { fromRevision: revision + 1n, maxCount: PAGE });
      for (const stored of page) {
        revision = stored.revision;
        recordedAtMs = Math.max(recordedAtMs, recordedAtOf(stored));
        this.#othersRevision = revision;
      }
      if (page.length < PAGE) break;
    }
    this.#end = { revision, recordedAtMs };
    return this.#end;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

/** Zero for an event that is not ours. */
function recordedAtOf(stored: RecordedEvent): number {
  try {
    return parseEntry(utf8(parseMetadata(stored.metadata).attestation.entry)).recordedAtMs;
  } catch {
    return 0;
  }
}
