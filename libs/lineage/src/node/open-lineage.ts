import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { ChangeSignal, type EventStore } from '@writ/event-store';
import { lineageStream } from '@writ/ledger';

import { CheckpointFolder, CheckpointMemory } from '../anchor/checkpoint-folder.js';
import { LostStreams } from '../anchor/lost-streams.js';
import { MarkFile, MemoryMark } from '../anchor/mark.js';
import { processLock, tryPublisherLock } from '../anchor/publisher-lock.js';
import type { AnchorFault } from '../anchor/publisher.js';
import { SeenHeads } from '../anchor/seen-heads.js';
import { EntryIndex } from '../sequencing/entry-index.js';
import type { FollowerReport } from '../sequencing/follower-host.js';
import { LineageStream } from '../sequencing/lineage-stream.js';
import { localSequencer, workerSequencer, type Sequencer, type SequencerHost } from '../sequencing/sequencer.js';
import { ServedTiles } from '../tiles/served-tiles.js';
import { TileFolder, tileFileReader } from '../tiles/tile-folder.js';
import { MemoryTiles } from '../tiles/tile-store.js';
import { Anchoring } from './anchoring.js';
import type { LineageOnDisk, LineageOptions } from './lineage-options.js';
import { LineageNode, type OpenedLineage } from './lineage-node.js';

/** How long a start waits for the tree: after that the node opens, and tells how far it is. */
const START_MS = 15_000;

/**
 * Follows the ledger's tree, and keeps it where this node gets the lock. When it settles, the store was compared with what
 * this node has seen of it, and, unless the tree takes long to be made again, the mark with the tree.
 *
 * What is wrong with the ledger is told by `status` and `requireWritable`, for reads go on; only what keeps this node
 * from opening anything is thrown: IntegrityError `LEDGER_ROLLED_BACK` (what was seen cannot be read), system errors.
 */
export async function openLineage(options: LineageOptions): Promise<OpenedLineage> {
  const { origin, store, onDisk } = options;
  // 1. What this node has seen, before anything is added to it.
  const file = onDisk?.seenFile;
  const onFault = (fault: AnchorFault): void => {
    options.onAlarm?.({ kind: 'fault', fault, cause: undefined });
  };
  const seen = await SeenHeads.open({ file, origin, store, onFault });
  await seen.check();
  seen.start();

  // 2. The tree, and what its recoveries say is lost.
  const lost = new LostStreams(options);
  const changes = new ChangeSignal();
  let report: FollowerReport | undefined;
  const role: { anchoring?: Anchoring } = {};
  const stream = new LineageStream({ ...options, store: refusing(seen, seen.watching(store)) });
  const host: SequencerHost = {
    append: ({ basedOn, data }) => stream.appendBasedOn(basedOn, 'EntriesSequenced', data),
    report: (latest) => {
      report = latest;
      noteSeen(seen, origin, latest);
      lost.follow(latest.state.recoveries);
      role.anchoring?.followed(latest);
      changes.raise();
    },
    died: () => {
      const fault = { code: 'PUBLISHER_UNAVAILABLE' as const, message: 'the sequencer ended, and is begun again' };
      if (report !== undefined) report = { ...report, caughtUp: false, fault };
    },
    foreign: (found) => options.onForeignEvent?.(found.stream, found.revision, found.error),
  };
  const files = onDisk === undefined ? inMemory(options, host) : onFolders(options, onDisk, host);
  const tiles = new ServedTiles(files.readTile, () => report?.state.sizeLeaves ?? 0n);

  // 3. The role.
  const anchoring = new Anchoring({
    options,
    mark: onDisk === undefined ? new MemoryMark() : new MarkFile(onDisk.markDir, options.signer.vkey),
    takeLock: () => (onDisk === undefined ? processLock() : tryPublisherLock(onDisk.markDir)),
    files: files.checkpoints,
    tiles,
    stream,
    sequencer: files.sequencer,
    store,
    requireWritable: () => {
      seen.requireWritable();
    },
    onPublished: () => {
      changes.raise();
    },
  });
  const node = new LineageNode({
    origin,
    sequencer: files.sequencer,
    anchoring,
    seen,
    lost,
    tiles,
    files: files.checkpoints,
    index: files.index,
    closeIndex: files.closeIndex,
    changes,
    report: () => report,
  });
  role.anchoring = anchoring;
  await firstReport(changes, () => report);
  if (report !== undefined) anchoring.followed(report);
  await lost.settled();
  await anchoring.start();
  return node;
}

/** A store that was set back takes nothing from us, neither indices nor checkpoints. */
function refusing(seen: SeenHeads, store: EventStore): Pick<EventStore, 'append' | 'readStream'> {
  return {
    append: async (stream, expected, events, options) => {
      seen.requireWritable();
      return store.append(stream, expected, events, options);
    },
    readStream: (stream, options) => store.readStream(stream, options),
  };
}

interface TreeFiles {
  readonly sequencer: Sequencer;
  readonly checkpoints: CheckpointFolder | CheckpointMemory;
  readonly readTile: (path: string) => Promise<Uint8Array | undefined>;
  readonly index: () => EntryIndex;
  readonly closeIndex: () => void;
}

function inMemory({ store, origin, pinned }: LineageOptions, host: SequencerHost): TreeFiles {
  const tiles = new MemoryTiles();
  let index = EntryIndex.open(':memory:');
  return {
    sequencer: localSequencer(
      { store, origin, pinned, tiles, openIndex: () => (index = EntryIndex.open(':memory:')) },
      host,
    ),
    checkpoints: new CheckpointMemory(),
    readTile: (path) => Promise.resolve(tiles.read(path)),
    index: () => index,
    closeIndex: () => undefined,
  };
}

function onFolders({ store, origin, pinned }: LineageOptions, onDisk: LineageOnDisk, host: SequencerHost): TreeFiles {
  const { lineageDir, source } = onDisk;
  mkdirSync(lineageDir, { recursive: true });
  const path = join(lineageDir, 'index.db');
  const tiles = new TileFolder(lineageDir);
  const openIndex = (): EntryIndex => EntryIndex.open(path);
  let read: EntryIndex | undefined;
  return {
    sequencer:
      source === undefined
        ? localSequencer({ store, origin, pinned, tiles, openIndex }, host)
        : workerSequencer({ origin, pinned, lineageDir, source }, host),
    checkpoints: new CheckpointFolder(lineageDir),
    readTile: tileFileReader(lineageDir),
    index: () => (read ??= EntryIndex.openForReading(path)),
    closeIndex: () => {
      read?.close();
    },
  };
}

function noteSeen(seen: SeenHeads, origin: string, { state, headEventId, fault }: FollowerReport): void {
  if (headEventId === undefined || fault !== undefined || state.lastRevision < 0n) return;
  const { lastRevision: revision, sizeLeaves, root, through } = state;
  // The place of a lineage event in the store is not known to who follows it; it stands after all that it speaks of.
  seen.noteLineage({
    stream: lineageStream(origin),
    revision,
    position: through ?? 0n,
    eventId: headEventId,
    sizeLeaves,
    root,
  });
}

/** Until the tree was read to its end, something is in the way, or the time is over. */
async function firstReport(changes: ChangeSignal, report: () => FollowerReport | undefined): Promise<void> {
  const over = AbortSignal.timeout(START_MS);
  for (;;) {
    const seenCount = changes.count;
    const latest = report();
    if (latest?.caughtUp === true || latest?.fault !== undefined || over.aborted) return;
    await changes.changedSince(seenCount, over);
  }
}
