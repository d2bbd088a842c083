import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  formatAddCheckpoint,
  formatVerifierKey,
  parseNote,
  parseSignatureLines,
  verifyCheckpoint,
  verifyNote,
} from '@writ/checkpoint';
import { toBase64, utf8 } from '@writ/encoding';
import type { Hash } from '@writ/merkle';
import { NoteKey } from '@writ/signing';

import { codeOf, entries, logKey, ORIGIN, signedBy, TestLog } from './logs.fixture.js';
import { createWitnessFolder, openWitnessFolder } from './witness-folder.js';
import { WitnessState } from './witness-state.js';
import { Witness, type WitnessAnswer } from './witness.js';

const witnessKey = new NoteKey('cosignature', 'witness.example/w1', new Uint8Array(32).fill(11), 0);
const NOW_MS = 1_767_225_600_000;
const log = new TestLog(entries(130));

let folder: string;
let path: string;
let state: WitnessState;
let nowMs: number;
let witness: Witness;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-witness-'));
  path = join(folder, 'state.db');
  WitnessState.create(path, witnessKey.vkey);
  state = WitnessState.open(path, witnessKey.vkey);
  nowMs = NOW_MS;
  witness = witnessOn(state);
});
afterEach(() => {
  state.close();
  rmSync(folder, { recursive: true, force: true });
});

function witnessOn(used: WitnessState): Witness {
  return new Witness({ logs: [{ key: logKey.key }], signer: witnessKey, state: used, nowMs: () => nowMs });
}

function ask(oldSize: number | bigint, path: readonly Hash[], checkpoint: string): Promise<WitnessAnswer> {
  return witness.addCheckpoint(utf8(formatAddCheckpoint({ oldSizeLeaves: BigInt(oldSize), path, checkpoint })));
}
const grow = async (from: number, to: number): Promise<WitnessAnswer> =>
  ask(from, from === 0 ? [] : await log.path(from, to), log.note(to));
const raw = (body: string): Promise<WitnessAnswer> => witness.addCheckpoint(utf8(body));

