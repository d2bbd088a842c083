import { canonicalText, toBase64, utf8, type EventId } from '@writ/encoding';
import { MAX_SEQUENCED_REFS, type LineageEvent } from '@writ/ledger';
import { LogTree, type Frontier, type Hash } from '@writ/merkle';

import type { EntriesOfBatch } from './entries-of-batch.js';
import type { AppendOutcome } from './follower-host.js';

/** A verified event that waits for its index. */
export interface UnsequencedEntry {
  readonly stream: string;
  readonly revision: bigint;
  readonly eventId: EventId;
  readonly position: bigint;
  readonly leafHash: Hash;
  readonly entry: Uint8Array;
}

/** One `EntriesSequenced`, ready to be signed. */
export interface SequencedBatch {
  /** Canonical JSON, with its nonce. */
  readonly data: Uint8Array;
  readonly entries: readonly UnsequencedEntry[];
  readonly treeSize: bigint;
  /** With the entries in it; nobody else's. */
  readonly tree: LogTree;
  readonly root: Hash;
}

/** Leaves room for what stands around the refs, and for the metadata, in the 512 KiB that a store takes. */
const MAX_REFS_BYTES = 480_000;

/** As many of `waiting`, from the first on, as one event can name. */
export function batchOf(
  origin: string,
  frontier: Frontier,
  waiting: readonly UnsequencedEntry[],
  nonce: Uint8Array,
): SequencedBatch {
  const tree = LogTree.from(frontier);
  const refs: string[] = [];
  let bytes = 0;
  for (const entry of waiting) {
    const ref = refText(entry);
    bytes += ref.length + 1;
    if (refs.length === MAX_SEQUENCED_REFS || (refs.length > 0 && bytes > MAX_REFS_BYTES)) break;
    refs.push(ref);
    tree.append(entry.leafHash);
  }
  const entries = waiting.slice(0, refs.length);
  const through = entries.at(-1)?.position ?? 0n;
  const root = tree.root();
  // RFC 8785 order, spelled out: to walk some thousand objects for it would cost more than to hash them. What is not a
  // number, hex or base64 is a name, and names are escaped by the canonicaliser.
  const text =
    `{"firstIndex":"${String(frontier.sizeLeaves)}","nonce":"${toBase64(nonce)}","origin":${canonicalText(origin)},` +
    `"refs":[${refs.join()}],"root":"${toBase64(root)}","through":"${String(through)}","treeSize":"${String(tree.sizeLeaves)}"}`;
  return { data: utf8(text), entries, treeSize: tree.sizeLeaves, tree, root };
}

function refText({ eventId, leafHash, revision, stream }: UnsequencedEntry): string {
  return `{"eventId":"${eventId}","leafHash":"${toBase64(leafHash)}","revision":"${String(revision)}","stream":${canonicalText(stream)}}`;
}

/** The entries of a batch, as those who apply it take them. */
export function entriesIn(batch: SequencedBatch): EntriesOfBatch {
  return batch.entries.map(({ entry }) => entry);
}

/** The event that a batch became, as it will be read back. */
export function sequencedEvent(
  origin: string,
  batch: SequencedBatch,
  { revision, eventId, recordedAtMs, dataDigest }: Extract<AppendOutcome, { kind: 'appended' }>,
): LineageEvent {
  const refs = batch.entries.map((entry) => ({
    stream: entry.stream,
    revision: String(entry.revision),
    eventId: entry.eventId,
    leafHash: toBase64(entry.leafHash),
  }));
  return {
    type: 'EntriesSequenced',
    data: {
      origin,
      firstIndex: String(batch.treeSize - BigInt(refs.length)),
      treeSize: String(batch.treeSize),
      root: toBase64(batch.root),
      through: String(batch.entries.at(-1)?.position ?? 0n),
      refs,
    },
    eventId,
    revision,
    recordedAtMs,
    dataDigest,
  };
}
