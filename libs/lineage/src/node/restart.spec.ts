import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { drawNoteKey } from '@writ/signing';

import { rootOf } from '@writ/merkle';
import { ORIGIN, SmallLedger } from '../ledger.fixture.js';
import type { LineageOptions } from './lineage-options.js';
import type { OpenedLineage } from './lineage-node.js';

const WAIT = { timeoutMs: 10_000 };
const signer = drawNoteKey('checkpoint', ORIGIN);

let folder: string;
let ledger: SmallLedger;
let open: OpenedLineage[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'writ-lineage-'));
  ledger = await SmallLedger.open();
  open = [];
});
afterEach(async () => {
  for (const lineage of open) await lineage.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(name = 'a', change: Partial<LineageOptions> = {}): Promise<OpenedLineage> {
  const onDisk = {
    lineageDir: join(folder, `tree-${name}`),
    markDir: join(folder, 'mark'),
    seenFile: join(folder, `seen-${name}.json`),
  };
  const lineage = await ledger.openLineage({ signer, onDisk, ...change });
  open.push(lineage);
  return lineage;
}

/** Leaf hashes by the index, and the tree that they make by the reference. */
async function leaves(lineage: OpenedLineage): Promise<{ size: bigint; root: string; ids: string[] }> {
  const { sizeLeaves } = await lineage.status();
  const entries = await Promise.all(Array.from({ length: Number(sizeLeaves) }, (_, n) => lineage.entryAt(BigInt(n))));
  const root = Buffer.from(rootOf(entries.map(({ leafHash }) => leafHash))).toString('hex');
  return { size: sizeLeaves, root, ids: entries.map(({ eventId }) => eventId) };
}

describe('a lineage on disk', () => {
  it('goes on where it stopped', async () => {
    const first = await start();
    await first.awaitStanding(await ledger.append(200), 'anchored', WAIT);
    await first.awaitStanding(await ledger.append(100), 'anchored', WAIT);
    const before = await leaves(first);
    await first.close();
    const second = await start();
    expect(await leaves(second)).toEqual(before);
    const ids = await ledger.append(10);
    await second.awaitStanding(ids, 'anchored', WAIT);
    const after = await leaves(second);
    expect(after.ids.slice(0, before.ids.length)).toEqual(before.ids);
    expect(after.ids.slice(-10)).toEqual(ids);
    const { root } = await second.checkpoint();
    expect(Buffer.from(root).toString('hex')).toBe(after.root);
  });

  it.each([
    ['the whole folder', (tree: string) => rmSync(tree, { recursive: true })],
    ['the index', (tree: string) => rmSync(join(tree, 'index.db'))],
    ['an index that is torn', (tree: string) => writeFileSync(join(tree, 'index.db'), 'torn')],
    ['all tiles', (tree: string) => rmSync(join(tree, 'tile'), { recursive: true })],
    ['the last partial tile', (tree: string) => rmSync(join(tree, 'tile/0/001.p'), { recursive: true })],
    ['the last partial bundle', (tree: string) => rmSync(join(tree, 'tile/entries/001.p'), { recursive: true })],
    ['a torn tile', (tree: string) => writeFileSync(join(tree, 'tile/0/001.p/45'), 'torn')],
  ])('makes it again from the store alone: %s', async (_what, destroy) => {
    const first = await start();
    await first.awaitStanding(await ledger.append(200), 'anchored', WAIT);
    await first.awaitStanding(await ledger.append(100), 'anchored', WAIT);
    const before = await leaves(first);
    await first.close();
    const tree = join(folder, 'tree-a');
    const files = filesOf(tree);
    destroy(tree);
    const second = await start();
    expect(await leaves(second)).toEqual(before);
    await second.close();
    for (const [path, bytes] of files) expect([path, readFileSync(join(tree, path))]).toEqual([path, bytes]);
  });

  it('has one publisher; a standby follows, and takes over', async () => {
    const one = await start('a');
    const two = await start('b');
    const ids = await ledger.append(20);
    await one.awaitStanding(ids, 'anchored', WAIT);
    const followed = await two.awaitStanding(ids, 'anchored', WAIT);
    expect(followed.every(({ kind }) => kind === 'anchored')).toBe(true);
    expect((await one.status()).role).toBe('publisher');
    expect((await two.status()).role).toBe('standby');
    expect(await leaves(two)).toEqual(await leaves(one));
    await one.close();
    const later = await ledger.append(20);
    await two.awaitStanding(later, 'anchored', WAIT);
    expect((await two.status()).role).toBe('publisher');
    expect((await leaves(two)).ids.slice(-20)).toEqual(later);
  });

  it('refuses a second holder of the key that has a mark of its own, copied or new', async () => {
    const first = await start();
    await first.awaitStanding(await ledger.append(2), 'anchored', WAIT);
    const onDisk = { lineageDir: join(folder, 'tree-b'), seenFile: join(folder, 'seen-b.json') };
    cpSync(join(folder, 'mark'), join(folder, 'copied'), { recursive: true });
    await first.awaitStanding(await ledger.append(2), 'anchored', WAIT);

    const copied = await start('b', { onDisk: { ...onDisk, markDir: join(folder, 'copied') } });
    expect(await faultOf(copied)).toBe('CHECKPOINT_KEY_SHARED');
    await copied.close();
    const fresh = await start('b', { onDisk: { ...onDisk, markDir: join(folder, 'fresh') } });
    expect(await faultOf(fresh)).toBe('MARK_MISSING');
    const ids = await ledger.append(2);
    await first.awaitStanding(ids, 'anchored', WAIT);
    expect((await first.status()).fault).toBeUndefined();
  }, 60_000);

  it('leaves one signer of two that began with copies of one mark', async () => {
    const first = await start();
    await first.awaitStanding(await ledger.append(2), 'anchored', WAIT);
    await first.close();
    cpSync(join(folder, 'mark'), join(folder, 'copied'), { recursive: true });
    const two = [
      await start('a'),
      await start('b', {
        onDisk: {
          lineageDir: join(folder, 'tree-b'),
          seenFile: join(folder, 'seen-b.json'),
          markDir: join(folder, 'copied'),
        },
      }),
    ];
    // That they get in each other's way on the stream is a fault, too, and passes.
    let refused: readonly OpenedLineage[] = [];
    for (let round = 0; round < 600 && refused.length === 0; round += 1) {
      await ledger.append(1);
      await sleep(50);
      const faults = await Promise.all(two.map(async (lineage) => (await lineage.status()).fault?.code));
      refused = two.filter((_, at) => faults[at] === 'CHECKPOINT_KEY_SHARED');
    }
    expect(refused).toHaveLength(1);
  }, 60_000);

  it('signs nothing and takes no writes where the mark is gone', async () => {
    const first = await start();
    await first.awaitStanding(await ledger.append(2), 'anchored', WAIT);
    await first.close();
    rmSync(join(folder, 'mark'), { recursive: true });
    const second = await start();
    const status = await second.status();
    expect(status).toMatchObject({ role: 'stopped', fault: { code: 'MARK_MISSING' }, sizeLeaves: 3n });
    expect(() => second.requireWritable()).toThrow(expect.objectContaining({ code: 'MARK_MISSING' }));
    expect(await second.inclusion(1n, 3n)).toHaveLength(2);
  });
});

async function faultOf(lineage: OpenedLineage): Promise<string | undefined> {
  for (let round = 0; round < 600; round += 1) {
    const { fault } = await lineage.status();
    if (fault !== undefined) return fault.code;
    await sleep(50);
  }
  return undefined;
}

function filesOf(root: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const name of readdirSync(join(root, 'tile'), { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const path = join(name.parentPath, name.name);
    files.set(path.slice(root.length + 1), readFileSync(path));
  }
  expect(existsSync(join(root, 'checkpoint'))).toBe(true);
  return files;
}