describe('add-checkpoint', () => {
  it('cosigns growth, and the answer makes a checkpoint that verifies', async () => {
    expect((await grow(0, 5)).status).toBe(200);
    const { status, contentType, body } = await grow(5, 40);
    expect([status, contentType]).toEqual([200, 'text/plain; charset=utf-8']);
    const signatures = [...parseNote(log.note(40)).signatures, ...parseSignatureLines(body)];
    const policy = {
      logs: [{ key: logKey.key }],
      witnesses: [{ name: 'w1', key: witnessKey.key }],
      quorum: { kind: 'witness', name: 'w1' } as const,
    };
    const note = signedBy(logKey, log.text(40), signatures.slice(1));
    expect(verifyCheckpoint(note, policy).cosignatures).toEqual([
      { witness: policy.witnesses[0], timeSeconds: NOW_MS / 1000 },
    ]);
    expect(witness.latest(ORIGIN)).toBe(note);
  });

  it('cosigns the same tree again, at a time that never goes back', async () => {
    await grow(0, 5);
    nowMs -= 86_400_000;
    const { body } = await grow(5, 5);
    const note = { text: log.text(5), signatures: parseSignatureLines(body) };
    expect(verifyNote(note, [witnessKey.key])[0]?.timeSeconds).toBe(NOW_MS / 1000);
  });

  it('remembers over a restart', async () => {
    await grow(0, 5);
    state.close();
    state = WitnessState.open(path, witnessKey.vkey);
    witness = witnessOn(state);
    expect(await grow(0, 7)).toEqual({ status: 409, contentType: 'text/x.tlog.size', body: '5\n' });
    expect((await grow(5, 7)).status).toBe(200);
  });

  describe('400', () => {
    const note = log.note(5);
    it.each([
      ['nothing', ''],
      ['no old line', `\n${note}`],
      ['another first word', `size 0\n\n${note}`],
      ['a leading zero', `old 00\n\n${note}`],
      ['a sign', `old -1\n\n${note}`],
      ['2^64', `old 18446744073709551616\n\n${note}`],
      ['a line feed of another kind', `old 0\r\n\r\n${note}`],
      ['no empty line', `old 0\n${note.replace('\n\n', '\n')}`],
      ['a short hash', `old 1\n${toBase64(new Uint8Array(31))}\n\n${note}`],
      ['a hash in another spelling', `old 1\n${toBase64(new Uint8Array(32)).replace('=', '')}\n\n${note}`],
      ['64 hashes', `old 1\n${`${toBase64(new Uint8Array(32))}\n`.repeat(64)}\n${note}`],
      ['an unsigned checkpoint', `old 0\n\n${log.text(5)}`],
      ['a checkpoint that is none', `old 0\n\n${signedBy(logKey, `${ORIGIN}\nfive\n`)}`],
      ['extension lines', `old 0\n\n${signedBy(logKey, `${log.text(5)}more\n`)}`],
      ['an old size above the new one', `old 6\n\n${note}`],
    ])('%s', async (_what, body) => {
      expect((await raw(body)).status).toBe(400);
      expect(state.read(ORIGIN)).toBeUndefined();
    });

    it('bytes that are not UTF-8, and a request that is too long', async () => {
      expect((await witness.addCheckpoint(Uint8Array.of(0xff, 0xfe))).status).toBe(400);
      expect((await raw(`old 0\n\n${'x'.repeat(140_000)}`)).status).toBe(400);
    });
  });

  it('403: not signed by the log, or signed badly', async () => {
    const other = new NoteKey('checkpoint', ORIGIN, new Uint8Array(32).fill(2), 0);
    expect((await ask(0, [], log.note(5, other))).status).toBe(403);
    const bad = { name: ORIGIN, keyId: logKey.key.keyId, signature: new Uint8Array(64).fill(7) };
    expect((await ask(0, [], signedBy(other, log.text(5), [bad]))).status).toBe(403);
    expect((await ask(0, [], signedBy(logKey, log.text(5), [bad]))).status).toBe(403);
    expect(state.read(ORIGIN)).toBeUndefined();
  });

  it('404: a log that is not known', async () => {
    const other = new NoteKey('checkpoint', 'other.example/log', new Uint8Array(32).fill(1), 0);
    expect((await ask(0, [], log.note(5, other))).status).toBe(404);
  });

  it('409: another size than the one that is held, with that size', async () => {
    expect(await grow(3, 5)).toEqual({ status: 409, contentType: 'text/x.tlog.size', body: '0\n' });
    await grow(0, 20);
    expect((await grow(5, 30)).body).toBe('20\n');
    expect((await grow(25, 30)).body).toBe('20\n');
    // Going back is a larger old size, whoever asks for it.
    expect((await ask(20, [], log.note(10))).status).toBe(400);
    expect((await ask(10, [], log.note(10))).status).toBe(409);
    expect(state.read(ORIGIN)?.sizeLeaves).toBe(20n);
  });

  it('422: a proof that is wrong, that is there for old 0, another root at one size, an empty tree that is not', async () => {
    const [first] = await log.path(5, 20);
    expect((await ask(0, [first!], log.note(20))).status).toBe(422);
    const lie = signedBy(logKey, `${ORIGIN}\n0\n${toBase64(log.root(5))}\n`);
    expect((await ask(0, [], lie)).status).toBe(422);
    await grow(0, 5);
    expect((await ask(5, [], log.note(20))).status).toBe(422);
    expect((await ask(5, [...(await log.path(5, 20)), first!], log.note(20))).status).toBe(422);
    expect((await ask(5, (await log.path(5, 20)).slice(1), log.note(20))).status).toBe(422);
    const fork = new TestLog(entries(130, 'other'));
    expect((await ask(5, [], fork.note(5))).status).toBe(422);
    expect((await ask(5, [first!], log.note(5))).status).toBe(422);
    expect(state.read(ORIGIN)?.sizeLeaves).toBe(5n);
  });

  it('takes the empty tree, once, and what grows from it', async () => {
    expect((await grow(0, 0)).status).toBe(200);
    expect((await grow(0, 0)).status).toBe(200);
    expect((await grow(0, 9)).status).toBe(200);
    expect((await grow(0, 9)).status).toBe(409);
  });
});

