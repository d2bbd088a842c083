import { mkdtemp, lstat, readFile, rm, writeFile, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { formatNote, parseNote, parseVerifierKey, verifyEd25519, verifyNote } from '@writ/checkpoint';
import { toBase64, utf8 } from '@writ/encoding';

import { NoteKey } from './note-key.js';
import { drawNoteKey, generateNoteKeyFile, readNoteKeyFile } from './note-key-file.js';
import { opensslVerifyEd25519 } from './openssl-verify-ed25519.js';

const NOW_MS = Date.UTC(2026, 10, 23, 16, 5, 42, 123);
const ORIGIN = 'ledger.example/loans';

describe('NoteKey', () => {
  // docs/spec/checkpoint.md: the secret key is 32 bytes 0x01.
  const key = new NoteKey('checkpoint', ORIGIN, new Uint8Array(32).fill(1), NOW_MS);

  it('has the vkey that the specification shows', () => {
    expect(key.vkey).toBe('ledger.example/loans+65922834+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c');
    expect(parseVerifierKey(key.vkey)).toEqual(key.key);
  });

  it('signs deterministically what both verifiers accept, and nothing else', () => {
    const message = utf8('text\n');
    const signature = key.sign(message);
    expect(key.sign(message)).toEqual(signature);
    for (const verify of [verifyEd25519, opensslVerifyEd25519]) {
      expect(verify(message, signature, key.key.publicKey)).toBe(true);
      expect(verify(utf8('texT\n'), signature, key.key.publicKey)).toBe(false);
      expect(verify(message, signature.subarray(1), key.key.publicKey)).toBe(false);
      expect(verify(message, signature, new Uint8Array(32))).toBe(false);
    }
    const note = formatNote({ text: 'text\n', signatures: [{ ...key.key, signature }] });
    expect(verifyNote(parseNote(note), [key.key]).map((signer) => signer.key)).toEqual([key.key]);
  });

  it('is a witness by its purpose, with another id', () => {
    const witness = new NoteKey('cosignature', ORIGIN, new Uint8Array(32).fill(1), NOW_MS);
    expect(witness.key.algorithm).toBe('cosignature-v1');
    expect(witness.key.keyId).not.toBe(key.key.keyId);
  });

  it('never shows its secret', () => {
    const secret = toBase64(key.seed);
    for (const shown of [inspect(key), JSON.stringify(key)]) expect(shown).not.toContain(secret);
  });

  it.each([
    ['31 bytes', ORIGIN, 31, 'KEY_FILE_INVALID'],
    ['a name with a space', 'a b', 32, 'VERIFIER_KEY_INVALID'],
    ['a name with a plus', 'a+b', 32, 'VERIFIER_KEY_INVALID'],
  ])('refuses %s', (_what, name, bytes, code) => {
    expect(() => new NoteKey('checkpoint', name, new Uint8Array(bytes), NOW_MS)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

describe('the file of a note key', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'writ-note-key-'));
    path = join(folder, 'checkpoint-key.json');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is private and reads back as the same key', async () => {
    const made = await generateNoteKeyFile(path, 'checkpoint', ORIGIN, NOW_MS);
    expect((await lstat(path)).mode & 0o7777).toBe(0o600);
    const read = await readNoteKeyFile(path, 'checkpoint');
    expect([read.vkey, read.createdAtMs, read.seed]).toEqual([made.vkey, NOW_MS, made.seed]);
    expect(Object.keys(JSON.parse(await readFile(path, 'utf8'))).sort()).toEqual([
      'createdAt',
      'kind',
      'name',
      'purpose',
      'secretKey',
      'v',
      'vkey',
    ]);
  });

  it('is not overwritten', async () => {
    await generateNoteKeyFile(path, 'checkpoint', ORIGIN, NOW_MS);
    const before = await readFile(path);
    await expect(generateNoteKeyFile(path, 'checkpoint', ORIGIN)).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
    expect(await readFile(path)).toEqual(before);
  });

  it.each<[string, (text: string) => string]>([
    ['another secret', (text) => text.replace(/"secretKey":"[^"]+"/, `"secretKey":"${toBase64(new Uint8Array(32))}"`)],
    ['another name', (text) => text.replaceAll(ORIGIN, 'ledger.example/other')],
    ['one more member', (text) => text.replace('{', '{"more":1,')],
    ['half of it', (text) => text.slice(0, text.length / 2)],
  ])('is refused with %s', async (_what, change) => {
    await generateNoteKeyFile(path, 'checkpoint', ORIGIN, NOW_MS);
    await writeFile(path, change(await readFile(path, 'utf8')));
    await expect(readNoteKeyFile(path, 'checkpoint')).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
  });

  it('is refused for the other purpose, and when others can read it', async () => {
    await generateNoteKeyFile(path, 'checkpoint', ORIGIN, NOW_MS);
    await expect(readNoteKeyFile(path, 'cosignature')).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
    await chmod(path, 0o640);
    await expect(readNoteKeyFile(path, 'checkpoint')).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
  });

  it('keeps keys that live in memory apart', () => {
    expect(drawNoteKey('checkpoint', ORIGIN).vkey).not.toBe(drawNoteKey('checkpoint', ORIGIN).vkey);
  });
});
