import { LedgerError } from '@writ/errors';
import { type EventStore, withAppend } from '@writ/event-store';

import { MarkFile } from '../anchor/mark.js';
import { wasRecovered } from '../anchor/recovery-plan.js';
import { SeenHeads } from '../anchor/seen-heads.js';
import type { Lineage, LineageStatus } from '../lineage.js';
import type { OpenedLineage } from './lineage-node.js';
import type { LineageOnDisk, LineageOptions } from './lineage-options.js';
import { openLineage } from './open-lineage.js';

/**
 * For a process that lives for one command: the store is compared with what was seen and signed of it, as at every start,
 * and the tree is followed only when something asks for it. What such a process appends gets its index from the next that
 * follows. Throws as `openLineage`.
 */
export async function openLineageLate(options: LineageOptions): Promise<OpenedLineage> {
  const { onDisk, origin, store } = options;
  // In memory there is nobody else to follow it.
  if (onDisk === undefined) return openLineage(options);
  const seen = await SeenHeads.open({ file: onDisk.seenFile, origin, store });
  await seen.check();
  const late = new LateLineage(seen, () => openLineage(options));
  // This node has not seen what was signed: only the tree itself tells whether the store still holds it.
  // And of a ledger that was recovered the tree tells what is lost.
  if (wasRecovered(onDisk.markDir) || !(await hasSeenMark(seen, onDisk, options))) await late.follow();
  return late;
}

async function hasSeenMark(seen: SeenHeads, { markDir }: LineageOnDisk, { signer }: LineageOptions): Promise<boolean> {
  try {
    const marked = await new MarkFile(markDir, signer.vkey).read();
    // Without a mark: the one who follows knows whether there ever was something to mark.
    return marked !== undefined && marked.sizeLeaves <= (seen.head?.sizeLeaves ?? 0n);
  } catch (error) {
    // What is wrong with the mark is told by the one who follows.
    if (error instanceof LedgerError) return false;
    throw error;
  }
}

class LateLineage implements OpenedLineage {
  readonly #seen: SeenHeads;
  readonly #open: () => Promise<OpenedLineage>;
  #opening: Promise<OpenedLineage> | undefined;
  #opened: OpenedLineage | undefined;

  constructor(seen: SeenHeads, open: () => Promise<OpenedLineage>) {
    this.#seen = seen;
    this.#open = open;
  }

  follow(): Promise<OpenedLineage> {
    return (this.#opening ??= this.#begin());
  }

  async status(): Promise<LineageStatus> {
    if (this.#opened !== undefined) return this.#opened.status();
    const { fault, head } = this.#seen;
    return {
      role: 'standby',
      sizeLeaves: head?.sizeLeaves ?? 0n,
      checkpointSizeLeaves: 0n,
      cosignedBy: 0,
      behind: 0,
      ...(fault === undefined ? {} : { fault }),
    };
  }

  requireWritable(): void {
    (this.#opened ?? this.#seen).requireWritable();
  }

  requireIntact(stream: string): void {
    // Where it is not followed, nothing was ever lost: a ledger that was recovered is followed from the start.
    this.#opened?.requireIntact(stream);
  }

  watching(store: EventStore): EventStore {
    const early = this.#seen.watching(store);
    let late: EventStore | undefined;
    return withAppend(store, (stream, expected, events, options) => {
      const watched = this.#opened === undefined ? early : (late ??= this.#opened.watching(store));
      return watched.append(stream, expected, events, options);
    });
  }

  standings: Lineage['standings'] = async (eventIds) => (await this.follow()).standings(eventIds);
  awaitStanding: Lineage['awaitStanding'] = async (eventIds, wanted, options) =>
    (await this.follow()).awaitStanding(eventIds, wanted, options);
  checkpoint: Lineage['checkpoint'] = async (sizeLeaves) => (await this.follow()).checkpoint(sizeLeaves);
  indexOf: Lineage['indexOf'] = async (eventId) => (await this.follow()).indexOf(eventId);
  entryAt: Lineage['entryAt'] = async (index) => (await this.follow()).entryAt(index);
  inclusion: Lineage['inclusion'] = async (index, sizeLeaves) => (await this.follow()).inclusion(index, sizeLeaves);
  consistency: Lineage['consistency'] = async (oldSize, newSize) => (await this.follow()).consistency(oldSize, newSize);
  tile: Lineage['tile'] = async (level, index, width) => (await this.follow()).tile(level, index, width);
  entries: Lineage['entries'] = async (index, width) => (await this.follow()).entries(index, width);

  async close(): Promise<void> {
    if (this.#opening === undefined) await this.#seen.close();
    else await this.#opening.then((opened) => opened.close());
  }

  /** What was seen until now is written down first: the one who follows goes on from there, in the same file. */
  async #begin(): Promise<OpenedLineage> {
    await this.#seen.close();
    return (this.#opened = await this.#open());
  }
}
