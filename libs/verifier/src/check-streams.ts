import { equalBytes } from '@writ/encoding';
import { streamHeadMessage, type VerifySignature } from '@writ/evidence';
import { verifyInclusion } from '@writ/merkle';

import { verifyPlain } from './check-keys.js';
import type { CheckedTree } from './check-checkpoint.js';
import type { Findings } from './check-list.js';
import type { KeyHistory } from './key-history.js';
import type { EntryMirror } from './mirror.js';
import type { OpenedEvent, OpenedStream } from './opened-stream.js';

/** `inclusion`: the leaf of every entry is where it says it is, in the tree of the checkpoint. */
export function checkInclusion(events: readonly OpenedEvent[], tree: CheckedTree, found: Findings): void {
  const { sizeLeaves, rootHash } = tree;
  for (const { leafHash, index, path, subject } of events) {
    try {
      verifyInclusion({ leafHash, index, sizeLeaves, path }, rootHash);
    } catch {
      // An index beyond the tree is a proof of nothing, not a mistake in how we ask.
      found.fail('PROOF_INVALID', subject);
    }
  }
}

/** `contiguity`: revisions from 0 without a gap, at indices that grow with them. */
export function checkContiguity({ stream, events }: OpenedStream, found: Findings): void {
  let last = -1n;
  for (const [at, { entry, index, subject }] of events.entries()) {
    if (entry !== undefined && entry.revision !== BigInt(at)) {
      found.fail('REVISION_GAP', subject);
      return;
    }
    if (index <= last) found.fail('INDEX_ORDER', { stream, ...subject });
    last = index;
  }
}

/** `streamHeads`: by the ledger's word, as of this tree, nothing follows the last event that is here. */
export function checkStreamHead(
  { stream, streamRef, head, events }: OpenedStream,
  tree: CheckedTree,
  origin: string,
  history: KeyHistory,
  verify: VerifySignature,
  found: Findings,
): void {
  const subject = { stream };
  const { lastRevision, treeSize, keyId, signature } = head;
  const last = events.at(-1)?.entry?.revision;
  const fits = head.streamRef === streamRef && lastRevision === last && treeSize === tree.sizeLeaves;
  if (!fits) found.fail('HEAD_MISMATCH', subject);
  const message = streamHeadMessage(origin, { streamRef: head.streamRef, lastRevision, treeSize });
  const code = verifyPlain(message, signature, keyId, history, verify);
  if (code === 'KEY_UNKNOWN') found.skip(code, subject);
  else if (code !== undefined) found.fail(code, subject);
}

/** `completeness`: by all entries of the tree, the bundle holds every event of its streams. */
export function checkCompleteness(
  streams: readonly OpenedStream[],
  tree: CheckedTree,
  mirror: EntryMirror | undefined,
  found: Findings,
): void {
  if (mirror === undefined) {
    found.skip('NO_MIRROR');
    return;
  }
  if (mirror.sizeLeaves !== tree.sizeLeaves || !equalBytes(mirror.rootHash, tree.rootHash)) {
    found.fail('MIRROR_DIFFERS');
    return;
  }
  for (const index of mirror.unreadable) found.fail('FOREIGN_EVENT', { index: String(index) });
  for (const { stream, streamRef, events } of streams) {
    const held = new Set(events.map(({ index }) => index));
    for (const index of mirror.indicesOf(streamRef)) {
      if (!held.has(BigInt(index))) found.fail('EVENT_LEFT_OUT', { stream, index: String(index) });
    }
  }
}
