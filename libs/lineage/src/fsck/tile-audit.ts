import { entriesPath, leafHash, tilePath, tilesOf, TILE_WIDTH } from '@writ/merkle';
import { hashText } from './hash-text.js';
import { placeOf, type LineageFolder, type TileInventory } from './lineage-folder.js';
import type { Findings } from './report.js';
import type { RebuiltTile } from './tree-audit.js';

const HASH_BYTES = 32;
const LENGTH_BYTES = 2;

/** What an audit of entry bundles goes on from: the leaf hashes, in base64, of the bundle that is being filled. */
export type BundleState = readonly string[];

/** Compares the files of a folder with the tiles and entries that the store makes. */
export class TileAudit {
  readonly #folder: LineageFolder | undefined;
  readonly #inventory: TileInventory;
  readonly #findings: Findings;
  /** Leaf hashes, in base64. */
  #bundle: string[];
  #bundleIndex: number;
  hashTiles = 0;
  entryBundles = 0;

  constructor(
    folder: LineageFolder | undefined,
    findings: Findings,
    from: { readonly sizeLeaves: number; readonly bundle: BundleState } = { sizeLeaves: 0, bundle: [] },
  ) {
    this.#folder = folder;
    this.#findings = findings;
    this.#inventory = folder?.tiles() ?? { widths: new Map(), strangers: [] };
    this.#bundleIndex = Math.floor(from.sizeLeaves / TILE_WIDTH);
    this.#bundle = [...from.bundle];
  }

  bundleState(): BundleState {
    return this.#bundle;
  }

  /** A tile that is full, or the rest at the end: every file of its place must hold its first hashes. */
  takeTile(tile: RebuiltTile): void {
    const index = BigInt(tile.index);
    for (const width of this.#widthsAt({ kind: 'hashes', level: tile.level, index }, tile.width)) {
      this.hashTiles += 1;
      this.#compareTile(tilePath({ level: tile.level, index, width }), tile, width);
    }
  }

  /** @param leafHash base64 */
  takeLeaf(leafHash: string): void {
    this.#bundle.push(leafHash);
    if (this.#bundle.length === TILE_WIDTH) this.#endBundle();
  }

  /**
   * Everything that the store makes was taken. What is left are files of trees that the store does not have.
   * @param publishedSizeLeaves a tree whose tiles must all be there: that of the checkpoint file
   */
  end(partialTiles: readonly RebuiltTile[], sizeLeaves: number, publishedSizeLeaves: number): void {
    for (const tile of partialTiles) this.takeTile(tile);
    if (this.#bundle.length > 0) this.#endBundle();
    for (const path of this.#inventory.strangers) this.#find('tile', 'no tile has this path', path);
    this.#tellBeyond(sizeLeaves);
    this.#tellMissing(Math.min(publishedSizeLeaves, sizeLeaves));
  }

  #endBundle(): void {
    const leaves = this.#bundle;
    const index = this.#bundleIndex;
    this.#bundle = [];
    this.#bundleIndex += 1;
    const widths = this.#widthsAt({ kind: 'entries', index: BigInt(index) }, leaves.length);
    for (const width of widths) {
      this.entryBundles += 1;
      this.#compareBundle(entriesPath(BigInt(index), width), leaves.slice(0, width), index * TILE_WIDTH);
    }
  }

  #widthsAt(name: Parameters<typeof placeOf>[0], widest: number): readonly number[] {
    return (this.#inventory.widths.get(placeOf(name)) ?? []).filter((width) => width <= widest);
  }

  #compareTile(path: string, { level, index, bytes }: RebuiltTile, width: number): void {
    // A partial tile may be gone by now: it may be deleted once the full one is there.
    const found = this.#folder?.read(path);
    if (found === undefined) return;
    const expected = bytes.subarray(0, width * HASH_BYTES);
    if (Buffer.compare(found, expected) === 0) return;
    const different = firstDifference(found, expected);
    const leaf = index * TILE_WIDTH + Math.min(width - 1, Math.floor(different / HASH_BYTES));
    const place = String(leaf * TILE_WIDTH ** level);
    if (isTorn(found, expected)) this.#find('torn', 'the tile ends too early', path, place);
    else this.#find('tile', 'the tile is not that of the tree', path, place);
  }

  /** Entry by entry: each must be the leaf of its index. */
  #compareBundle(path: string, leafHashes: readonly string[], firstIndex: number): void {
    const found = this.#folder?.read(path);
    if (found === undefined) return;
    let at = 0;
    for (const [place, expected] of leafHashes.entries()) {
      const begin = at + LENGTH_BYTES;
      const end = begin + (((found[at] ?? 0) << 8) | (found[at + 1] ?? 0));
      if (begin > found.length || end > found.length) {
        this.#find('torn', 'the bundle ends too early', path, String(firstIndex));
        return;
      }
      if (hashText(leafHash(found.subarray(begin, end))) !== expected) {
        this.#find('entries', 'the entry is not the leaf of its index', path, String(firstIndex + place));
        return;
      }
      at = end;
    }
    if (at !== found.length) {
      this.#find('entries', 'the bundle holds more than its entries', path, String(firstIndex + leafHashes.length));
    }
  }

