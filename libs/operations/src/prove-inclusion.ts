import { IntegrityError } from '@writ/errors';
import { verifyInclusion } from '@writ/merkle';
import type { Engine } from './engine.js';
import { entryTextOf, findEntry } from './find-entry.js';
import type { InclusionRequest, InclusionView } from './lineage-operations.js';
import type { CallContext } from './operations.js';

/** That one event is in the tree of a checkpoint. */
export async function proveInclusion(
  engine: Engine,
  context: CallContext,
  { target, checkpointSizeLeaves }: InclusionRequest,
): Promise<InclusionView> {
  const { lineage } = engine.ports;
  // 1. As of which size.
  const checkpoint = await lineage.checkpoint(checkpointSizeLeaves);
  // 2. Which leaf, as far as the caller may see it.
  const located = await findEntry(engine, context, target, checkpoint);
  const entry = await entryTextOf(engine, located);
  // 3. The path, from the tiles.
  const { index, eventId, leafHash } = located;
  const path = await lineage.inclusion(index, checkpoint.sizeLeaves);
  // 4. Tiles are a cache: a path that does not lead to the signed root is not given out.
  const { sizeLeaves, root } = checkpoint;
  orTileInvalid({ index: index.toString() }, () => verifyInclusion({ leafHash, index, sizeLeaves, path }, root));
  return { index, eventId, entry, leafHash, path, checkpoint };
}

/** Runs a check of what was made from tiles; where it fails, a tile is not what its place asks for. */
export function orTileInvalid(details: Readonly<Record<string, string>>, verify: () => void): void {
  try {
    verify();
  } catch (cause) {
    throw new IntegrityError('TILE_INVALID', 'the tiles do not lead to the signed root', details, { cause });
  }
}
