import { IntegrityError } from '@writ/errors';

import { TileNodes } from './tile-nodes.js';

/**
 * Where tiles come from: a folder, a server, a cache. Asked for exactly the width that the tile has in the tree that is
 * proven from; whoever only kept the full tile answers with its first `width` hashes. What it answers is believed:
 * a proof from wrong tiles is a proof that does not verify. An answer as `TileNodes` saves hashing it again, and one
 * that is no promise saves a turn of the event loop.
 */
export interface TileReader {
  readTile(level: number, index: bigint, width: number): TileAnswer | Promise<TileAnswer>;
}

/** The hashes of a tile one after another, or the same with the nodes above them. */
export type TileAnswer = Uint8Array | TileNodes;

/** An answer to a question for a tile of `width`; throws TILE_INVALID for one of another width, whoever hashed it. */
export function nodesOf(answer: TileAnswer, width: number): TileNodes {
  const nodes = answer instanceof TileNodes ? answer : new TileNodes(answer, width);
  if (nodes.width === width) return nodes;
  throw new IntegrityError('TILE_INVALID', `asked for a tile of width ${String(width)}`, { width: nodes.width });
}
