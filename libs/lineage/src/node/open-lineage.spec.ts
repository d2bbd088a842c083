import { parseCheckpoint, parseNote } from '@writ/checkpoint';
import { lineageStream } from '@writ/ledger';
import { decodeEntryBundle, leafHash, verifyConsistency, verifyInclusion } from '@writ/merkle';

import { freshId, ORIGIN, SmallLedger } from '../ledger.fixture.js';
import type { OpenedLineage } from './lineage-node.js';

const WAIT = { timeoutMs: 5_000 };

describe('the lineage of a ledger in memory', () => {
  let ledger: SmallLedger;
  let lineage: OpenedLineage;
  beforeEach(async () => {
    ledger = await SmallLedger.open();
    lineage = await ledger.openLineage();
  });
  afterEach(async () => {
    await lineage.close();
  });

  it('gives every event its index in commit order, and anchors it', async () => {
    const ids = [...(await ledger.append(3)), ...(await ledger.append(2, 'other')), ...(await ledger.append(1))];
    const standings = await lineage.awaitStanding(ids, 'anchored', WAIT);
    // Index 0 is the key.
    expect(standings.map((standing) => standing.kind === 'anchored' && standing.index)).toEqual([
      1n,
      2n,
      3n,
      4n,
      5n,
      6n,
    ]);
    const { sizeLeaves, root, note } = await lineage.checkpoint();
    expect(parseCheckpoint(parseNote(note).text)).toMatchObject({ origin: ORIGIN, sizeLeaves });
    for (let index = 0n; index < sizeLeaves; index++) {
      const entry = await lineage.entryAt(index);
      expect(await lineage.indexOf(entry.eventId)).toBe(index);
      const path = await lineage.inclusion(index, sizeLeaves);
      verifyInclusion({ index, sizeLeaves, leafHash: entry.leafHash, path }, root);
    }
    const bundle = await lineage.entries(0n, Number(sizeLeaves));
    const entries = decodeEntryBundle(bundle ?? new Uint8Array(), Number(sizeLeaves));
    expect(leafHash(entries[3] ?? new Uint8Array())).toEqual((await lineage.entryAt(3n)).leafHash);
    expect(await lineage.tile(0, 0n, 5)).toHaveLength(160);
    expect(await lineage.tile(0, 0n, 200)).toBeUndefined();
    expect(await lineage.status()).toMatchObject({ role: 'publisher', sizeLeaves: 7n, behind: 0 });
  });

  it('proves that one checkpoint extends another, which can still be had', async () => {
    await lineage.awaitStanding(await ledger.append(5), 'anchored', WAIT);
    const old = await lineage.checkpoint();
    await lineage.awaitStanding(await ledger.append(300 - 44), 'anchored', WAIT);
    const latest = await lineage.checkpoint();
    verifyConsistency({
      oldSizeLeaves: old.sizeLeaves,
      oldRootHash: old.root,
      newSizeLeaves: latest.sizeLeaves,
      newRootHash: latest.root,
      path: await lineage.consistency(old.sizeLeaves, latest.sizeLeaves),
    });
    expect(await lineage.checkpoint(old.sizeLeaves)).toEqual(old);
    await expect(lineage.checkpoint(4n)).rejects.toMatchObject({ code: 'CHECKPOINT_UNKNOWN' });
    // The partial tile of the older one is cut from the full one.
    expect(await lineage.tile(0, 0n, Number(old.sizeLeaves))).toHaveLength(32 * Number(old.sizeLeaves));
  });

  it('gives no index to an event that nobody attests, and tells of it once', async () => {
    await lineage.close();
    ledger = await SmallLedger.open();
    const told: string[] = [];
    lineage = await ledger.openLineage({
      onForeignEvent: (stream, revision) => told.push(`${stream} ${String(revision)}`),
    });
    await ledger.appendForeign();
    const ids = await ledger.append(1);
    const [standing] = await lineage.awaitStanding(ids, 'sequenced', WAIT);
    expect(standing).toMatchObject({ index: 1n });
    expect(told).toEqual(['refusals-evil 0']);
  });

  it('answers what it does not know with a code', async () => {
    await expect(lineage.indexOf(freshId())).rejects.toMatchObject({ code: 'NOT_SEQUENCED_YET' });
    await expect(lineage.entryAt(99n)).rejects.toMatchObject({ code: 'ENTRY_NOT_FOUND' });
    await expect(lineage.inclusion(0n, 99n)).rejects.toMatchObject({ code: 'ENTRY_NOT_FOUND' });
    await expect(lineage.inclusion(5n, 1n)).rejects.toMatchObject({ code: 'ENTRY_NOT_FOUND' });
    expect(await lineage.standings([freshId()])).toEqual([{ kind: 'recorded' }]);
    expect(await lineage.awaitStanding([freshId()], 'anchored', { timeoutMs: 20 })).toEqual([{ kind: 'recorded' }]);
  });

  it('sequences and signs at the end what was there', async () => {
    const ids = await ledger.append(40);
    await lineage.close();
    expect((await lineage.checkpoint()).sizeLeaves).toBe(41n);
    const events = await ledger.store.readStream(lineageStream(ORIGIN));
    expect(events.at(-1)?.type).toBe('CheckpointPublished');
    expect(ids).toHaveLength(40);
    expect((await lineage.status()).role).toBe('stopped');
  });
});
