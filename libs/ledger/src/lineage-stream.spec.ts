import { toBase64 } from '@writ/encoding';
import type { EventId } from '@writ/encoding';

import { digestFor, OPERATOR, START_MS, uuidFor } from './execution/story.fixture.js';
import { evolveLineage, NO_LINEAGE, passForeignRevision, type LineageEvent } from './lineage-stream.js';

const ORIGIN = 'ledger.example/loans';
const hash = (byte: number) => toBase64(new Uint8Array(32).fill(byte));
const event = (revision: number, type: LineageEvent['type'], data: object): LineageEvent =>
  ({
    type,
    data: { origin: ORIGIN, ...data },
    eventId: uuidFor(revision) as EventId,
    revision: BigInt(revision),
    recordedAtMs: START_MS,
    dataDigest: digestFor('d'),
  }) as unknown as LineageEvent;
const sequenced = (revision: number, first: number, count: number, change: object = {}) =>
  event(revision, 'EntriesSequenced', {
    firstIndex: String(first),
    treeSize: String(first + count),
    root: hash(first + count),
    through: String(10 * (first + count)),
    refs: Array.from({ length: count }, () => ({})),
    ...change,
  });
const published = (revision: number, size: number, change: object = {}) =>
  event(revision, 'CheckpointPublished', {
    treeSize: String(size),
    root: hash(size),
    checkpoint: 'note',
    cosignedBy: 1,
    ...change,
  });
const recovered = (revision: number, kept: number, change: object = {}) =>
  event(revision, 'LedgerRecovered', {
    actor: OPERATOR,
    reason: 'a backup was restored',
    knownSize: '99',
    knownRoot: hash(99),
    keptSize: String(kept),
    keptRoot: hash(kept),
    unknown: [],
    ...change,
  });

const fold = (...events: LineageEvent[]) => events.reduce(evolveLineage, NO_LINEAGE);
const codeOf = (...events: LineageEvent[]) => {
  try {
    fold(...events);
    return 'folded';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('the lineage stream', () => {
  it('tells size, root, place to read on, and the latest checkpoint', () => {
    const state = fold(sequenced(0, 0, 3), published(1, 3), sequenced(2, 3, 2), recovered(3, 5));
    expect(state).toMatchObject({
      origin: ORIGIN,
      lastRevision: 3n,
      lastRecordedAtMs: START_MS,
      sizeLeaves: 5n,
      through: 50n,
      checkpoint: { sizeLeaves: 3n, note: 'note', cosignedBy: 1, revision: 1n },
      recoveries: [3n],
    });
    expect(toBase64(state.root)).toBe(hash(5));
  });

  it.each<[string, LineageEvent[]]>([
    ['a gap of revisions', [sequenced(0, 0, 1), sequenced(2, 1, 1)]],
    ['a first index above 0', [sequenced(0, 1, 1)]],
    ['a gap of indices', [sequenced(0, 0, 1), sequenced(1, 2, 1)]],
    ['indices given twice', [sequenced(0, 0, 2), sequenced(1, 1, 2)]],
    ['a size that is not that of its leaves', [sequenced(0, 0, 2, { treeSize: '3' })]],
    ['another origin', [sequenced(0, 0, 2), sequenced(1, 2, 1, { origin: 'ledger.example/other' })]],
    ['a checkpoint beyond the tree', [sequenced(0, 0, 2), published(1, 3)]],
    ['a checkpoint that shrinks', [sequenced(0, 0, 2), published(1, 2), published(2, 1)]],
    ['a checkpoint of another root', [sequenced(0, 0, 2), published(1, 2, { root: hash(9) })]],
    [
      'two roots for one size',
      [sequenced(0, 0, 2), sequenced(1, 2, 1), published(2, 2), published(3, 2, { root: hash(9) })],
    ],
    ['a recovery that kept another size', [sequenced(0, 0, 2), recovered(1, 1)]],
    ['a recovery that kept another root', [sequenced(0, 0, 2), recovered(1, 2, { keptRoot: hash(9) })]],
  ])('refuses %s', (_what, events) => {
    expect(codeOf(...events.slice(0, -1))).toBe('folded');
    expect(codeOf(...events)).toBe('EVENT_INVALID');
  });

  it('passes by a revision that holds a foreign event', () => {
    const state = passForeignRevision(fold(sequenced(0, 0, 2)), 1n);
    expect(evolveLineage(state, sequenced(2, 2, 1))).toMatchObject({ sizeLeaves: 3n, lastRevision: 2n });
    expect(passForeignRevision(state, 5n)).toBe(state);
  });
});
