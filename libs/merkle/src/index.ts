/**
 * Merkle trees over SHA-256 as RFC 6962 defines them: roots of whole lists and of logs that grow, inclusion and
 * consistency proofs from C2SP tiles, and their verification. Pure, with no dependency but the hash, so that an auditor
 * can read all that there is to trust. Normative: docs/spec/proof.md.
 */
export { verifyConsistency, verifyGrowthFromEmpty, type Consistency } from './consistency.js';
export { decodeEntryBundle, encodeEntryBundle, ENTRY_MAX_BYTES } from './entry-bundle.js';
export { growTiles, type FilledTile } from './grow-tiles.js';
export { emptyRoot, leafHash, nodeHash, type Hash } from './hash.js';
export { rootFromInclusion, verifyInclusion, type Inclusion } from './inclusion.js';
export { LogTree, type Frontier } from './log-tree.js';
export {
  verifySubtreeConsistency,
  verifySubtreeInclusion,
  type Subtree,
  type SubtreeConsistency,
  type SubtreeInclusion,
} from './subtree.js';
export { TileProver } from './tile-prover.js';
export { rootOfFullTile, TileNodes } from './tile-nodes.js';
export { entriesPath, parseTilePath, tilePath, type TileName } from './tile-path.js';
export type { TileAnswer, TileReader } from './tile-reader.js';
export { TILE_HEIGHT, TILE_WIDTH, tilesBetween, tilesOf, tileWidth, type Tile } from './tile.js';
export { inclusionPath, inclusionPaths, rootOf } from './tree.js';
