import { canonicalise } from '@writ/encoding';

import { STREAM_HEAD_DOMAIN, domainMessage } from './domains.js';

/** What a ledger asserts about the end of a stream: as of a tree of `treeSize` leaves, nothing follows `lastRevision`. */
export interface StreamEnd {
  /** How entries name the stream: salted hash or clear name. */
  readonly streamRef: string;
  readonly lastRevision: bigint;
  /** Leaves of the tree that this is told of. */
  readonly treeSize: bigint;
}

/** What is signed for a stream head: `domain ‖ origin ‖ canonical({lastRevision, streamRef, treeSize})`, 64-bit numbers as decimal strings. */
export function streamHeadMessage(origin: string, { streamRef, lastRevision, treeSize }: StreamEnd): Uint8Array {
  const body = { streamRef, lastRevision: String(lastRevision), treeSize: String(treeSize) };
  return domainMessage(STREAM_HEAD_DOMAIN, origin, canonicalise(body));
}
