import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCheckpoint, parseNote } from '@writ/checkpoint';
import { LedgerError } from '@writ/errors';
import { decodeEntryBundle, entriesPath, TILE_WIDTH } from '@writ/merkle';
import { mirrorOf, type EntryMirror } from '@writ/verifier';
import { UsageError } from '../usage-error.js';

/**
 * The entries of a log as somebody copied them (`tile/entries/…`, C2SP tlog-tiles), up to the size that `note` names.
 * What they come to is compared with the checkpoint by the verifier. @throws UsageError
 */
export function readMirror(folder: string, note: string): EntryMirror {
  try {
    const { sizeLeaves } = parseCheckpoint(parseNote(note).text, { allowExtensions: true });
    return mirrorOf(entriesIn(folder, sizeLeaves), sizeLeaves);
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    throw new UsageError(`\`${folder}\` is no mirror of that tree: ${cause.message} (${cause.code})`, { cause });
  }
}

function* entriesIn(folder: string, sizeLeaves: bigint): Generator<Uint8Array> {
  const width = BigInt(TILE_WIDTH);
  for (let index = 0n; index * width < sizeLeaves; index += 1n) {
    const left = sizeLeaves - index * width;
    const wanted = left < width ? Number(left) : TILE_WIDTH;
    yield* entriesOf(folder, index, wanted);
  }
}

/** A partial tile may be gone once the tree has grown: the next wider one begins with the same entries. */
function entriesOf(folder: string, index: bigint, wanted: number): readonly Uint8Array[] {
  for (let width = wanted; width <= TILE_WIDTH; width += 1) {
    const bytes = readIfThere(join(folder, entriesPath(index, width)));
    if (bytes !== undefined) return decodeEntryBundle(bytes, width).slice(0, wanted);
  }
  throw new UsageError(`\`${join(folder, entriesPath(index, wanted))}\` is not in the mirror`);
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new UsageError(`\`${path}\` cannot be read`, { cause });
  }
}
