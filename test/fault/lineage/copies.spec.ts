import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCheckpoint, parseNote } from '@writ/checkpoint';
import { admit, beginLedger, openLedger, type Ledger } from './ledger.js';

/** How long a node may take to see that it is not the one: it asks for the lock each second. */
const SOON_MS = 8_000;

describe('two ledgers on copies of one store, with one checkpoint key and its mark', () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-copies-'));
  const original = join(folder, 'original');
  const open: Ledger[] = [];

  beforeAll(async () => {
    const ledger = await beginLedger(original);
    await ledger.execute(5);
    await ledger.instance.close();
  }, 60_000);

  afterEach(async () => {
    for (const { instance } of open.splice(0)) await instance.close();
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  /** Each with folders of its own, but for the mark. */
  async function copies(name: string): Promise<readonly [string, string]> {
    const places = ['a', 'b'].map((which) => join(folder, `${name}-${which}`)) as [string, string];
    for (const place of places) cpSync(original, place, { recursive: true });
    cpSync(join(original, 'mark'), join(folder, `${name}-mark`), { recursive: true });
    return places;
  }
  async function start(place: string, name: string): Promise<Ledger> {
    const ledger = await openLedger(place, {
      WRIT_MARK_DIR: join(folder, `${name}-mark`),
      WRIT_ANCHOR_INTERVAL_MS: '100',
    });
    open.push(ledger);
    return ledger;
  }

  it('never sign two trees: the second stands by, and refuses when its turn comes', async () => {
    const [a, b] = await copies('late');
    const first = await start(a, 'late');
    await first.execute(3);
    await until(async () => (await first.instance.lineageStatus()).checkpointSizeLeaves > 13n);
    const second = await start(b, 'late');
    // What the first may have granted meanwhile is not granted here again.
    expect(await codeOf(admit(second, 'only-once'))).toBe('MARK_NOT_EXTENDED');
    await first.execute(2);
    await first.instance.close();
    await until(async () => (await second.instance.lineageStatus()).fault !== undefined);
    expect((await second.instance.lineageStatus()).fault?.code).toBe('MARK_NOT_EXTENDED');
    expect(await codeOf(admit(second, 'after-all'))).toBe('MARK_NOT_EXTENDED');
    expect(await second.instance.readiness()).toMatchObject({ ready: false });
    await second.instance.close();
    expect(rootsIn(a, b)).toStrictEqual([]);
  }, 60_000);

  it('never sign two trees when they start at once', async () => {
    for (let round = 0; round < 3; round++) {
      const name = `race-${round}`;
      const [a, b] = await copies(name);
      const both = await Promise.all([start(a, name), start(b, name)]);
      await Promise.allSettled(both.map((ledger) => ledger.execute(2 + round)));
      await until(async () => (await Promise.all(both.map(signedTo))).some((size) => size > 13n));
      for (const { instance } of open.splice(0)) await instance.close();
      expect(rootsIn(a, b)).toStrictEqual([]);
    }
  }, 90_000);
});

async function signedTo({ instance }: Ledger): Promise<bigint> {
  return (await instance.lineageStatus()).checkpointSizeLeaves;
}

/** Sizes for which two checkpoints of two roots are kept anywhere. */
function rootsIn(...places: readonly string[]): string[] {
  const roots = new Map<bigint, string>();
  const forked: string[] = [];
  for (const place of places) {
    for (const name of readdirSync(join(place, 'lineage/checkpoints'))) {
      const note = readFileSync(join(place, 'lineage/checkpoints', name), 'utf8');
      const { sizeLeaves, rootHash } = parseCheckpoint(parseNote(note).text);
      const root = Buffer.from(rootHash).toString('hex');
      if ((roots.get(sizeLeaves) ?? root) !== root) forked.push(`${sizeLeaves}`);
      roots.set(sizeLeaves, root);
    }
  }
  return forked;
}

async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + SOON_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('it did not come to that');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
