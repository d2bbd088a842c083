import { toBase64, utf8 } from '@writ/encoding';
import { lineageStream, parseEntry, type Fact } from '@writ/ledger';
import { rootOf } from '@writ/merkle';

import { checkpointOf, leavesOf, ORIGIN, sealed, type LoggedEvent } from './frozen-log.js';

const STREAM = lineageStream(ORIGIN);
const BEGAN_MS = Date.UTC(2026, 0, 15, 12, 30);

/**
 * The log about itself: the history is sequenced in two batches with a checkpoint after each, the second one cosigned by
 * one witness; then somebody recovers from a backup that lacked the last two leaves.
 */
export function lineageLog(history: readonly LoggedEvent[]): LoggedEvent[] {
  const size = history.length;
  const facts: Fact[] = [
    sequenced(history, 0, 12),
    published(history, 12, 0),
    sequenced(history, 12, size),
    published(history, size, 1),
    recovered(history),
  ];
  return facts.map((fact, at) =>
    sealed(fact, { stream: STREAM, revision: BigInt(at), recordedAtMs: BEGAN_MS + at * 1_000 }),
  );
}

function sequenced(history: readonly LoggedEvent[], from: number, to: number): Fact {
  const leaves = leavesOf(history.slice(0, to));
  const refs = history.slice(from, to).map(({ stream, attestation }, at) => {
    const { revision, eventId } = parseEntry(utf8(attestation.entry));
    return { stream, revision: String(revision), eventId, leafHash: toBase64(leaves[from + at] ?? new Uint8Array(0)) };
  });
  const root = toBase64(rootOf(leaves));
  const data = { origin: ORIGIN, firstIndex: String(from), treeSize: String(to), root, through: String(to), refs };
  return { type: 'EntriesSequenced', data };
}

function published(history: readonly LoggedEvent[], size: number, cosignedBy: number): Fact {
  const checkpoint = checkpointOf(history, { size, cosigned: cosignedBy });
  const root = toBase64(rootOf(leavesOf(history.slice(0, size))));
  return {
    type: 'CheckpointPublished',
    data: { origin: ORIGIN, treeSize: String(size), root, checkpoint, cosignedBy },
  };
}

function recovered(history: readonly LoggedEvent[]): Fact {
  const kept = toBase64(rootOf(leavesOf(history)));
  return {
    type: 'LedgerRecovered',
    data: {
      origin: ORIGIN,
      actor: { id: 'olga', role: 'operator' },
      reason: 'the disk was replaced',
      knownSize: String(history.length + 2),
      knownRoot: toBase64(new Uint8Array(32).fill(7)),
      keptSize: String(history.length),
      keptRoot: kept,
      unknown: ['execution-acme.loan-10'],
    },
  };
}
