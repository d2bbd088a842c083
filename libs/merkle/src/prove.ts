import { refuse, safeCounterOf } from './counter.js';
import { emptyRoot, type Hash } from './hash.js';
import { foldRight, LogTree } from './log-tree.js';
import { frontierOf, readSubtrees, type Subtree, type TileReader } from './tile-reader.js';

/**
 * The inclusion path of leaf `index` in the tree of the first `sizeLeaves` leaves, sibling first (RFC 6962 section
 * 2.1.1), from O(log n / 8) tiles. Sizes below 2^53. Throws REQUEST_INVALID when the leaf lies outside, TILE_INVALID
 * for a tile of another shape, and as the reader does.
 */
export async function proveInclusion(
  reader: TileReader,
  index: bigint | number,
  sizeLeaves: bigint | number,
): Promise<Hash[]> {
  const size = safeCounterOf(sizeLeaves, 'sizeLeaves');
  const leaf = safeCounterOf(index, 'index');
  if (leaf >= size) refuse('index', `no leaf ${String(leaf)} in a tree of ${String(size)}`);
  return readSubtrees(reader, size, siblingsAbove({ height: 0, position: leaf }, size));
}

/**
 * The path that ties the tree of `oldSizeLeaves` to the tree of `newSizeLeaves` (RFC 6962 section 2.1.2); empty for
 * equal sizes. Throws REQUEST_INVALID when the tree would shrink or the old one has no leaves; else as above.
 */
export async function proveConsistency(
  reader: TileReader,
  oldSizeLeaves: bigint | number,
  newSizeLeaves: bigint | number,
): Promise<Hash[]> {
  const oldSize = safeCounterOf(oldSizeLeaves, 'oldSizeLeaves');
  const newSize = safeCounterOf(newSizeLeaves, 'newSizeLeaves');
  if (oldSize === 0) refuse('oldSizeLeaves', 'nothing can be inconsistent with the empty tree');
  if (oldSize > newSize) refuse('oldSizeLeaves', `${String(oldSize)} leaves cannot grow to ${String(newSize)}`);
  if (oldSize === newSize) return [];
  const last = lastPerfect(oldSize);
  // Where it is the whole old tree, the verifier has its root already.
  const start = last.position === 0 ? [] : [last];
  return readSubtrees(reader, newSize, [...start, ...siblingsAbove(last, newSize)]);
}

/** The root over the first `sizeLeaves` leaves. Throws as above. */
export async function rootFromTiles(reader: TileReader, sizeLeaves: bigint | number): Promise<Hash> {
  const size = safeCounterOf(sizeLeaves, 'sizeLeaves');
  return foldRight(await readSubtrees(reader, size, frontierOf(size))) ?? emptyRoot();
}

/** The tree of the first `sizeLeaves` leaves, ready to go on from. Throws as above. */
export async function logTreeFromTiles(reader: TileReader, sizeLeaves: bigint | number): Promise<LogTree> {
  const size = safeCounterOf(sizeLeaves, 'sizeLeaves');
  return LogTree.from({ sizeLeaves: BigInt(size), hashes: await readSubtrees(reader, size, frontierOf(size)) });
}

/**
 * The siblings on the way from a complete subtree to the root of a tree of `size` leaves, lowest first. Level by level
 * a node has the one beside it, and the last of an odd level is lifted without; only a right sibling can be incomplete.
 */
function siblingsAbove(from: Subtree, size: number): Subtree[] {
  const siblings: Subtree[] = [];
  let position = from.position;
  let last = Math.ceil(size / 2 ** from.height) - 1;
  for (let height = from.height; last > 0; height++) {
    const sibling = position % 2 === 0 ? position + 1 : position - 1;
    if (sibling <= last) siblings.push({ height, position: sibling });
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return siblings;
}

/** The largest perfect subtree that ends with the last leaf. */
function lastPerfect(size: number): Subtree {
  let height = 0;
  while (Number.isInteger(size / 2 ** (height + 1))) height += 1;
  return { height, position: size / 2 ** height - 1 };
}
