import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseTenant } from '@writ/encoding';
import { InMemoryEventStore, type EventStore } from '@writ/event-store';
import { lineageStream, refusalsStream } from '@writ/ledger';
import { emptyRoot, verifyConsistency } from '@writ/merkle';
import { drawNoteKey } from '@writ/signing';

import { ORIGIN, SmallLedger } from '../ledger.fixture.js';
import type { OpenedLineage } from '../node/lineage-node.js';
import type { PublishedCheckpoint } from '../lineage.js';
import { codeOf } from './anchor.fixture.js';
import { MarkFile } from './mark.js';
import { tryPublisherLock } from './publisher-lock.js';
import { wasRecovered } from './recovery-plan.js';
import { recoverLedger, type RecoverOptions, type Recovery } from './recover-ledger.js';
import type { TreeHead } from './tree-head.js';

const WAIT = { timeoutMs: 10_000 };
const signer = drawNoteKey('checkpoint', ORIGIN);
const TENANTS = ['one', 'two', 'three', 'four'];

let folder: string;
let ledger: SmallLedger;
let open: OpenedLineage[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'writ-recover-'));
  ledger = await SmallLedger.open();
  open = [];
});
afterEach(async () => {
  for (const lineage of open) await lineage.close();
  rmSync(folder, { recursive: true, force: true });
});

const onDisk = (): { lineageDir: string; markDir: string; seenFile: string } => ({
  lineageDir: join(folder, 'tree'),
  markDir: join(folder, 'mark'),
  seenFile: join(folder, 'seen.json'),
});

async function start(of = ledger): Promise<OpenedLineage> {
  const lineage = await of.openLineage({ signer, onDisk: onDisk() });
  open.push(lineage);
  return lineage;
}

/** Runs a ledger for a while, in a few batches, and stops it. */
async function lived(): Promise<PublishedCheckpoint> {
  const lineage = await start();
  for (const tenant of TENANTS) await lineage.awaitStanding(await ledger.append(5, tenant), 'anchored', WAIT);
  const checkpoint = await lineage.checkpoint();
  await lineage.close();
  return checkpoint;
}

/** The store as it was after its first `count` events. */
async function backup(count: number): Promise<SmallLedger> {
  const store = new InMemoryEventStore();
  for (const { stream, revision, eventId, type, typeVersion, data, metadata } of (
    await ledger.store.readAll({ maxCount: 4_096 })
  ).slice(0, count)) {
    await store.append(stream, revision === 0n ? 'no_stream' : revision - 1n, [
      { eventId, type, typeVersion, data, metadata },
    ]);
  }
  return SmallLedger.open(store);
}

/** The head of the last checkpoint that a store tells of. */
async function publishedIn({ store }: SmallLedger): Promise<TreeHead> {
  const last = (await store.readStream(lineageStream(ORIGIN)))
    .filter(({ type }) => type === 'CheckpointPublished')
    .at(-1);
  if (last === undefined) return { sizeLeaves: 0n, root: emptyRoot() };
  const { treeSize, root } = JSON.parse(Buffer.from(last.data).toString()) as { treeSize: string; root: string };
  return { sizeLeaves: BigInt(treeSize), root: Uint8Array.from(Buffer.from(root, 'base64')) };
}

const all = async (): Promise<number> => (await ledger.store.readAll({ maxCount: 4_096 })).length;
const streamOf = (tenant: string): string => refusalsStream(parseTenant(tenant));

function recover(of: SmallLedger, change: Partial<RecoverOptions> = {}): Promise<Recovery> {
  const actor = { id: 'operator@console', role: 'operator' } as const;
  return recoverLedger({ ...of.options({ signer }), onDisk: onDisk(), actor, reason: 'a test', ...change });
}

