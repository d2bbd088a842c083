import { counterOf, refuse } from './counter.js';
import { requireLevel, requireWidth, TILE_WIDTH, type Tile } from './tile.js';

/** What a path below a log's prefix names: a tile of hashes, or the entries under a tile of level 0. */
export type TileName =
  ({ readonly kind: 'hashes' } & Tile) | { readonly kind: 'entries'; readonly index: bigint; readonly width: number };

// One spelling per name: groups of three digits, all but the last with an `x`, no empty group in front.
const NAME = /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;
/** 64-bit sizes have tiles below 2^56: no name of more than 6 groups is worth reading. */
const MAX_PATH_LENGTH = 64;

/** Path of a tile below the log's prefix, without a slash in front: `tile/0/x001/x234/067.p/112`. */
export function tilePath({ level, index, width }: Tile): string {
  requireLevel(level);
  return `tile/${String(level)}/${placeOf(index, width)}`;
}

/** Path of the entries whose leaf hashes are in the tile of level 0 with this index and width. */
export function entriesPath(index: bigint | number, width: number): string {
  return `tile/entries/${placeOf(index, width)}`;
}

/** Reads either path, in its one spelling. Throws REQUEST_INVALID. */
export function parseTilePath(path: string): TileName {
  const match = typeof path === 'string' && path.length <= MAX_PATH_LENGTH ? NAME.exec(path) : null;
  if (match === null) refuse('path', 'no tile has this path');
  const [, level = '', groups = '', partial] = match;
  const index = BigInt(groups.replace(/[x/]/g, ''));
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  if (width > TILE_WIDTH || (partial !== undefined && width === TILE_WIDTH)) {
    refuse('path', 'a partial tile holds 1 to 255 hashes');
  }
  const name: TileName =
    level === 'entries' ? { kind: 'entries', index, width } : { kind: 'hashes', level: Number(level), index, width };
  // Catches what the pattern lets through: groups of zeros in front, a level above 63, an index beyond 64 bits.
  const spelled = name.kind === 'entries' ? entriesPath(index, width) : tilePath(name);
  if (spelled !== path) refuse('path', 'the index has another spelling');
  return name;
}

function placeOf(index: bigint | number, width: number): string {
  requireWidth(width);
  const digits = String(counterOf(index, 'index'));
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/.{3}/g) ?? [];
  const place = groups.map((group, at) => (at + 1 < groups.length ? `x${group}` : group)).join('/');
  return width === TILE_WIDTH ? place : `${place}.p/${String(width)}`;
}
