import { parseCheckpoint, parseNote } from '@writ/checkpoint';
import type { EventId } from '@writ/encoding';
import { IntegrityError, RejectedError, UnavailableError } from '@writ/errors';
import type { ChangeSignal, EventStore } from '@writ/event-store';
import { TileProver, type Hash, TILE_WIDTH } from '@writ/merkle';

import type { CheckpointFiles } from '../anchor/checkpoint-folder.js';
import type { LostStreams } from '../anchor/lost-streams.js';
import type { SeenHeads } from '../anchor/seen-heads.js';
import type { Lineage, LineageStatus, LocatedEntry, PublishedCheckpoint, Standing, StandingName } from '../lineage.js';
import type { EntryIndex } from '../sequencing/entry-index.js';
import type { Fault, FollowerReport } from '../sequencing/follower-host.js';
import type { Sequencer } from '../sequencing/sequencer.js';
import { requireIndexBelow, type ServedTiles } from '../tiles/served-tiles.js';
import { latestOf, type Anchoring } from './anchoring.js';

/** A lineage that also watches what this node appends. */
export interface OpenedLineage extends Lineage {
  /** The same store; what is appended through it is remembered as seen (`requireWritable` is not asked). */
  watching(store: EventStore): EventStore;
}

export interface NodeParts {
  readonly origin: string;
  readonly sequencer: Sequencer;
  readonly anchoring: Anchoring;
  readonly seen: SeenHeads;
  readonly lost: LostStreams;
  readonly tiles: ServedTiles;
  readonly files: CheckpointFiles;
  /** For reading; opened once the sequencer has made it. */
  readonly index: () => EntryIndex;
  readonly closeIndex: () => void;
  readonly changes: ChangeSignal;
  readonly report: () => FollowerReport | undefined;
}

/** Provers of the sizes that were asked for last; each keeps the right edge of its tree. */
const MAX_PROVERS = 16;
const FLUSH_MS = 10_000;
const RANK: Readonly<Record<StandingName, number>> = { recorded: 0, sequenced: 1, anchored: 2 };

export class LineageNode implements OpenedLineage {
  readonly #parts: NodeParts;
  readonly #provers = new Map<bigint, TileProver>();
  #closing: Promise<void> | undefined;

  constructor(parts: NodeParts) {
    this.#parts = parts;
  }

  status(): Promise<LineageStatus> {
    const report = this.#parts.report();
    const checkpoint = this.#latest();
    const fault = this.#fault();
    const isPublisher = this.#parts.anchoring.isPublisher;
    return Promise.resolve({
      role: this.#closing !== undefined || isStopping(fault) ? 'stopped' : isPublisher ? 'publisher' : 'standby',
      sizeLeaves: report?.state.sizeLeaves ?? 0n,
      checkpointSizeLeaves: checkpoint?.sizeLeaves ?? 0n,
      cosignedBy: checkpoint?.cosignedBy ?? 0,
      behind: report?.behind ?? 0,
      ...(fault === undefined ? {} : { fault }),
    });
  }