describe('races and crashes', () => {
  it('cosigns one of two requests that extend the same tree, in one process', async () => {
    await grow(0, 5);
    const sizes = [6, 9, 17, 30, 64, 100];
    const answers = await Promise.all(sizes.map((size) => grow(5, size)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(sizes.length - 1);
  });

  it('cosigns one of two, from two processes on one state', async () => {
    await grow(0, 5);
    const second = WitnessState.open(path, witnessKey.vkey);
    const slow = new Witness({
      logs: [{ key: logKey.key }],
      // The other request is served while this one waits for its key.
      signer: { key: witnessKey.key, sign: async (message) => (await grow(5, 50), witnessKey.sign(message)) },
      state: second,
      nowMs: () => nowMs,
    });
    const checkpoint = log.note(10);
    const body = formatAddCheckpoint({ oldSizeLeaves: 5n, path: await log.path(5, 10), checkpoint });
    expect(await slow.addCheckpoint(utf8(body))).toMatchObject({ status: 409, body: '50\n' });
    expect(state.read(ORIGIN)?.sizeLeaves).toBe(50n);
    second.close();
  });

  it('answers nothing that it has not written', async () => {
    const broken = witnessOn(state);
    state.close();
    const body = utf8(formatAddCheckpoint({ oldSizeLeaves: 0n, path: [], checkpoint: log.note(5) }));
    await expect(broken.addCheckpoint(body)).rejects.toThrow();
    state = WitnessState.open(path, witnessKey.vkey);
    expect(state.read(ORIGIN)).toBeUndefined();
  });
});

describe('the folder of a witness', () => {
  const policy = (): string => `log ${formatVerifierKey(logKey.key)}\nquorum none\n`;

  it('is made once, and opened with the logs that it is told', async () => {
    const dir = join(folder, 'w');
    const made = await createWitnessFolder(dir, 'witness.example/w1');
    await expect(openWitnessFolder(dir)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
    writeFileSync(join(dir, 'logs.policy'), policy());
    const opened = await openWitnessFolder(dir);
    expect([opened.key.vkey, opened.logs.map(({ key }) => key.name)]).toEqual([made.vkey, [ORIGIN]]);
    opened.state.close();
    await expect(createWitnessFolder(dir, 'witness.example/w1')).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
  });

  it('does not open without its record, with another one, or with one of another key', async () => {
    const dir = join(folder, 'w');
    await createWitnessFolder(dir, 'witness.example/w1');
    writeFileSync(join(dir, 'logs.policy'), policy());
    rmSync(join(dir, 'state.db'));
    await expect(openWitnessFolder(dir)).rejects.toMatchObject({ code: 'STORE_MISSING' });
    WitnessState.create(join(dir, 'state.db'), witnessKey.vkey);
    await expect(openWitnessFolder(dir)).rejects.toMatchObject({ code: 'KEY_MISMATCH' });
    expect(codeOf(() => WitnessState.create(join(dir, 'state.db'), witnessKey.vkey))).toBe('STORE_NOT_OURS');
  });

  it('refuses a file of logs that names none', async () => {
    const dir = join(folder, 'w');
    await createWitnessFolder(dir, 'witness.example/w1');
    writeFileSync(join(dir, 'logs.policy'), 'quorum none\n');
    await expect(openWitnessFolder(dir)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  });
});
