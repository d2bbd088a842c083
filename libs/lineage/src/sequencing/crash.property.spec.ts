import * as nodeFs from 'node:fs';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { entriesPath, tilePath, tilesOf } from '@writ/merkle';

import { ORIGIN, SmallLedger } from '../ledger.fixture.js';
import { TileFolder, type TileFiles } from '../tiles/tile-folder.js';
import { MemoryTiles, type TileStore } from '../tiles/tile-store.js';
import { EntryIndex } from './entry-index.js';
import type { FollowerReport } from './follower-host.js';
import { LineageStream } from './lineage-stream.js';
import { localSequencer, type Sequencer } from './sequencer.js';

/** File operations that work until one of them does not, and none after it: a process that dies there. */
function dyingFiles(dieAt: number, torn: boolean): { readonly files: TileFiles; readonly count: () => number } {
  let count = 0;
  const guard =
    <A extends unknown[], R>(call: (...args: A) => R, tear?: (...args: A) => void) =>
    (...args: A): R => {
      count += 1;
      if (count === dieAt && torn) tear?.(...args);
      if (count >= dieAt) throw new Error('EIO');
      return call(...args);
    };
  const files = {
    mkdirSync: guard(nodeFs.mkdirSync as (...args: unknown[]) => unknown),
    writeFileSync: guard(nodeFs.writeFileSync as (...args: unknown[]) => unknown, (path, bytes) => {
      nodeFs.writeFileSync(path as string, (bytes as Uint8Array).subarray(0, 7));
    }),
    renameSync: guard(nodeFs.renameSync as (...args: unknown[]) => unknown),
    readFileSync: guard(nodeFs.readFileSync as (...args: unknown[]) => unknown),
    rmSync: guard(nodeFs.rmSync as (...args: unknown[]) => unknown),
    openSync: guard(nodeFs.openSync as (...args: unknown[]) => unknown),
    fsyncSync: guard(nodeFs.fsyncSync as (...args: unknown[]) => unknown),
    closeSync: guard(nodeFs.closeSync as (...args: unknown[]) => unknown),
  } as unknown as TileFiles;
  return { files, count: () => count };
}

interface Run {
  readonly sequencer: Sequencer;
  readonly report: () => FollowerReport | undefined;
}

function start(ledger: SmallLedger, tiles: TileStore, index: string, publisher = false): Run {
  const { store, attestor, pinned } = ledger;
  const { clock, randomness } = ledger.options();
  const stream = new LineageStream({ origin: ORIGIN, store, attestor, clock, randomness });
  let report: FollowerReport | undefined;
  const openIndex = () => EntryIndex.open(index);
  const sequencer = localSequencer(
    { store, origin: ORIGIN, pinned, tiles, openIndex },
    {
      append: ({ basedOn, data }) => stream.appendBasedOn(basedOn, 'EntriesSequenced', data),
      report: (latest) => (report = latest),
      foreign: () => undefined,
      died: () => undefined,
    },
  );
  sequencer.setPublisher(publisher);
  return { sequencer, report: () => report };
}

const BATCHES = [100, 157, 20];

/** A ledger whose tree was made batch by batch, and the files as they should be. */
async function sequencedLedger(): Promise<{ ledger: SmallLedger; tiles: MemoryTiles; sizeLeaves: bigint }> {
  const ledger = await SmallLedger.open();
  const tiles = new MemoryTiles();
  const run = start(ledger, tiles, ':memory:', true);
  for (const count of BATCHES) {
    await ledger.append(count);
    await run.sequencer.flush();
  }
  await run.sequencer.close();
  return { ledger, tiles, sizeLeaves: run.report()?.state.sizeLeaves ?? 0n };
}

/** Follows the ledger in a folder until there is no more to do, or the files fail. */
async function follow(ledger: SmallLedger, folder: string, files?: TileFiles): Promise<FollowerReport | undefined> {
  const run = start(ledger, new TileFolder(folder, files), join(folder, 'index.db'));
  await run.sequencer.flush();
  await run.sequencer.close();
  return run.report();
}

/** Every file that a tree of so many leaves has. */
function pathsOf(sizeLeaves: bigint): string[] {
  return [...tilesOf(sizeLeaves)].flatMap((tile) =>
    tile.level === 0 ? [tilePath(tile), entriesPath(tile.index, tile.width)] : [tilePath(tile)],
  );
}

describe('a sequencer that dies', () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'writ-crash-'));
  });
  afterAll(() => {
    rmSync(root, { recursive: true, force: true });
  });
  const folderOf = (name: string): string => {
    const folder = join(root, name);
    nodeFs.mkdirSync(folder);
    return folder;
  };

  it('at any file operation leaves what the next start makes whole', async () => {
    const { ledger, tiles, sizeLeaves } = await sequencedLedger();
    const whole = dyingFiles(Number.POSITIVE_INFINITY, false);
    await follow(ledger, folderOf('whole'), whole.files);
    const operations = whole.count();
    expect(operations).toBeGreaterThan(40);
    for (let dieAt = 1; dieAt <= operations; dieAt++) {
      const folder = folderOf(`at-${String(dieAt)}`);
      const died = await follow(ledger, folder, dyingFiles(dieAt, dieAt % 2 === 0).files);
      expect([dieAt, died?.fault?.code]).toEqual([dieAt, 'STORE_UNAVAILABLE']);
      const repaired = await follow(ledger, folder);
      expect([dieAt, repaired?.fault, repaired?.state.sizeLeaves]).toEqual([dieAt, undefined, sizeLeaves]);
      for (const path of pathsOf(sizeLeaves)) {
        const content = Buffer.from(tiles.read(path) ?? []);
        expect([dieAt, path, readFileSync(join(folder, path))]).toEqual([dieAt, path, content]);
      }
      rmSync(folder, { recursive: true });
    }
  }, 120_000);
});