  standings(eventIds: readonly EventId[]): Promise<readonly Standing[]> {
    return Promise.resolve(this.#standings(eventIds));
  }

  async awaitStanding(
    eventIds: readonly EventId[],
    wanted: Exclude<StandingName, 'recorded'>,
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<readonly Standing[]> {
    const over = AbortSignal.timeout(timeoutMs);
    const ended = signal === undefined ? over : AbortSignal.any([over, signal]);
    for (;;) {
      const seenCount = this.#parts.changes.count;
      const standings = this.#standings(eventIds);
      const isEnough = standings.every(({ kind }) => RANK[kind] >= RANK[wanted]);
      if (isEnough || ended.aborted || this.#closing !== undefined) return standings;
      await this.#parts.changes.changedSince(seenCount, ended);
    }
  }

  async checkpoint(sizeLeaves?: bigint): Promise<PublishedCheckpoint> {
    const latest = this.#latest();
    if (sizeLeaves === undefined || sizeLeaves === latest?.sizeLeaves) {
      if (latest !== undefined) return latest;
      throw new RejectedError('CHECKPOINT_UNKNOWN', 'no checkpoint was published yet', {});
    }
    const note = await this.#parts.files.at(sizeLeaves);
    // Written before it is told of: one that is not told of yet may still turn out otherwise.
    if (note !== undefined && latest !== undefined && sizeLeaves < latest.sizeLeaves) return publishedIn(note);
    throw new RejectedError('CHECKPOINT_UNKNOWN', 'no checkpoint of that size was published', {
      sizeLeaves: String(sizeLeaves),
    });
  }

  indexOf(eventId: EventId): Promise<bigint> {
    return promised(() => {
      const index = this.#parts.index().indexOf(eventId);
      if (index !== undefined) return index;
      throw new UnavailableError('NOT_SEQUENCED_YET', 'the event has no index yet', { eventId });
    });
  }

  async entryAt(index: bigint): Promise<LocatedEntry> {
    const size = this.#sizeLeaves();
    requireIndexBelow(index, size);
    const row = this.#parts.index().at(index);
    if (row === undefined) {
      throw new IntegrityError('LINEAGE_INVALID', 'the index of entries lacks one', { index: String(index) });
    }
    const tile = index / BigInt(TILE_WIDTH);
    const rest = size - tile * BigInt(TILE_WIDTH);
    const width = rest < BigInt(TILE_WIDTH) ? Number(rest) : TILE_WIDTH;
    const nodes = await this.#parts.tiles.readTile(0, tile, width);
    return { ...row, leafHash: nodes.node(0, Number(index % BigInt(TILE_WIDTH))) };
  }

  async inclusion(index: bigint, sizeLeaves: bigint): Promise<readonly Hash[]> {
    requireIndexBelow(index, sizeLeaves);
    return this.#proverOf(sizeLeaves).inclusion(index);
  }

  async consistency(oldSizeLeaves: bigint, newSizeLeaves: bigint): Promise<readonly Hash[]> {
    return this.#proverOf(newSizeLeaves).consistency(oldSizeLeaves);
  }

  tile(level: number, index: bigint, width: number): Promise<Uint8Array | undefined> {
    return this.#parts.tiles.tile(level, index, width);
  }

  entries(index: bigint, width: number): Promise<Uint8Array | undefined> {
    return this.#parts.tiles.entries(index, width);
  }

  requireWritable(): void {
    this.#parts.seen.requireWritable();
    this.#parts.anchoring.requireSound();
    const fault = this.#parts.report()?.fault;
    if (fault?.code === 'LEDGER_ROLLED_BACK') throw new IntegrityError('LEDGER_ROLLED_BACK', fault.message);
  }

  requireIntact(stream: string): void {
    this.#parts.lost.requireIntact(stream);
  }

  watching(store: EventStore): EventStore {
    return this.#parts.seen.watching(store);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const { sequencer, anchoring, seen, closeIndex, changes } = this.#parts;
    // 1. What is there gets its index, if that is ours to give and can be done; then a checkpoint over it.
    if (anchoring.isPublisher) await Promise.race([sequencer.flush(), sleep(FLUSH_MS)]);
    await anchoring.close();
    // 2. The files, and what was seen. The lock was let go of after the last signature.
    await sequencer.close();
    await seen.close();
    closeIndex();
    changes.raise();
  }

  #latest(): PublishedCheckpoint | undefined {
    return latestOf(this.#parts.anchoring.published, this.#parts.report()?.state.checkpoint ?? undefined);
  }

  #sizeLeaves(): bigint {
    return this.#parts.report()?.state.sizeLeaves ?? 0n;
  }

  #fault(): Fault | undefined {
    const { seen, anchoring, report } = this.#parts;
    return seen.fault ?? anchoring.fault ?? report()?.fault;
  }

  #standings(eventIds: readonly EventId[]): readonly Standing[] {
    const checkpoint = this.#latest();
    return eventIds.map((eventId): Standing => {
      const index = this.#indexOf(eventId);
      if (index === undefined) return { kind: 'recorded' };
      if (checkpoint === undefined || index >= checkpoint.sizeLeaves) return { kind: 'sequenced', index };
      const { sizeLeaves, cosignedBy } = checkpoint;
      return { kind: 'anchored', index, sizeLeaves, cosignedBy };
    });
  }

  /** An index that cannot be read just now tells nothing: the event is recorded, that is sure. */
  #indexOf(eventId: EventId): bigint | undefined {
    try {
      return this.#parts.index().indexOf(eventId);
    } catch {
      return undefined;
    }
  }

  #proverOf(sizeLeaves: bigint): TileProver {
    const size = this.#sizeLeaves();
    if (sizeLeaves > size) requireIndexBelow(sizeLeaves, size);
    const known = this.#provers.get(sizeLeaves);
    if (known !== undefined) return known;
    if (this.#provers.size >= MAX_PROVERS) {
      for (const oldest of this.#provers.keys()) {
        this.#provers.delete(oldest);
        break;
      }
    }
    const prover = new TileProver(this.#parts.tiles, sizeLeaves);
    this.#provers.set(sizeLeaves, prover);
    return prover;
  }
}

/** The note of one of our own checkpoints; all its signatures but the log's are of witnesses. */
function publishedIn(note: string): PublishedCheckpoint {
  const parsed = parseNote(note);
  const { sizeLeaves, rootHash } = parseCheckpoint(parsed.text);
  return { sizeLeaves, root: rootHash, note, cosignedBy: parsed.signatures.length - 1 };
}

function isStopping(fault: Fault | undefined): boolean {
  return fault !== undefined && /^(LEDGER_|MARK_|LINEAGE_|KEY_|FOREIGN_|TILE_)/.test(fault.code);
}

async function promised<T>(work: () => T): Promise<T> {
  return Promise.resolve().then(work);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
