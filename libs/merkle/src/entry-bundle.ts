import { IntegrityError } from '@writ/errors';

import { refuse } from './counter.js';
import { requireWidth, TILE_WIDTH } from './tile.js';

/** The largest entry that its length prefix can tell (C2SP tlog-tiles). */
export const ENTRY_MAX_BYTES = 0xffff;
const PREFIX_BYTES = 2;

/**
 * 1 to 256 entries as one file: for each its length as a 16-bit number, most significant byte first, and its bytes.
 * Throws REQUEST_INVALID for another count or an entry above 65,535 bytes.
 */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length < 1 || entries.length > TILE_WIDTH) refuse('entries', 'a bundle holds 1 to 256 entries');
  if (entries.some((entry) => !(entry instanceof Uint8Array) || entry.length > ENTRY_MAX_BYTES)) {
    refuse('entries', 'an entry is a Uint8Array of at most 65,535 bytes');
  }
  const bundle = new Uint8Array(entries.reduce((sum, entry) => sum + PREFIX_BYTES + entry.length, 0));
  let at = 0;
  for (const entry of entries) {
    bundle[at] = entry.length >> 8;
    bundle[at + 1] = entry.length & 0xff;
    bundle.set(entry, at + PREFIX_BYTES);
    at += PREFIX_BYTES + entry.length;
  }
  return bundle;
}

/** The entries of a bundle of exactly `width`. Throws TILE_INVALID for fewer, more, or bytes that are left over. */
export function decodeEntryBundle(bundle: Uint8Array, width: number): Uint8Array[] {
  requireWidth(width);
  if (!(bundle instanceof Uint8Array)) refuse('bundle', '`bundle` must be a Uint8Array');
  const entries: Uint8Array[] = [];
  let at = 0;
  while (entries.length < width) {
    const begin = at + PREFIX_BYTES;
    const length = ((bundle[at] ?? 0) << 8) | (bundle[at + 1] ?? 0);
    if (begin + length > bundle.length) fail('the bundle ends inside an entry', width, entries.length);
    entries.push(bundle.slice(begin, begin + length));
    at = begin + length;
  }
  if (at !== bundle.length) fail('the bundle holds more than its entries', width, entries.length);
  return entries;
}

function fail(message: string, width: number, entries: number): never {
  throw new IntegrityError('TILE_INVALID', message, { width, entries });
}