  /** Tiles are made from what the store has acknowledged: one that reaches further was made from a store that had more. */
  #tellBeyond(sizeLeaves: number): void {
    for (const [place, widths] of this.#inventory.widths) {
      const [kind = '', index = ''] = place.split(' ');
      const level = kind === 'entries' ? 0 : Number(kind);
      const held = Math.floor(sizeLeaves / TILE_WIDTH ** level) - Number(index) * TILE_WIDTH;
      for (const width of widths.filter((each) => each > held)) {
        const path = kind === 'entries' ? entriesPath(BigInt(index), width) : pathOf(level, BigInt(index), width);
        this.#findings.add({
          kind: 'rolled_back',
          code: 'LEDGER_ROLLED_BACK',
          message: 'the tile is of a larger tree than the store has',
          path,
          index: String(sizeLeaves),
        });
      }
    }
  }

  #tellMissing(sizeLeaves: number): void {
    if (this.#folder === undefined) return;
    for (const { level, index, width } of tilesOf(sizeLeaves)) {
      const leaf = String(index * BigInt(TILE_WIDTH) ** BigInt(level + 1));
      if (!this.#has({ kind: 'hashes', level, index }, width)) {
        this.#find('tile', 'a published tree has this tile, and it is missing', pathOf(level, index, width), leaf);
      }
      if (level === 0 && !this.#has({ kind: 'entries', index }, width)) {
        this.#find('entries', 'a published tree has this bundle, and it is missing', entriesPath(index, width), leaf);
      }
    }
  }

  #has(name: Parameters<typeof placeOf>[0], width: number): boolean {
    return (this.#inventory.widths.get(placeOf(name)) ?? []).some((each) => each >= width);
  }

  #find(kind: 'torn' | 'tile' | 'entries', message: string, path: string, index?: string): void {
    this.#findings.add({ kind, code: 'TILE_INVALID', message, path, ...(index === undefined ? {} : { index }) });
  }
}

function pathOf(level: number, index: bigint, width: number): string {
  return tilePath({ level, index, width });
}

/** What a write that did not come to its end leaves: the beginning, and nothing or zeros behind it. */
function isTorn(found: Uint8Array, expected: Uint8Array): boolean {
  return found.length < expected.length && Buffer.compare(found, expected.subarray(0, found.length)) === 0;
}

function firstDifference(found: Uint8Array, expected: Uint8Array): number {
  const shorter = Math.min(found.length, expected.length);
  for (let at = 0; at < shorter; at++) if (found[at] !== expected[at]) return at;
  return shorter;
}
