import { equalBytes, parseBase64, sha256 } from '@writ/encoding';
import type { EventId } from '@writ/encoding';

import { requireThat } from './cannot-follow.js';
import type { LedgerEvent } from './events.js';

export type LineageEventType = 'EntriesSequenced' | 'CheckpointPublished' | 'LedgerRecovered';
export type LineageEvent = LedgerEvent<LineageEventType>;

/** How far the tree of a ledger is recorded, folded from `lineage-<origin>`. Sizes count leaves. */
export interface LineageStreamState {
  readonly origin: string | null;
  readonly lastRevision: bigint;
  readonly lastRecordedAtMs: number;
  readonly sizeLeaves: bigint;
  /** Root over all of them; SHA-256 of nothing before the first. */
  readonly root: Uint8Array;
  /** Store position of the last event that has an index; `null` before the first. */
  readonly through: bigint | null;
  /** The latest one. */
  readonly checkpoint: RecordedCheckpoint | null;
  /** Revisions of the recoveries, in order. */
  readonly recoveries: readonly bigint[];
}

export interface RecordedCheckpoint {
  readonly sizeLeaves: bigint;
  readonly root: Uint8Array;
  /** The signed note with its cosignatures. */
  readonly note: string;
  readonly cosignedBy: number;
  readonly revision: bigint;
  readonly eventId: EventId;
}

/** Before the first event. */
export const NO_LINEAGE: LineageStreamState = {
  origin: null,
  lastRevision: -1n,
  lastRecordedAtMs: 0,
  sizeLeaves: 0n,
  root: sha256(new Uint8Array(0)),
  through: null,
  checkpoint: null,
  recoveries: [],
};

const HASH_BYTES = 32;

export function isLineageEvent(event: LedgerEvent): event is LineageEvent {
  return event.type === 'EntriesSequenced' || event.type === 'CheckpointPublished' || event.type === 'LedgerRecovered';
}

/**
 * Folds one event of the lineage stream. Indices have no gap, checkpoints never shrink, and a head of one size has one
 * root wherever this fold can see both. That a root is the root of its leaves is for who keeps the tree.
 * Throws IntegrityError EVENT_INVALID on an event that cannot follow.
 */
export function evolveLineage(state: LineageStreamState, event: LineageEvent): LineageStreamState {
  requireThat(event.revision === state.lastRevision + 1n, event, 'revisions have no gap');
  requireThat(event.recordedAtMs >= state.lastRecordedAtMs, event, 'time does not go back within a stream');
  const { origin } = event.data;
  requireThat(state.origin === null || state.origin === origin, event, 'it is of another ledger');
  const next = { ...state, origin, lastRevision: event.revision, lastRecordedAtMs: event.recordedAtMs };
  switch (event.type) {
    case 'EntriesSequenced': {
      const { firstIndex, treeSize, refs, root, through } = event.data;
      requireThat(BigInt(firstIndex) === state.sizeLeaves, event, 'indices have no gap');
      const sizeLeaves = state.sizeLeaves + BigInt(refs.length);
      requireThat(BigInt(treeSize) === sizeLeaves, event, 'the size is not that of the leaves');
      return { ...next, sizeLeaves, root: parseBase64(root, HASH_BYTES), through: BigInt(through) };
    }
    case 'CheckpointPublished':
      return { ...next, checkpoint: checkpointAfter(state, event) };
    case 'LedgerRecovered': {
      const kept = { sizeLeaves: BigInt(event.data.keptSize), root: parseBase64(event.data.keptRoot, HASH_BYTES) };
      requireThat(kept.sizeLeaves === state.sizeLeaves, event, 'what was kept is not what is here');
      requireThat(equalBytes(kept.root, state.root), event, 'the root of what was kept is another');
      return { ...next, recoveries: [...state.recoveries, event.revision] };
    }
  }
}

/**
 * The state past a revision that holds an event which nobody of ours attested: it says nothing, and only its place is
 * used up.
 */
export function passForeignRevision(state: LineageStreamState, revision: bigint): LineageStreamState {
  return revision === state.lastRevision + 1n ? { ...state, lastRevision: revision } : state;
}

function checkpointAfter(state: LineageStreamState, event: LedgerEvent<'CheckpointPublished'>): RecordedCheckpoint {
  const { treeSize, checkpoint: note, cosignedBy } = event.data;
  const sizeLeaves = BigInt(treeSize);
  const root = parseBase64(event.data.root, HASH_BYTES);
  const { checkpoint: last } = state;
  requireThat(sizeLeaves <= state.sizeLeaves, event, 'it names leaves that are not in the tree');
  requireThat(last === null || sizeLeaves >= last.sizeLeaves, event, 'checkpoints never shrink');
  const sameAsTree = sizeLeaves !== state.sizeLeaves || equalBytes(root, state.root);
  const sameAsLast = last?.sizeLeaves !== sizeLeaves || equalBytes(root, last.root);
  requireThat(sameAsTree && sameAsLast, event, 'two roots for one size');
  return { sizeLeaves, root, note, cosignedBy, revision: event.revision, eventId: event.eventId };
}
