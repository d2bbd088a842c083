import { equalBytes, parseBase64, utf8, type EventId } from '@writ/encoding';
import { IntegrityError } from '@writ/errors';
import {
  evolveLineage,
  NO_LINEAGE,
  passForeignRevision,
  type CheckpointPublished,
  type LineageEvent,
  type LineageStreamState,
  type SequencedRef,
} from '@writ/ledger';
import {
  decodeEntryBundle,
  encodeEntryBundle,
  entriesPath,
  growTiles,
  LogTree,
  TILE_WIDTH,
  tilePath,
  TileProver,
  type FilledTile,
  type Hash,
  type TileReader,
} from '@writ/merkle';

import type { TileStore } from '../tiles/tile-store.js';
import type { EntriesOfBatch } from './entries-of-batch.js';
import type { EntryIndex } from './entry-index.js';
import { formatSavedState, parseSavedState, type SavedState } from './saved-state.js';

/**
 * The tree as files: applies acknowledged events of the lineage stream, in order, to tiles, entry bundles and index.
 * Everything that it writes follows from those events, so whatever a crash leaves half written is written again, with
 * the same bytes, when the events since the last `save` are applied again.
 */
export class TreeWriter {
  readonly #tiles: TileStore;
  readonly #index: EntryIndex;
  #state: LineageStreamState = NO_LINEAGE;
  #headEventId: EventId | undefined;
  #tree = new LogTree();
  /** The last, partial tile of each level, as it was written. */
  readonly #edge = new Map<number, FilledTile>();
  /** Entries of the last, partial bundle. */
  #openBundle: (Uint8Array | undefined)[] = [];

  constructor(tiles: TileStore, index: EntryIndex) {
    this.#tiles = tiles;
    this.#index = index;
  }

  get state(): LineageStreamState {
    return this.#state;
  }

  /** Id of the event at `state.lastRevision`; `undefined` before the first, and where a foreign event stands there. */
  get headEventId(): EventId | undefined {
    return this.#headEventId;
  }

  get tree(): LogTree {
    return this.#tree;
  }

  indexOf(eventId: string): bigint | undefined {
    return this.#index.indexOf(eventId);
  }

  has(eventId: string): boolean {
    return this.#index.indexOf(eventId) !== undefined;
  }

  /** What a start can go on from. */
  saved(): SavedState | undefined {
    return parseSavedState(this.#index.savedState());
  }

  /** What the entry bundles hold at an index, however wide the bundle was when it was written; for lost events. */
  writtenEntry(index: bigint): Uint8Array | undefined {
    const bundle = index / BigInt(TILE_WIDTH);
    const place = Number(index % BigInt(TILE_WIDTH));
    for (let width = TILE_WIDTH; width > place; width--) {
      const bytes = this.#tiles.read(entriesPath(bundle, width));
      if (bytes === undefined) continue;
      try {
        return decodeEntryBundle(bytes, width)[place];
      } catch (error) {
        if (!(error instanceof IntegrityError)) throw error;
      }
    }
    return undefined;
  }

  /**
   * Goes back to what was last saved, whatever was written since. `false` where nothing was saved, or the tiles at hand
   * are not that tree's: then everything is to be applied from the first event on.
   */
  async restore(): Promise<boolean> {
    const saved = this.saved();
    if (saved === undefined) return false;
    const { sizeLeaves, root } = saved.state;
    try {
      const prover = new TileProver(this.#storedTiles(), sizeLeaves);
      const tree = await prover.logTree();
      if (!equalBytes(tree.root(), root)) return false;
      this.#openBundle = this.#storedBundle(sizeLeaves);
      this.#tree = tree;
    } catch (error) {
      if (error instanceof IntegrityError) return false;
      throw error;
    }
    this.#index.truncate(sizeLeaves);
    this.#edge.clear();
    this.#state = saved.state;
    this.#headEventId = saved.headEventId;
    return true;
  }

  /** Forgets the tree, not its tiles: they are written over when the events are applied again. */
  reset(): void {
    this.#index.save(undefined);
    this.#index.truncate(0n);
    this.rewind();
  }

  /** As `reset`, for files of this very tree: what the index holds stays true all the while. */
  rewind(): void {
    this.#state = NO_LINEAGE;
    this.#headEventId = undefined;
    this.#tree = new LogTree();
    this.#edge.clear();
    this.#openBundle = [];
  }

  /** Passes by a revision of the lineage stream that nobody of ours attested. */
  passForeign(revision: bigint): void {
    this.#state = passForeignRevision(this.#state, revision);
    this.#headEventId = undefined;
  }

  /**
   * @param entries of an `EntriesSequenced`, each the one of its leaf
   * @param grown the tree with them, from whoever hashed it already; handed over
   * @throws IntegrityError `EVENT_INVALID` where the event cannot follow, `LINEAGE_INVALID` where its root is not that of
   *   its leaves
   */
  async apply(event: LineageEvent, entries: EntriesOfBatch, grown?: LogTree): Promise<void> {
    const next = evolveLineage(this.#state, event);
    if (event.type === 'EntriesSequenced') await this.#grow(event.data.refs, entries, next, grown);
    if (event.type === 'CheckpointPublished') this.#keepCheckpoint(event.data);
    this.#state = next;
    this.#headEventId = event.eventId;
  }

  /** From now on a crash, and a power cut, leave at least the tree as it is now. */
  save(): void {
    // 1. The files. A crash after this leaves files that the saved state does not speak of; they are written again.
    this.#tiles.sync();
    // 2. The state that speaks of them.
    this.#index.save(formatSavedState({ state: this.#state, headEventId: this.#headEventId }));
  }

  /** The publisher wrote it before the event; where the folder was lost, it is written again. */
  #keepCheckpoint({ treeSize, checkpoint }: CheckpointPublished): void {
    const path = `checkpoints/${treeSize}`;
    const note = utf8(checkpoint);
    const kept = this.#tiles.read(path);
    if (kept === undefined || !equalBytes(kept, note)) this.#tiles.write(path, note);
  }

  close(): void {
    this.#index.close();
  }

  async #grow(
    refs: readonly SequencedRef[],
    entries: EntriesOfBatch,
    next: LineageStreamState,
    grown: LogTree | undefined,
  ): Promise<void> {
    const first = this.#state.sizeLeaves;
    const hashes = refs.map((ref) => parseBase64(ref.leafHash, 32));
    // 1. In memory: the leaves lead to the root that was signed.
    const tree = grown ?? this.#treeWith(hashes);
    if (!equalBytes(tree.root(), next.root)) {
      throw new IntegrityError('LINEAGE_INVALID', 'the leaves do not lead to the recorded root', {
        index: String(first),
        revision: String(next.lastRevision),
      });
    }
    // 2. The files, lower levels first. A crash in between leaves tiles of a tree that nothing speaks of yet.
    await this.#writeHashes(first, hashes);
    this.#writeEntries(first, entries);
    // 3. The index, by which the entries are found.
    this.#index.add(
      refs.map(({ eventId, stream, revision }, at) => ({
        index: first + BigInt(at),
        eventId,
        stream,
        revision: BigInt(revision),
      })),
    );
    this.#tree = tree;
  }

