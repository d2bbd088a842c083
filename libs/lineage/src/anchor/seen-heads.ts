import { canonicalise, parseBase64, parseCanonical, parseEventId, toBase64, type EventId } from '@writ/encoding';
import { IntegrityError, LedgerError, UnavailableError } from '@writ/errors';
import { withAppend, type EventStore, type RecordedEvent } from '@writ/event-store';
import { z } from 'zod';

import { readWhole, replaceFile } from './durable-file.js';
import type { AnchorFault } from './publisher.js';
import type { TreeHead } from './tree-head.js';

/** An event that this node has seen in the store. */
export interface SeenEvent {
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
  readonly eventId: EventId;
}

/** The last event of the lineage stream that gave indices, and the tree after it. */
export type SeenLineage = SeenEvent & TreeHead;

export interface SeenHeadsOptions {
  /** This node's own file, outside the store. `undefined`: what was seen lives and dies with the process. */
  readonly file: string | undefined;
  readonly origin: string;
  readonly store: Pick<EventStore, 'readStream'>;
  /** How often the store is asked and the file is written; default 1,000. */
  readonly intervalMs?: number;
  readonly onFault?: (fault: AnchorFault) => void;
}

interface Seen {
  readonly last?: SeenEvent | undefined;
  readonly lineage?: SeenLineage | undefined;
}

const INTERVAL_MS = 1_000;
const MAX_BYTES = 16_384;
const DECIMAL = z.string().regex(/^(?:0|[1-9][0-9]{0,19})$/);
const eventSchema = z.strictObject({ stream: z.string(), revision: DECIMAL, position: DECIMAL, eventId: z.string() });
const fileSchema = z.strictObject({
  format: z.literal('writ/seen-head/v1'),
  origin: z.string(),
  last: eventSchema.optional(),
  lineage: eventSchema.extend({ sizeLeaves: DECIMAL, root: z.string() }).optional(),
});

/**
 * What this node has seen in the store, kept outside it, at most an interval old. A store that does not hold it any more
 * was set back: an old grant could be given a second time, so nothing is written until somebody has looked.
 */
export class SeenHeads {
  readonly #options: SeenHeadsOptions;
  /** The store held these when it was asked last. */
  #confirmed: Seen;
  #latest: Seen;
  #persisted: Seen | undefined;
  #fault: AnchorFault | undefined;
  #asked = false;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #problem: unknown;

  private constructor(options: SeenHeadsOptions, seen: Seen) {
    this.#options = options;
    this.#confirmed = seen;
    this.#latest = seen;
    this.#persisted = seen;
  }

  /**
   * Reads the file. `check` asks the store for the first time; until it did, nothing may be written.
   * @throws IntegrityError `LEDGER_ROLLED_BACK` where the file is there and cannot be read: what the store should hold is
   * not known then
   */
  static async open(options: SeenHeadsOptions): Promise<SeenHeads> {
    const content = options.file === undefined ? undefined : await readWhole(options.file);
    return new SeenHeads(options, content === undefined ? {} : parseSeen(content, options));
  }

  /** Why nothing may be written; `undefined` when all is well. Stays until the process is started again. */
  get fault(): AnchorFault | undefined {
    return this.#fault;
  }

  /** Why the file could not be written the last time; `undefined` when all is well. */
  get problem(): unknown {
    return this.#problem;
  }

  /** The tree that this node has seen, if any. */
  get head(): TreeHead | undefined {
    return this.#latest.lineage;
  }

