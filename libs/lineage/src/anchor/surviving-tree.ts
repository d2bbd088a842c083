import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { equalBytes, type EventId } from '@writ/encoding';
import { IntegrityError } from '@writ/errors';
import { TILE_WIDTH, TileProver, type Hash, type TileReader } from '@writ/merkle';

import { EntryIndex } from '../sequencing/entry-index.js';
import { parseSavedState } from '../sequencing/saved-state.js';
import { ServedTiles } from '../tiles/served-tiles.js';
import { tileFileReader } from '../tiles/tile-folder.js';
import type { TreeHead } from './tree-head.js';

/** A leaf, and the event that it was made from. */
export interface SurvivingLeaf {
  readonly stream: string;
  readonly revision: bigint;
  readonly eventId: EventId;
  readonly leafHash: Hash;
}

/** The tree as the lineage folder still has it, whatever became of the store: checked to be the tree of its own root. */
export interface SurvivingTree extends TreeHead {
  readonly tiles: TileReader;
  /** The leaves from `fromIndex` to the end. @throws IntegrityError `LINEAGE_INVALID` where the index lacks one */
  leavesFrom(fromIndex: bigint): Promise<readonly SurvivingLeaf[]>;
  close(): void;
}

/** `undefined` where there is no folder, or its tiles do not lead to the root that was saved with them. */
export async function openSurvivingTree(lineageDir: string): Promise<SurvivingTree | undefined> {
  const path = join(lineageDir, 'index.db');
  if (!existsSync(path)) return undefined;
  const index = EntryIndex.openForReading(path);
  const saved = parseSavedState(index.savedState());
  if (saved === undefined) {
    index.close();
    return undefined;
  }
  const { sizeLeaves, root } = saved.state;
  const tiles = new ServedTiles(tileFileReader(lineageDir), () => sizeLeaves);
  if (!(await isTreeOf(tiles, { sizeLeaves, root }))) {
    index.close();
    return undefined;
  }
  return {
    sizeLeaves,
    root,
    tiles,
    leavesFrom: (fromIndex) => leavesOf(index, tiles, fromIndex, sizeLeaves),
    close: () => index.close(),
  };
}

async function isTreeOf(tiles: TileReader, { sizeLeaves, root }: TreeHead): Promise<boolean> {
  try {
    return equalBytes((await new TileProver(tiles, sizeLeaves).logTree()).root(), root);
  } catch (error) {
    if (error instanceof IntegrityError) return false;
    throw error;
  }
}

async function leavesOf(
  index: EntryIndex,
  tiles: ServedTiles,
  from: bigint,
  sizeLeaves: bigint,
): Promise<readonly SurvivingLeaf[]> {
  const leaves: SurvivingLeaf[] = [];
  for (let at = from; at < sizeLeaves; at++) {
    const event = index.at(at);
    if (event === undefined) {
      throw new IntegrityError('LINEAGE_INVALID', 'the surviving index lacks a leaf', { index: String(at) });
    }
    const tile = at / BigInt(TILE_WIDTH);
    const rest = sizeLeaves - tile * BigInt(TILE_WIDTH);
    const width = rest < BigInt(TILE_WIDTH) ? Number(rest) : TILE_WIDTH;
    const nodes = await tiles.readTile(0, tile, width);
    const { stream, revision, eventId } = event;
    leaves.push({ stream, revision, eventId, leafHash: nodes.node(0, Number(at % BigInt(TILE_WIDTH))) });
  }
  return leaves;
}
