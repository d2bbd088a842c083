import { toHex } from '@writ/encoding';
import type { NoteSigner } from '@writ/signing';

import { codeOf, headOfNote, logKey, TestSource, testPorts, TestTree, type TestPorts } from './anchor.fixture.js';
import { MemoryMark, requireMark } from './mark.js';
import { publishCheckpoint, type AnchorPorts } from './publish-checkpoint.js';
import type { TreeHead } from './tree-head.js';

const tree = new TestTree(700);
const fork = new TestTree(700, 'other');

async function started(size: number, used = tree): Promise<TestPorts> {
  const ports = testPorts(used);
  await requireMark(ports.mark, true);
  ports.source.grow(size);
  return ports;
}

describe('publishCheckpoint', () => {
  it('marks, signs, writes and appends the tree as it stands', async () => {
    const ports = await started(300);
    const { published } = await publishCheckpoint(ports);
    expect(headOfNote(published!.note)).toEqual(tree.head(300));
    expect(await ports.mark.read()).toEqual(tree.head(300));
    expect(await ports.files.latest()).toBe(published!.note);
    expect(await ports.files.at(300n)).toBe(published!.note);
    expect(ports.source.published).toEqual([{ ...tree.head(300), note: published!.note, cosignedBy: 0 }]);
  });

  it('tells nothing twice, and nothing of an empty tree or of one that is not known yet', async () => {
    const ports = await started(0);
    expect((await publishCheckpoint(ports)).published).toBeUndefined();
    ports.source.grow(5);
    expect((await publishCheckpoint(ports)).published).toBeDefined();
    expect((await publishCheckpoint(ports)).published).toBeUndefined();
    expect((await publishCheckpoint({ ...ports, source: new TestSource(tree) })).published).toBeUndefined();
  });

  it('signs every step of growth from the mark, and only growth', async () => {
    const ports = await started(1);
    for (const size of [1, 2, 3, 255, 256, 257, 511, 512, 513, 699]) {
      ports.source.grow(size);
      expect((await publishCheckpoint(ports)).published?.sizeLeaves).toBe(BigInt(size));
    }
  });

  it.each([
    ['a smaller tree', tree, 299],
    ['another tree of that size', fork, 300],
    ['a larger tree that does not begin with it', fork, 301],
    ['one leaf', fork, 1],
  ])('signs nothing over %s than the one that was marked', async (_what, used, size) => {
    const ports = await started(300);
    await publishCheckpoint(ports);
    ports.source.tree = used;
    ports.source.grow(size);
    let signed = 0;
    const signer: NoteSigner = { key: logKey.key, sign: (message) => ((signed += 1), logKey.sign(message)) };
    expect(await codeOf(publishCheckpoint({ ...ports, signer }))).toBe('MARK_NOT_EXTENDED');
    expect([signed, (await ports.mark.read())?.sizeLeaves, ports.source.published.length]).toEqual([0, 300n, 1]);
  });

  it('signs nothing where somebody with another mark has signed more', async () => {
    const ports = await started(300);
    await publishCheckpoint(ports);
    const copied = { ...ports, mark: new MemoryMark() };
    await copied.mark.advance(undefined, tree.head(300));
    ports.source.grow(301);
    await publishCheckpoint(ports);
    ports.source.grow(302);
    expect(await codeOf(publishCheckpoint(copied))).toBe('CHECKPOINT_KEY_SHARED');
    expect(await copied.mark.read()).toEqual(tree.head(300));
    expect((await publishCheckpoint(ports)).published?.sizeLeaves).toBe(302n);
  });

  it('signs nothing where the mark is gone, the lock is lost, or the signer is another', async () => {
    const ports = await started(5);
    expect(await codeOf(publishCheckpoint({ ...ports, mark: testPorts(tree).mark }))).toBe('MARK_MISSING');
    const lost = {
      ...ports.lock,
      requireHeld: () => {
        throw Object.assign(new Error(), { code: 'PUBLISHER_UNAVAILABLE' });
      },
    };
    expect(await codeOf(publishCheckpoint({ ...ports, lock: lost }))).toBe('PUBLISHER_UNAVAILABLE');
    const liar: NoteSigner = { key: logKey.key, sign: () => new Uint8Array(64) };
    expect(await codeOf(publishCheckpoint({ ...ports, signer: liar }))).toBe('NOTE_SIGNATURE_INVALID');
    expect(ports.source.published).toEqual([]);
  });
});