  /** An event was appended or read. A look at memory. */
  note(event: SeenEvent): void {
    if (!this.#asked || event.position <= (this.#latest.last?.position ?? -1n)) return;
    const { stream, revision, position, eventId } = event;
    this.#latest = { ...this.#latest, last: { stream, revision, position, eventId } };
  }

  /** The tree grew, by this event of the lineage stream. */
  noteLineage(head: SeenLineage): void {
    if (!this.#asked || head.sizeLeaves <= (this.#latest.lineage?.sizeLeaves ?? 0n)) return;
    const { stream, revision, position, eventId, sizeLeaves, root } = head;
    this.#latest = { ...this.#latest, lineage: { stream, revision, position, eventId, sizeLeaves, root } };
  }

  /** The same store, noting what is appended to it. */
  watching(store: EventStore): EventStore {
    return withAppend(store, async (stream, expected, events, options) => {
      const result = await store.append(stream, expected, events, options);
      const last = events.at(-1);
      if (last !== undefined) {
        const { lastRevision: revision, position } = result;
        this.note({ stream, revision, position, eventId: last.eventId as EventId });
      }
      return result;
    });
  }

  /** @throws IntegrityError `LEDGER_ROLLED_BACK`; UnavailableError `STORE_UNAVAILABLE` while the store was never asked */
  requireWritable(): void {
    if (this.#fault !== undefined) throw new IntegrityError('LEDGER_ROLLED_BACK', this.#fault.message);
    if (!this.#asked)
      throw new UnavailableError('STORE_UNAVAILABLE', 'the store was not compared with what was seen of it');
  }

  /**
   * Asks the store for what was seen of it. What is newer than the last time does not replace the older: a store that was
   * set back and has grown again would hold the one and not the other. An outage says nothing, and is not an error here.
   */
  async check(): Promise<void> {
    let latest = this.#latest;
    try {
      for (const event of distinct([this.#confirmed, latest])) {
        if ((await this.#find(event)) === undefined) return this.#fail(event);
      }
      // Nothing is noted before the store was asked once, so this overwrites nothing.
      if (!this.#asked) this.#latest = latest = await this.#placed(latest);
    } catch (error) {
      if (error instanceof UnavailableError) return;
      throw error;
    }
    this.#confirmed = latest;
    this.#asked = true;
  }

  /**
   * Positions are each store's own: in a store that the ledger was moved to, what is seen from now on must be held against
   * the places where the events stand there.
   */
  async #placed(seen: Seen): Promise<Seen> {
    const { last, lineage } = seen;
    return {
      ...(last && { last: { ...last, position: await this.#positionOf(last) } }),
      ...(lineage && { lineage: { ...lineage, position: await this.#positionOf(lineage) } }),
    };
  }

  async #positionOf(event: SeenEvent): Promise<bigint> {
    return (await this.#find(event))?.position ?? event.position;
  }

  /** What was seen and the store does not hold. @throws UnavailableError of the store */
  async missing(): Promise<readonly SeenEvent[]> {
    const events = distinct([this.#confirmed, this.#latest]);
    const found = await Promise.all(events.map((event) => this.#find(event)));
    return events.filter((_, at) => found[at] === undefined);
  }

  /** Writes down what the store held when it was asked last. Never rejects: `problem` says what went wrong. */
  async persist(): Promise<void> {
    const { file, origin } = this.#options;
    const seen = this.#confirmed;
    if (file === undefined || this.#fault !== undefined || seen === this.#persisted) return;
    try {
      // A crash leaves the file before, whole: older by one interval, and true.
      await replaceFile(file, formatSeen(origin, seen));
      this.#persisted = seen;
      this.#problem = undefined;
    } catch (error) {
      this.#problem = error;
    }
  }

  /** Asks and writes at every interval, until `close`. */
  start(): void {
    this.#timer ??= setInterval(() => {
      this.#round ??= this.#tick().finally(() => (this.#round = undefined));
    }, this.#options.intervalMs ?? INTERVAL_MS);
    this.#timer.unref();
  }

  /** Writes what is known. The store must still be open. Idempotent; never rejects. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
    await this.#tick();
  }

  async #tick(): Promise<void> {
    if (this.#fault !== undefined) return;
    await this.check().catch((error: unknown) => (this.#problem = error));
    await this.persist();
  }

  async #find({ stream, revision, eventId }: SeenEvent): Promise<RecordedEvent | undefined> {
    const [found] = await this.#options.store.readStream(stream, { fromRevision: revision, maxCount: 1 });
    return found?.revision === revision && found.eventId === eventId ? found : undefined;
  }

  #fail({ stream, revision }: SeenEvent): void {
    // The file stays as it is: it is the evidence.
    const message = `the store does not hold revision ${String(revision)} of \`${stream}\`, which was seen in it`;
    this.#fault = { code: 'LEDGER_ROLLED_BACK', message };
    this.#options.onFault?.(this.#fault);
  }
}

function distinct(seen: readonly Seen[]): readonly SeenEvent[] {
  const events = seen.flatMap(({ last, lineage }) => [lineage, last]).filter((event) => event !== undefined);
  return events.filter((event, at) => events.findIndex((other) => other.eventId === event.eventId) === at);
}

function formatSeen(origin: string, { last, lineage }: Seen): Uint8Array {
  return canonicalise({
    format: 'writ/seen-head/v1',
    origin,
    ...(last === undefined ? {} : { last: fieldsOf(last) }),
    ...(lineage === undefined
      ? {}
      : {
          lineage: { ...fieldsOf(lineage), sizeLeaves: String(lineage.sizeLeaves), root: toBase64(lineage.root) },
        }),
  });
}

function fieldsOf({ stream, revision, position, eventId }: SeenEvent): Record<string, string> {
  return { stream, revision: String(revision), position: String(position), eventId };
}

function parseSeen(content: Uint8Array, { file, origin }: SeenHeadsOptions): Seen {
  try {
    const fields = fileSchema.parse(parseCanonical(content, { maxBytes: MAX_BYTES }));
    if (fields.origin !== origin) throw new IntegrityError('STORE_NOT_OURS', 'it is of another ledger', {});
    const { last, lineage } = fields;
    return {
      last: last && eventOf(last),
      lineage: lineage && {
        ...eventOf(lineage),
        sizeLeaves: BigInt(lineage.sizeLeaves),
        root: parseBase64(lineage.root, 32),
      },
    };
  } catch (cause) {
    const because = cause instanceof LedgerError ? { because: cause.code } : {};
    throw new IntegrityError(
      'LEDGER_ROLLED_BACK',
      'the file of what was seen in the store cannot be read',
      { file, ...because },
      { cause },
    );
  }
}

function eventOf(fields: z.infer<typeof eventSchema>): SeenEvent {
  return {
    stream: fields.stream,
    revision: BigInt(fields.revision),
    position: BigInt(fields.position),
    eventId: parseEventId(fields.eventId),
  };
}
