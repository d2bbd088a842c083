import { chmod, chown, link, lstat, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { parseBase64, toBase64, toHex, utf8 } from '@writ/encoding';

import { generateKeyFile, readKeyFile } from './key-file.js';
import { nobleSigner } from './signer.js';

const NOW_MS = Date.UTC(2026, 10, 23, 16, 5, 42, 123);
const asRoot = process.geteuid?.() === 0;

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'writ-keys-'));
  path = join(folder, 'attestation.key');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const refused = { code: 'KEY_FILE_INVALID' };

describe('generateKeyFile', () => {
  it('writes a file for its owner alone, and the file reads back as the same key', async () => {
    const made = await generateKeyFile(path, NOW_MS);
    expect((await lstat(path)).mode & 0o7777).toBe(0o600);
    const read = await readKeyFile(path);
    expect(read.keyId).toBe(made.keyId);
    expect(read.publicKey).toEqual(made.publicKey);
    expect(read.secretKey).toEqual(made.secretKey);
    expect(read.createdAtMs).toBe(NOW_MS);
    expect(nobleSigner(read.secretKey).keyId).toBe(made.keyId);
  });

  it('stays private under a permissive umask', async () => {
    const umask = process.umask(0);
    try {
      await generateKeyFile(path, NOW_MS);
    } finally {
      process.umask(umask);
    }
    expect((await lstat(path)).mode & 0o7777).toBe(0o600);
  });

  it('holds exactly the documented members', async () => {
    const key = await generateKeyFile(path, NOW_MS);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
      v: 1,
      kind: 'writ-secp256k1',
      purpose: 'attestation',
      keyId: key.keyId,
      publicKey: toBase64(key.publicKey),
      secretKey: toBase64(key.secretKey),
      createdAt: '2026-11-23T16:05:42.123Z',
    });
  });

  it('never touches a file, a link or a folder that is there', async () => {
    await writeFile(path, 'precious');
    await symlink(join(folder, 'elsewhere'), join(folder, 'link'));
    await mkdir(join(folder, 'folder'));
    for (const taken of [path, join(folder, 'link'), join(folder, 'folder'), join(folder, 'missing', 'key')]) {
      await expect(generateKeyFile(taken, NOW_MS)).rejects.toMatchObject(refused);
    }
    expect(await readFile(path, 'utf8')).toBe('precious');
    await expect(lstat(join(folder, 'elsewhere'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('draws another key every time', async () => {
    const first = await generateKeyFile(path, NOW_MS);
    const second = await generateKeyFile(join(folder, 'second.key'), NOW_MS);
    expect(first.keyId).not.toBe(second.keyId);
  });
});

describe('readKeyFile', () => {
  it('accepts only modes that shut group and others out', async () => {
    await generateKeyFile(path, NOW_MS);
    for (let mode = 0o400; mode <= 0o777; mode++) {
      await chmod(path, mode);
      const reading = readKeyFile(path);
      if ((mode & 0o077) !== 0) await expect(reading).rejects.toMatchObject(refused);
      else await reading;
    }
  });

  it('refuses a symbolic link, a folder, a device and a missing file', async () => {
    await generateKeyFile(path, NOW_MS);
    await symlink(path, join(folder, 'link'));
    for (const other of [join(folder, 'link'), folder, '/dev/null', join(folder, 'missing')]) {
      await expect(readKeyFile(other)).rejects.toMatchObject(refused);
    }
  });

  it('takes a second name of the same private file', async () => {
    const key = await generateKeyFile(path, NOW_MS);
    await link(path, join(folder, 'hard'));
    expect((await readKeyFile(join(folder, 'hard'))).keyId).toBe(key.keyId);
  });

  (asRoot ? it : it.skip)('refuses a file of another owner (needs root)', async () => {
    await generateKeyFile(path, NOW_MS);
    await chown(path, 12_345, 12_345);
    await expect(readKeyFile(path)).rejects.toMatchObject(refused);
  });

  it('refuses every other content', async () => {
    await generateKeyFile(path, NOW_MS);
    const good = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    const other = await generateKeyFile(join(folder, 'other.key'), NOW_MS);
    const write = (content: string | Uint8Array) => writeFile(path, content, { mode: 0o600 });
    const contents = [
      '',
      '{}',
      'null',
      JSON.stringify(good).slice(0, -1),
      `${JSON.stringify(good).slice(0, -1)},"v":1}`,
      ' '.repeat(5_000) + JSON.stringify(good),
      Uint8Array.of(0xff, 0xfe),
      ...Object.keys(good).map((name) => JSON.stringify({ ...good, [name]: undefined })),
      ...Object.keys(good).map((name) => JSON.stringify({ ...good, [name]: 2 })),
      ...Object.keys(good).map((name) => JSON.stringify({ ...good, [name]: 'x' })),
      JSON.stringify({ ...good, comment: 'mine' }),
      JSON.stringify({ ...good, publicKey: toBase64(other.publicKey) }),
      JSON.stringify({ ...good, keyId: other.keyId }),
      JSON.stringify({ ...good, secretKey: toBase64(new Uint8Array(32)) }),
      JSON.stringify({ ...good, secretKey: toBase64(new Uint8Array(32).fill(255)) }),
    ];
    for (const content of contents) {
      await write(content);
      await expect(readKeyFile(path)).rejects.toMatchObject(refused);
    }
    await write(JSON.stringify(good));
    await readKeyFile(path);
  });

  it('never lets the secret into an error', async () => {
    const key = await generateKeyFile(path, NOW_MS);
    const text = toBase64(key.secretKey);
    await writeFile(path, (await readFile(path, 'utf8')).replace('}', ',}'));
    const error: unknown = await readKeyFile(path).catch((thrown: unknown) => thrown);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(text);
    expect(JSON.stringify(error)).not.toContain(text.slice(0, 8));
  });
});

describe('AttestationKey', () => {
  it('shows the key id, and never the secret', async () => {
    const key = await generateKeyFile(path, NOW_MS);
    const secrets = [toBase64(key.secretKey), toHex(key.secretKey), [...key.secretKey].join(', ')];
    const shown = [
      inspect(key, { depth: 5, showHidden: true }),
      inspect({ nested: { key } }, { depth: 5 }),
      JSON.stringify(key),
      Object.values(key).join(),
    ];
    for (const text of shown) for (const secret of secrets) expect(text).not.toContain(secret);
    expect(JSON.parse(JSON.stringify(key))).toEqual({ keyId: key.keyId, secretKey: '[redacted]' });
  });

  it('erase overwrites the secret', async () => {
    const key = await generateKeyFile(path, NOW_MS);
    key.erase();
    expect(key.secretKey).toEqual(new Uint8Array(32));
    // The file still has it.
    const stored = JSON.parse(await readFile(path, 'utf8')) as { secretKey: string };
    expect(parseBase64(stored.secretKey, 32)).not.toEqual(new Uint8Array(32));
    expect(utf8(stored.secretKey)).toHaveLength(44);
  });
});
