import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyId } from '@writ/encoding';
import { eraseSecret, generateKeyFile, readKeyFile, readPublicHalf } from './key-file.js';
import { memoryKeyRing, openKeyRing, successorPath } from './key-ring.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'writ-ring-'));
  path = join(folder, 'attestation-key.json');
  (await generateKeyFile(path, 0)).erase();
});
afterEach(() => rmSync(folder, { recursive: true }));

const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => (error as { code?: unknown }).code,
  );

describe('a ring of key files', () => {
  it('begins with the file that is named, and lays each next key beside it, private', async () => {
    const ring = await openKeyRing(path);
    const next = await ring.create(0);
    const file = join(folder, `attestation-key.${next.keyId}.json`);
    expect(successorPath(path, next.keyId)).toBe(file);
    expect(readdirSync(folder).sort()).toEqual([`attestation-key.${next.keyId}.json`, 'attestation-key.json']);
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(await ring.sourceOf(ring.root.keyId)).toEqual({ keyFile: path });
    expect(await ring.sourceOf(next.keyId)).toEqual({ keyFile: file });
    expect((await readKeyFile(file)).publicKey).toEqual(next.publicKey);
    expect(await ring.sourceOf('0123456789abcdef' as KeyId)).toBeUndefined();
  });

  it('finds what another process laid there', async () => {
    const ring = await openKeyRing(path);
    const next = await (await openKeyRing(path)).create(0);
    expect(await ring.sourceOf(next.keyId)).toBeDefined();
  });

  it('refuses a file that holds another key than its name says, and one that others can read', async () => {
    const ring = await openKeyRing(path);
    const next = await ring.create(0);
    const other = successorPath(path, '0123456789abcdef' as KeyId);
    writeFileSync(other, readFileSync(successorPath(path, next.keyId)), { mode: 0o600 });
    expect(await codeOf(ring.sourceOf('0123456789abcdef' as KeyId))).toBe('KEY_FILE_INVALID');
    chmodSync(successorPath(path, next.keyId), 0o640);
    expect(await codeOf(ring.sourceOf(next.keyId))).toBe('KEY_FILE_INVALID');
  });

  it('keeps its pin when the secret is taken out', async () => {
    const before = await readPublicHalf(path);
    expect(before.hasSecret).toBe(true);
    writeFileSync(`${path}.new`, 'what a crash left behind');
    const after = await eraseSecret(path);
    expect(after).toEqual({ ...before, hasSecret: false });
    expect(await readPublicHalf(path)).toEqual(after);
    expect(readFileSync(path, 'utf8')).not.toContain('secretKey');
    expect(statSync(path).mode & 0o077).toBe(0);
    expect(readdirSync(folder)).toEqual(['attestation-key.json']);
    expect(await codeOf(readKeyFile(path))).toBe('KEY_FILE_INVALID');
    const ring = await openKeyRing(path);
    expect(ring.root).toEqual({ keyId: before.keyId, publicKey: before.publicKey });
    expect(await ring.sourceOf(before.keyId)).toBeUndefined();
    expect(await eraseSecret(path)).toEqual(after);
  });

  it('refuses a public half whose id is not that of its key', async () => {
    const { keyId } = await eraseSecret(path);
    const forged = readFileSync(path, 'utf8').replace(keyId, '0123456789abcdef');
    writeFileSync(path, forged);
    expect(await codeOf(openKeyRing(path))).toBe('KEY_FILE_INVALID');
  });

  it('lives in memory too', async () => {
    const ring = memoryKeyRing(new Uint8Array(32).fill(7));
    const next = await ring.create(0);
    expect(await ring.sourceOf(ring.root.keyId)).toEqual({ secretKey: new Uint8Array(32).fill(7) });
    expect(await ring.sourceOf(next.keyId)).toBeDefined();
  });
});
