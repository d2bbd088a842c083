import { toBase64 } from '@writ/encoding';
import { errorOfCode, IntegrityError, LedgerError, UnavailableError, type ErrorCode } from '@writ/errors';
import type { EventStore } from '@writ/event-store';
import { lineageStream, parseEventData } from '@writ/ledger';
import type { TileReader } from '@writ/merkle';

import type { CheckpointFiles } from '../anchor/checkpoint-folder.js';
import { requireMark, type Mark } from '../anchor/mark.js';
import { requireExtends, requireOnlySigner } from '../anchor/publish-checkpoint.js';
import type { PublisherLock } from '../anchor/publisher-lock.js';
import { Publisher } from '../anchor/publisher.js';
import type { PublishedCheckpoint } from '../lineage.js';
import type { Fault, FollowerReport } from '../sequencing/follower-host.js';
import type { LineageStream } from '../sequencing/lineage-stream.js';
import type { Sequencer } from '../sequencing/sequencer.js';
import type { LineageOptions } from './lineage-options.js';

export interface AnchoringPorts {
  readonly options: LineageOptions;
  readonly mark: Mark;
  readonly takeLock: () => PublisherLock | undefined;
  readonly files: CheckpointFiles;
  readonly tiles: TileReader;
  readonly stream: LineageStream;
  readonly sequencer: Pick<Sequencer, 'setPublisher' | 'rebuild'>;
  readonly store: Pick<EventStore, 'readStream'>;
  /** @throws IntegrityError where this store was set back: nothing of it is signed */
  readonly requireWritable: () => void;
  /** A checkpoint was published by this node. */
  readonly onPublished: () => void;
}

/** Signs that this store is not the one that was signed for, or that another may be: what it holds is not to be built on. */
const UNSOUND: ReadonlySet<ErrorCode> = new Set(['MARK_MISSING', 'MARK_NOT_EXTENDED', 'KEY_MISMATCH']);
/** How often a standby asks for the lock, and a publisher that could not begin tries again. */
const POLL_MS = 1_000;

/**
 * The role of this node. Whoever gets the lock, and finds the mark to be extended by the tree, gives indices and signs;
 * everybody else follows and asks for the lock again and again. What stands in the way of that is told as a fault.
 */
export class Anchoring {
  readonly #ports: AnchoringPorts;
  #lock: PublisherLock | undefined;
  #publisher: Publisher | undefined;
  #published: PublishedCheckpoint | undefined;
  #report: FollowerReport | undefined;
  #fault: Fault | undefined;
  #mayRebuild = true;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #closed = false;

  constructor(ports: AnchoringPorts) {
    this.#ports = ports;
  }

  get isPublisher(): boolean {
    return this.#publisher !== undefined;
  }

  /** Why this node, whose turn it is, signs nothing. */
  get fault(): Fault | undefined {
    return this.#fault ?? this.#publisher?.status().fault;
  }

  /** What this node published and has not read back yet. */
  get published(): PublishedCheckpoint | undefined {
    return this.#published;
  }

  /** @throws IntegrityError where what was signed and what is here do not go together */
  requireSound(): void {
    const fault = this.fault;
    if (fault !== undefined && UNSOUND.has(fault.code)) throw errorOfCode(fault.code, fault.message, {});
  }

  /** The follower stands there now. */
  followed(report: FollowerReport): void {
    this.#report = report;
    this.#publisher?.grown();
  }

  /** Asks for the lock, and goes on asking. Settles after the first time. */
  async start(): Promise<void> {
    await this.#tick();
    this.#schedule();
  }

  /** Publishes what is there, and lets go of the lock. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#round;
    await this.#publisher?.close();
    this.#lock?.close();
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#tick().finally(() => this.#schedule()), POLL_MS);
    this.#timer.unref();
  }

  #tick(): Promise<void> {
    this.#round = this.#look().then(
      () => {
        if (this.#publisher !== undefined || this.#lock === undefined) this.#fault = undefined;
      },
      (error: unknown) => {
        // An outage of the store says nothing about what it holds, and a standby has nothing to do in it.
        if (error instanceof UnavailableError && this.#lock === undefined) return;
        const known = error instanceof LedgerError ? error : undefined;
        this.#fault = { code: known?.code ?? 'PUBLISHER_UNAVAILABLE', message: messageOf(error) };
        this.#ports.options.onAlarm?.({ kind: 'fault', fault: this.#fault, cause: error });
      },
    );
    return this.#round;
  }

  async #look(): Promise<void> {
    try {
      if (this.#publisher === undefined) await this.#tryToPublish();
      else if (this.#publisher.status().fault?.code === 'TILE_INVALID') await this.#standBack();
    } catch (error) {
      // Tiles are a cache: one that is missing or torn is made again, once; what then is still wrong stays a fault.
      if (error instanceof LedgerError && error.code === 'TILE_INVALID' && this.#mayRebuild) {
        this.#mayRebuild = false;
        this.#ports.sequencer.rebuild();
      }
      throw error;
    }
  }

  /** A publisher that cannot prove from its tiles begins again, with tiles that are made anew. */
  async #standBack(): Promise<void> {
    if (!this.#mayRebuild) return;
    this.#mayRebuild = false;
    const publisher = this.#publisher;
    this.#publisher = undefined;
    this.#ports.sequencer.setPublisher(false);
    await publisher?.close();
    this.#ports.sequencer.rebuild();
  }