/** What follows extends what was signed, and is worked on as before. */
async function requireGoesOn(of: SmallLedger, signed: PublishedCheckpoint): Promise<OpenedLineage> {
  const lineage = await start(of);
  expect((await lineage.status()).fault).toBeUndefined();
  lineage.requireWritable();
  const standings = await lineage.awaitStanding(await of.append(3, 'later'), 'anchored', WAIT);
  expect(standings.map(({ kind }) => kind)).toEqual(['anchored', 'anchored', 'anchored']);
  const now = await lineage.checkpoint();
  expect(now.sizeLeaves).toBeGreaterThan(signed.sizeLeaves);
  verifyConsistency({
    oldSizeLeaves: signed.sizeLeaves,
    oldRootHash: signed.root,
    newSizeLeaves: now.sizeLeaves,
    newRootHash: now.root,
    path: await lineage.consistency(signed.sizeLeaves, now.sizeLeaves),
  });
  return lineage;
}

describe('recoverLedger', () => {
  it('goes on behind every signed head, whatever backup was restored', async () => {
    const signed = await lived();
    const events = await all();
    for (const kept of [events - 1, events - 3, events - 9, 12, 2]) {
      // Each on its own copy of all that is outside the store.
      const before = folder;
      folder = mkdtempSync(join(tmpdir(), 'writ-recover-'));
      for (const name of readdirSync(before)) cpSync(join(before, name), join(folder, name), { recursive: true });
      const restored = await backup(kept);
      const refused = await start(restored);
      expect(() => refused.requireWritable()).toThrow(expect.objectContaining({ code: 'LEDGER_ROLLED_BACK' }));
      await refused.close();

      const recovery = await recover(restored);
      expect(recovery).toMatchObject({ kind: 'recovered', knownSizeLeaves: signed.sizeLeaves, madeMark: false });
      const lineage = await requireGoesOn(restored, signed);
      const lost = recovery.kind === 'recovered' ? recovery.lostStreams : [];
      for (const tenant of TENANTS) {
        const isLost = lost.includes(streamOf(tenant));
        const refusal = await codeOf((async () => lineage.requireIntact(streamOf(tenant)))());
        expect(refusal).toBe(isLost ? 'EXECUTION_LOST' : undefined);
      }
      lineage.requireIntact(streamOf('later'));
      await lineage.close();
      rmSync(folder, { recursive: true });
      folder = before;
    }
  }, 60_000);

  it('names exactly the streams of which events are missing', async () => {
    await lived();
    const events = await ledger.store.readAll({ maxCount: 4_096 });
    const at = events.findIndex(({ stream }) => stream === streamOf('three'));
    const restored = await backup(at + 2);
    const recovery = await recover(restored);
    expect(recovery).toMatchObject({ lostStreams: expect.arrayContaining([streamOf('three'), streamOf('four')]) });
    expect(recovery).not.toMatchObject({ lostStreams: expect.arrayContaining([streamOf('two')]) });
  });

  it('keeps the places of what is lost, and gives none of them to another event', async () => {
    const signed = await lived();
    const restored = await backup(9);
    await recover(restored);
    expect(wasRecovered(onDisk().markDir)).toBe(true);
    const lineage = await requireGoesOn(restored, signed);
    const first = await lineage.entryAt(signed.sizeLeaves);
    expect(first.stream).toBe(streamOf('later'));
    const last = await lineage.entryAt(signed.sizeLeaves - 1n);
    expect([last.stream, last.revision]).toEqual([streamOf('four'), 4n]);
  });

  it('is ended by the same command after a crash at every append, also when a node was started in between', async () => {
    const signed = await lived();
    for (const dieAt of [1, 2]) {
      for (const startBetween of [false, true]) {
        for (const after of [false, true]) {
          const before = folder;
          folder = mkdtempSync(join(tmpdir(), 'writ-recover-'));
          for (const name of readdirSync(before)) cpSync(join(before, name), join(folder, name), { recursive: true });
          const restored = await backup(9);
          expect(await codeOf(recover(restored, { store: dying(restored.store, dieAt, after) }))).not.toBeUndefined();
          if (startBetween) {
            const between = await start(restored);
            if (dieAt === 1 && !after) expect(() => between.requireWritable()).toThrow();
            expect((await between.status()).checkpointSizeLeaves).toBeLessThanOrEqual(signed.sizeLeaves);
            await between.close();
          }
          await recover(restored);
          const lineage = await requireGoesOn(restored, signed);
          expect(() => lineage.requireIntact(streamOf('four'))).toThrow(
            expect.objectContaining({ code: 'EXECUTION_LOST' }),
          );
          await lineage.close();
          rmSync(folder, { recursive: true });
          folder = before;
        }
      }
    }
  }, 120_000);

  it('refuses where the tiles are lost too: nothing can extend what was signed', async () => {
    await lived();
    rmSync(onDisk().lineageDir, { recursive: true });
    const restored = await backup(9);
    expect(await codeOf(recover(restored))).toBe('MARK_NOT_EXTENDED');
    expect((await restored.store.readAll({ maxCount: 100 })).length).toBe(9);
  });

  it('refuses a store that is not of this history', async () => {
    await lived();
    const restored = await backup(9);
    await restored.append(40, 'fork');
    // A second instance, whose operator has made it a mark of its own.
    const elsewhere = join(folder, 'elsewhere');
    await new MarkFile(elsewhere, signer.vkey).advance(undefined, await publishedIn(restored));
    const seenFile = join(elsewhere, 'seen.json');
    const fork = await restored.openLineage({
      signer,
      onDisk: { lineageDir: join(elsewhere, 'tree'), markDir: elsewhere, seenFile },
    });
    open.push(fork);
    await fork.awaitStanding(restored.appended, 'anchored', WAIT);
    await fork.close();
    expect(await codeOf(recover(restored))).toBe('MARK_NOT_EXTENDED');
    const refused = await start(restored);
    expect(() => refused.requireWritable()).toThrow(expect.objectContaining({ code: 'LEDGER_ROLLED_BACK' }));
  });

  it('makes a mark that is lost, and respects checkpoints from elsewhere', async () => {
    const signed = await lived();
    rmSync(onDisk().markDir, { recursive: true });
    const refused = await start();
    expect(() => refused.requireWritable()).toThrow(expect.objectContaining({ code: 'MARK_MISSING' }));
    await refused.close();
    const foreign = drawNoteKey('checkpoint', ORIGIN);
    expect(await codeOf(recover(ledger, { signer: foreign, checkpoints: [signed.note] }))).toBe('REQUEST_INVALID');
    expect(await recover(ledger, { checkpoints: [signed.note] })).toMatchObject({ madeMark: true, lostStreams: [] });
    await requireGoesOn(ledger, signed);
  });

  it('does nothing to a sound ledger, while a node runs, or without a reason', async () => {
    await lived();
    expect(await recover(ledger)).toMatchObject({ kind: 'nothing_to_recover' });
    const lock = tryPublisherLock(onDisk().markDir);
    expect(await codeOf(recover(ledger))).toBe('PUBLISHER_UNAVAILABLE');
    lock?.close();
    expect(await codeOf(recover(ledger, { reason: ' ' }))).toBe('REQUEST_INVALID');
    writeFileSync(join(onDisk().markDir, 'mark.json'), 'damaged');
    expect(await codeOf(recover(ledger))).toBe('MARK_MISSING');
    expect(existsSync(join(onDisk().markDir, 'recovery.json'))).toBe(false);
    expect(wasRecovered(onDisk().markDir)).toBe(false);
  });
});

/** A store whose append number `at` fails, before or after it is done. */
function dying(store: EventStore, at: number, after: boolean): EventStore {
  let appends = 0;
  return {
    append: async (...args) => {
      appends += 1;
      if (appends >= at && !(appends === at && after)) throw new Error('dead');
      const result = await store.append(...args);
      if (appends === at) throw new Error('dead');
      return result;
    },
    readStream: (...args) => store.readStream(...args),
    readAll: (options) => store.readAll(options),
    subscribe: (options) => store.subscribe(options),
    health: () => store.health(),
    close: () => store.close(),
  };
}
