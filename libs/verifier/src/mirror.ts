import { textOf } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import { LogTree, type Hash } from '@writ/merkle';

/** All entries of a tree of one size, as far as completeness needs them. */
export interface EntryMirror {
  readonly sizeLeaves: bigint;
  readonly rootHash: Hash;
  /** Where the entries of a stream stand, ascending. */
  indicesOf(streamRef: string): readonly number[];
  /** Places that hold no entry in its one spelling: of which stream they are cannot be told. */
  readonly unreadable: readonly number[];
}

/** The one spelling of an entry (docs/spec/entry.md), whole. */
const ENTRY =
  /^\{"dataDigest":"sha256:[0-9a-f]{64}","eventId":"[0-9a-f-]{36}","recordedAt":"[0-9TZ:.-]{24}","revision":"(?:0|[1-9][0-9]{0,18})","streamRef":"([A-Za-z0-9._:/-]{1,512})","type":"[A-Z][A-Za-z0-9]{0,63}","typeVersion":[1-9][0-9]{0,4},"v":1\}$/;

/**
 * Reads the first `sizeLeaves` entries of a log, in order from index 0, as they stand in its entry tiles. Their root is
 * computed from them; the verifier compares it with the checkpoint's. Throws ENTRY_NOT_FOUND where there are fewer.
 */
export function mirrorOf(entries: Iterable<Uint8Array>, sizeLeaves: bigint): EntryMirror {
  const tree = new LogTree();
  const indices = new Map<string, number[]>();
  const unreadable: number[] = [];
  for (const entry of entries) {
    const index = Number(tree.sizeLeaves);
    if (tree.sizeLeaves >= sizeLeaves) break;
    tree.appendEntry(entry);
    const streamRef = streamRefIn(entry);
    if (streamRef === undefined) unreadable.push(index);
    else if (indices.get(streamRef)?.push(index) === undefined) indices.set(streamRef, [index]);
  }
  if (tree.sizeLeaves !== sizeLeaves) {
    throw new RejectedError('ENTRY_NOT_FOUND', 'the mirror holds fewer entries than the tree', {
      sizeLeaves: String(sizeLeaves),
      entries: String(tree.sizeLeaves),
    });
  }
  return { sizeLeaves, rootHash: tree.root(), unreadable, indicesOf: (streamRef) => indices.get(streamRef) ?? [] };
}

function streamRefIn(entry: Uint8Array): string | undefined {
  try {
    return ENTRY.exec(textOf(entry))?.[1];
  } catch {
    return undefined;
  }
}
