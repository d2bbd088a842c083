import { hash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installSha256, toBase64 } from '@writ/encoding';
import { keysStream } from '@writ/ledger';
import { createAttestor, type Attestor } from '@writ/signing';
import { fsck } from './fsck.js';
import { beginHistory, ORIGIN, type History } from './history.fixture.js';

installSha256((input) => hash('sha256', input, 'buffer'));

describe('a check of a whole ledger', () => {
  let history: History;
  beforeAll(async () => {
    history = await beginHistory();
    for (let round = 0; round < 12; round++) {
      await history.execute(10);
      await history.sequence();
      if (round % 3 === 0) await history.publish();
    }
    await history.publish();
  });
  afterAll(async () => {
    await history.close();
    rmSync(history.lineageDir, { recursive: true });
  });

  it('finds nothing where nothing is wrong', async () => {
    const { store, trust, lineageDir } = history;
    const report = await fsck({ store, trust, lineageDir });
    expect(report.findings).toStrictEqual([]);
    expect(report).toMatchObject({ verdict: 'sound', complete: true, sizeLeaves: '301', checkpointSizeLeaves: '301' });
  });

  it('finds a tile, an entry, a checkpoint and an index that are gone, cut short or another', async () => {
    const { store, trust } = history;
    const lineageDir = mkdtempSync(join(tmpdir(), 'writ-fsck-files-'));
    const kindsAfter = async (name: string, change: (bytes: Buffer) => Uint8Array | undefined): Promise<unknown> => {
      cpSync(history.lineageDir, lineageDir, { recursive: true });
      const changed = change(readFileSync(join(lineageDir, name)));
      if (changed === undefined) rmSync(join(lineageDir, name));
      else writeFileSync(join(lineageDir, name), changed);
      return Object.keys((await fsck({ store, trust, lineageDir })).counts);
    };
    expect(await kindsAfter('tile/0/000', (bytes) => bytes.subarray(0, 100))).toStrictEqual(['torn']);
    expect(await kindsAfter('tile/0/000', (bytes) => bytes.fill(1, 64, 96))).toStrictEqual(['tile']);
    expect(await kindsAfter('tile/0/000', () => undefined)).toStrictEqual(['tile']);
    expect(await kindsAfter('tile/1/000.p/1', (bytes) => bytes.fill(0))).toStrictEqual(['tile']);
    expect(await kindsAfter('tile/entries/000', (bytes) => bytes.subarray(0, 99))).toStrictEqual(['torn']);
    expect(await kindsAfter('tile/entries/000', (bytes) => bytes.fill(0, 40, 41))).toStrictEqual(['entries']);
    expect(await kindsAfter('tile/entries/000', () => undefined)).toStrictEqual(['entries']);
    expect(await kindsAfter('checkpoints/301', (bytes) => bytes.fill(0x41, 20, 21))).toStrictEqual(['checkpoint']);
    writeFileSync(join(lineageDir, 'tile/0/x001'), '');
    expect(await kindsAfter('checkpoint', (bytes) => bytes)).toStrictEqual(['tile']);
    rmSync(join(lineageDir, 'tile/0/x001'));
    writeFileSync(join(lineageDir, 'index.db'), 'no database');
    expect(await kindsAfter('checkpoint', (bytes) => bytes)).toStrictEqual(['index']);
    rmSync(lineageDir, { recursive: true });
  });
});

describe('keys that changed', () => {
  const actor = { id: 'olga', role: 'operator' } as const;
  const keyFact = ({ keyId, publicKey }: Pick<Attestor, 'keyId' | 'publicKey'>) => ({
    ...{ actor, origin: ORIGIN, keyId, purpose: 'attestation' as const, publicKey: toBase64(publicKey) },
  });

  it('count from the key that is pinned on, and up to where they were cut off', async () => {
    const history = await beginHistory();
    const { store, trust, attestor } = history;
    const second = await createAttestor({ secretKey: new Uint8Array(32).fill(21), origin: ORIGIN, worker: false });
    const stranger = await createAttestor({ secretKey: new Uint8Array(32).fill(22), origin: ORIGIN, worker: false });
    const foreign = { stream: 'execution-a.b', revision: '0', reason: 'a test' };
    const write = (by: Attestor) => history.append('policy-acme.x', { type: 'ForeignEventFound', data: foreign }, by);
    await write(attestor);
    await history.append(keysStream(ORIGIN), {
      type: 'KeyRotated',
      data: { ...keyFact(second), replaces: attestor.keyId },
    });
    await write(second);
    // What was under way when the key was replaced.
    await write(attestor);
    await history.sequence();
    expect((await fsck({ store, trust })).findings).toStrictEqual([]);

    await write(stranger);
    const report = await fsck({ store, trust });
    expect(report.findings).toMatchObject([{ kind: 'foreign', code: 'KEY_UNKNOWN', revision: '3' }]);
    store.events.pop();

    const data = { ...keyFact(attestor), cutOffIndex: '4', reason: 'lost' };
    await history.append(keysStream(ORIGIN), { type: 'KeyRevoked', data }, second);
    await history.sequence();
    // Index 4 is what the old key signed last.
    expect((await fsck({ store, trust })).findings).toMatchObject([{ kind: 'revoked', index: '4', revision: '2' }]);
    await Promise.all([history.close(), second.close(), stranger.close()]);
    rmSync(history.lineageDir, { recursive: true });
  });
});