describe('a crash at every line', () => {
  /** Ports of which call `at` dies, before or after its effect; what was signed is kept, as the world may have it. */
  function dying(ports: AnchorPorts, at: number, after: boolean, signed: TreeHead[]): AnchorPorts {
    let calls = 0;
    const step = async <T>(effect: () => Promise<T> | T): Promise<T> => {
      calls += 1;
      if (calls > at) throw new Error('dead');
      if (calls === at && !after) throw new Error('dead');
      const result = await effect();
      if (calls === at) throw new Error('dead');
      return result;
    };
    const { source, mark, files } = ports;
    return {
      ...ports,
      mark: { read: () => step(() => mark.read()), advance: (from, to) => step(() => mark.advance(from, to)) },
      signer: {
        key: logKey.key,
        sign: (message) =>
          step(() => {
            const [, size = '', root = ''] = new TextDecoder().decode(message).split('\n');
            signed.push({ sizeLeaves: BigInt(size), root: Uint8Array.from(Buffer.from(root, 'base64')) });
            return logKey.sign(message);
          }),
      },
      files: {
        ...files,
        write: (size, note) => step(() => files.write(size, note)),
        latest: () => files.latest(),
        at: (size) => files.at(size),
      },
      source: {
        head: () => source.head(),
        tiles: source.tiles,
        lastPublished: () => source.lastPublished(),
        appendPublished: (checkpoint) => step(() => source.appendPublished(checkpoint)),
      },
    };
  }

  const STEPS = 5;
  const places = Array.from({ length: STEPS }, (_, at) => [false, true].map((after) => ({ at: at + 1, after }))).flat();

  it.each(places)('is repaired by the next round, never with two heads of one size: %j', async ({ at, after }) => {
    for (const grownMeanwhile of [0, 1, 200]) {
      const ports = await started(300);
      await publishCheckpoint(ports);
      ports.source.grow(400);
      const signed: TreeHead[] = [];
      await publishCheckpoint(dying(ports, at, after, signed)).catch(() => undefined);

      ports.source.grow(400 + grownMeanwhile);
      await publishCheckpoint(dying(ports, 99, false, signed));

      expect(ports.source.lastPublished()?.sizeLeaves).toBe(BigInt(400 + grownMeanwhile));
      expect(await ports.files.latest()).toBe(ports.source.lastPublished()?.note);
      expect(await ports.mark.read()).toEqual(tree.head(400 + grownMeanwhile));
      for (const { sizeLeaves, root } of signed) expect(toHex(root)).toBe(toHex(tree.head(Number(sizeLeaves)).root));
      for (const checkpoint of ports.source.published) headOfNote(checkpoint.note);
    }
  });

  it.each(places)('never lets the store be set back behind what was signed: %j', async ({ at, after }) => {
    const ports = await started(300);
    await publishCheckpoint(ports);
    ports.source.grow(400);
    const signed: TreeHead[] = [];
    await publishCheckpoint(dying(ports, at, after, signed)).catch(() => undefined);
    const last = ports.source.published.slice(0, 1);
    for (const size of [300, 301, 399, 400, 401]) {
      ports.source.published.splice(0, 9, ...last);
      ports.source.tree = new TestTree(700);
      ports.source.grow(size);
      const honest = await codeOf(publishCheckpoint(dying(ports, 99, false, signed)));
      const marked = Number((await ports.mark.read())?.sizeLeaves);
      // 300 is published already, so nothing is signed there.
      if (size !== 300)
        expect([honest, marked]).toEqual(size < marked ? ['MARK_NOT_EXTENDED', 400] : [undefined, size]);
    }
    ports.source.tree = fork;
    for (const size of [300, 301, 400, 401, 450]) {
      ports.source.grow(size);
      expect(await codeOf(publishCheckpoint(dying(ports, 99, false, signed)))).toBe('MARK_NOT_EXTENDED');
    }
    for (const { sizeLeaves, root } of signed) expect(toHex(root)).toBe(toHex(tree.head(Number(sizeLeaves)).root));
  });
});