  async #tryToPublish(): Promise<void> {
    const { mark, takeLock, sequencer, tiles, options } = this.#ports;
    // 1. The lock. It ends with the process.
    this.#lock ??= takeLock();
    if (this.#lock === undefined) return this.#requireHoldsMarked();
    // 2. A store that was set back is told of as that, and nothing of it is signed.
    if (!this.#isWritable()) return;
    // 3. The mark: made where nothing was ever sequenced, found everywhere else.
    const marked = await requireMark(mark, await this.#isEmpty());
    // 4. The tree that this node has made must be the one that was signed. Until it has read it all: the next time.
    const report = this.#report;
    if (report?.caughtUp !== true || report.publisher) return;
    requireOnlySigner(marked, report.state.checkpoint ?? undefined);
    await requireExtends(marked, report.durable, tiles);
    // 5. From here on it is the one.
    if (this.#closed) return;
    sequencer.setPublisher(true);
    this.#publisher = new Publisher({
      source: {
        head: () => this.#signableHead(),
        tiles,
        lastPublished: () => this.#lastPublished(),
        appendPublished: (checkpoint) => this.#appendPublished(checkpoint),
      },
      signer: options.signer,
      mark,
      lock: this.#lock,
      files: this.#ports.files,
      intervalMs: options.anchorIntervalMs,
      entries: options.anchorEntries,
      nowMs: () => performance.now(),
      ...(options.witnesses === undefined ? {} : { witnesses: options.witnesses }),
      ...(options.onAlarm === undefined ? {} : { onAlarm: options.onAlarm }),
    });
    this.#publisher.start();
  }

  /**
   * A standby signs nothing, and its store holds what was signed all the same. One that does not is another store: a copy
   * that goes its own way would grant a second time what is granted elsewhere. The publisher writes the store before the
   * mark, so here the mark is read before the store.
   */
  async #requireHoldsMarked(): Promise<void> {
    const { mark, tiles } = this.#ports;
    const marked = await mark.read();
    const report = this.#report;
    if (marked === undefined || report?.caughtUp !== true) return;
    const sizeLeaves = await this.#sizeInStore(report.state.lastRevision, report.state.sizeLeaves);
    if (sizeLeaves < marked.sizeLeaves) {
      throw new IntegrityError('MARK_NOT_EXTENDED', 'another store was signed for, and this one does not hold it', {
        markedSizeLeaves: String(marked.sizeLeaves),
        sizeLeaves: String(sizeLeaves),
      });
    }
    if (report.durable.sizeLeaves >= marked.sizeLeaves) await requireExtends(marked, report.durable, tiles);
  }

  /** Leaves that have an index, as the store says now: what was followed so far, and what has come since. */
  async #sizeInStore(followed: bigint, sizeLeaves: bigint): Promise<bigint> {
    const { store, options } = this.#ports;
    const stream = lineageStream(options.origin);
    const since = await store.readStream(stream, { fromRevision: followed + 1n });
    return since.reduce((size, { type, typeVersion, data }) => {
      if (type !== 'EntriesSequenced') return size;
      const { fact } = parseEventData(type, typeVersion, data);
      return fact.type === 'EntriesSequenced' ? BigInt(fact.data.treeSize) : size;
    }, sizeLeaves);
  }

  #isWritable(): boolean {
    try {
      this.#ports.requireWritable();
      return true;
    } catch (error) {
      if (error instanceof LedgerError) return false;
      throw error;
    }
  }

  async #isEmpty(): Promise<boolean> {
    const { store, options } = this.#ports;
    return (await store.readStream(lineageStream(options.origin), { maxCount: 1 })).length === 0;
  }

  #signableHead(): { sizeLeaves: bigint; root: Uint8Array } | undefined {
    const report = this.#report;
    if (!this.#isWritable()) return undefined;
    return report?.publisher === true && report.caughtUp ? report.durable : undefined;
  }

  #lastPublished(): PublishedCheckpoint | undefined {
    return latestOf(this.#published, this.#report?.state.checkpoint ?? undefined);
  }

  async #appendPublished(checkpoint: PublishedCheckpoint): Promise<void> {
    const { stream, options, onPublished } = this.#ports;
    const { sizeLeaves, root, note, cosignedBy } = checkpoint;
    await stream.appendFact({
      type: 'CheckpointPublished',
      data: {
        origin: options.origin,
        treeSize: String(sizeLeaves),
        root: toBase64(root),
        checkpoint: note,
        cosignedBy,
      },
    });
    this.#published = checkpoint;
    onPublished();
  }
}

/** The one of the larger tree; of the same tree, the one that more have cosigned. */
export function latestOf(
  one: PublishedCheckpoint | undefined,
  other: PublishedCheckpoint | undefined,
): PublishedCheckpoint | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (one.sizeLeaves !== other.sizeLeaves) return one.sizeLeaves > other.sizeLeaves ? one : other;
  return one.cosignedBy >= other.cosignedBy ? one : other;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