  #treeWith(hashes: readonly Hash[]): LogTree {
    const tree = LogTree.from(this.#tree.frontier());
    for (const hash of hashes) tree.append(hash);
    return tree;
  }

  async #writeHashes(first: bigint, hashes: readonly Hash[]): Promise<void> {
    const tiles = await growTiles(this.#edgeTiles(), first, hashes);
    let level = -1;
    for (const tile of tiles) {
      this.#tiles.write(tilePath(tile), tile.bytes);
      // Only the first of a level was there before, in part.
      const isFirst = tile.level !== level;
      level = tile.level;
      if (tile.width === TILE_WIDTH) {
        // Readers of a checkpoint that ends inside this tile fall back to the full one (C2SP tlog-tiles).
        if (isFirst) this.#tiles.removePartials(tilePath(tile));
        this.#edge.delete(tile.level);
      } else {
        this.#edge.set(tile.level, tile);
      }
    }
  }

  #writeEntries(first: bigint, entries: EntriesOfBatch): void {
    const waiting = [...this.#openBundle, ...entries];
    let index = first / BigInt(TILE_WIDTH);
    for (let at = 0; at < waiting.length; at += TILE_WIDTH) {
      const bundle = waiting.slice(at, at + TILE_WIDTH);
      // A bundle with a hole has no form: where an entry is lost, the bundles that would hold it are not served.
      if (isWhole(bundle)) {
        this.#tiles.write(entriesPath(index, bundle.length), encodeEntryBundle(bundle));
        if (at === 0 && bundle.length === TILE_WIDTH) this.#tiles.removePartials(entriesPath(index, TILE_WIDTH));
      }
      index += 1n;
    }
    this.#openBundle = waiting.slice(waiting.length - (waiting.length % TILE_WIDTH));
  }

  #edgeTiles(): TileReader {
    const stored = this.#storedTiles();
    return {
      readTile: (level, index, width) => {
        const edge = this.#edge.get(level);
        return edge?.index === index && edge.width === width ? edge.bytes : stored.readTile(level, index, width);
      },
    };
  }

  #storedTiles(): TileReader {
    return {
      readTile: (level, index, width) => {
        const bytes =
          this.#tiles.read(tilePath({ level, index, width })) ??
          this.#tiles.read(tilePath({ level, index, width: TILE_WIDTH }))?.slice(0, width * 32);
        if (bytes !== undefined) return bytes;
        throw new IntegrityError('TILE_INVALID', 'a tile is missing', { level, index: String(index), width });
      },
    };
  }

  #storedBundle(sizeLeaves: bigint): (Uint8Array | undefined)[] {
    const width = Number(sizeLeaves % BigInt(TILE_WIDTH));
    if (width === 0) return [];
    const index = sizeLeaves / BigInt(TILE_WIDTH);
    const partial = this.#tiles.read(entriesPath(index, width));
    if (partial !== undefined) return decodeEntryBundle(partial, width);
    const full = this.#tiles.read(entriesPath(index, TILE_WIDTH));
    if (full !== undefined) return decodeEntryBundle(full, TILE_WIDTH).slice(0, width);
    throw new IntegrityError('TILE_INVALID', 'an entry bundle is missing', { index: String(index), width });
  }
}

function isWhole(bundle: readonly (Uint8Array | undefined)[]): bundle is readonly Uint8Array[] {
  return bundle.every((entry) => entry !== undefined);
}
