import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTlogProof, verifyCheckpoint } from '@writ/checkpoint';
import { textOf, toHex } from '@writ/encoding';
import { LedgerError, RejectedError } from '@writ/errors';
import { leafHash, verifyInclusion } from '@writ/merkle';
import { parseTrustFile } from '@writ/verifier';

import { TILED_SIZE, trustText, V1 } from '../golden/frozen-files.js';
import { COSIGNED_AT } from '../golden/frozen-log.js';
import { filesBelow } from '../vectors/published.js';
import { describeReader, dice, SecondReader, type Answer } from './reader.js';

const trust = parseTrustFile(trustText());
const trustPath = join(V1, 'trust.txt');
const read = (path: string): Uint8Array => new Uint8Array(readFileSync(join(V1, path)));
/** Of single-byte changes that are tried, spread over the whole. */
const CHANGES = process.env['WRIT_LONG_PROPERTIES'] === '1' ? 20_000 : 250;

/** `verified`, or the code of the error. */
function verdictOf(act: () => unknown): string {
  try {
    act();
    return 'verified';
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return error.code;
  }
}

/** Bytes as text, where they are UTF-8. */
function textOr(bytes: Uint8Array, code: 'PROOF_INVALID' | 'TRUST_FILE_INVALID'): string {
  try {
    return textOf(bytes);
  } catch (cause) {
    throw new RejectedError(code, 'not UTF-8', {}, { cause });
  }
}

const verdictIn = ({ verified, code }: Answer): string => (verified ? 'verified' : String(code));

/** Copies of `bytes`, each with one byte changed, cut off, or doubled. */
function* changed(bytes: Uint8Array, seed: number): Generator<Uint8Array> {
  const roll = dice(seed);
  for (let count = 0; count < CHANGES; count += 1) {
    const at = Math.floor((count * bytes.length) / CHANGES);
    const copy = bytes.slice();
    copy[at] = (copy[at] ?? 0) ^ (1 << roll(8));
    yield copy;
  }
  for (let count = 0; count < 20; count += 1) {
    const at = roll(bytes.length);
    yield bytes.slice(0, at);
    yield new Uint8Array([...bytes.slice(0, at), ...bytes.slice(Math.max(0, at - 1))]);
  }
}

describeReader('a second reader', () => {
  let reader: SecondReader;
  beforeAll(() => {
    reader = new SecondReader();
  });
  afterAll(() => reader.close());

  test('reads the frozen checkpoint alike', async () => {
    const { checkpoint, cosignatures } = verifyCheckpoint(read('proofs/checkpoint'), trust.policy);
    const answer = await reader.ask({ kind: 'checkpoint', trust: trustPath, file: join(V1, 'proofs/checkpoint') });
    expect(answer).toEqual({
      verified: true,
      origin: checkpoint.origin,
      size: String(checkpoint.sizeLeaves),
      root: toHex(checkpoint.rootHash),
      cosigned: Object.fromEntries(cosignatures.map(({ witness, timeSeconds }) => [witness.name, timeSeconds])),
    });
  });

  test.each([COSIGNED_AT - 1, COSIGNED_AT, COSIGNED_AT + 1, COSIGNED_AT + 2])(
    'finds it as old: %d',
    async (notBefore) => {
      const ours = verdictOf(() =>
        verifyCheckpoint(read('proofs/checkpoint'), trust.policy, { notBeforeSeconds: notBefore }),
      );
      const file = join(V1, 'proofs/checkpoint');
      const theirs = await reader.ask({ kind: 'checkpoint', trust: trustPath, file, not_before: notBefore });
      expect(verdictIn(theirs)).toBe(ours);
    },
  );

  test('comes to the same verdict on every changed checkpoint', async () => {
    for (const bytes of changed(read('proofs/checkpoint'), 1)) {
      const ours = verdictOf(() => verifyCheckpoint(bytes, trust.policy, { origin: trust.origin }));
      const theirs = await reader.ask({ kind: 'checkpoint', trust: trustPath, file: reader.write(bytes) });
      expect([textOf(bytes.map((byte) => byte & 0x7f)), verdictIn(theirs)]).toEqual([
        textOf(bytes.map((byte) => byte & 0x7f)),
        ours,
      ]);
    }
  }, 120_000);

  test('comes to the same verdict on every changed proof', async () => {
    const entry = join(V1, 'proofs/commit.entry');
    const leaf = leafHash(read('proofs/commit.entry'));
    const proof = read('proofs/commit.tlog-proof');
    const verdicts = new Set<string>();
    for (const bytes of [proof, ...changed(proof, 2)]) {
      const ours = verdictOf(() => {
        const { index, path, checkpoint: note } = parseTlogProof(textOr(bytes, 'PROOF_INVALID'));
        const { checkpoint } = verifyCheckpoint(note, trust.policy, { origin: trust.origin });
        verifyInclusion({ leafHash: leaf, index, sizeLeaves: checkpoint.sizeLeaves, path }, checkpoint.rootHash);
      });
      const theirs = await reader.ask({ kind: 'proof', trust: trustPath, file: reader.write(bytes), entry });
      expect(verdictIn(theirs)).toBe(ours);
      verdicts.add(ours);
    }
    expect(verdicts.size).toBeGreaterThan(4);
  }, 120_000);

  test('believes the same people by every changed trust file', async () => {
    const lines = trustText().split('\n').slice(0, -1);
    const of = (...changed: string[]): Uint8Array => new Uint8Array(Buffer.from(`${changed.join('\n')}\n`));
    const [logLine = '', w1 = '', w2 = '', group = '', quorum = '', key = ''] = lines;
    const written = [
      of(...lines),
      of('# a comment', '', '  \t', `  ${logLine}`, w1, `\t${w2}`, group, quorum, '', key),
      of(key, logLine, 'quorum none'),
      of(logLine, 'quorum none'),
      of(...lines, key),
      of(...lines, logLine),
      of(...lines, 'quorum none'),
      of(logLine, w1, w2, 'group either 2 w1 w2', quorum, key),
      of(logLine, w1, w2, 'group either 3 w1 w2', quorum, key),
      of(logLine, w1, w2, 'group either 02 w1 w2', quorum, key),
      of(logLine, w1, w2, 'group either 1 w1 w1', quorum, key),
      of(logLine, w1, w2, 'group a all w1', 'group either any a w1', quorum, key),
      of(logLine, w1, w2, 'group a all w1', 'group either any a w2', quorum, key),
      of(logLine, w1, w2, 'group either 1', quorum, key),
      of(logLine, 'witness none x', quorum, key),
      of(w1.replace(/^witness w1/, 'log'), 'quorum none', key),
      of(logLine, logLine.replace(/^log/, 'witness w3'), 'quorum none', key),
      of(quorum, ...lines.slice(0, 4), key),
    ];
    const verdicts = new Set<string>();
    for (const bytes of [...written, ...changed(of(...lines), 5)]) {
      let text: string | undefined;
      const ours = verdictOf(() => parseTrustFile((text = textOr(bytes, 'TRUST_FILE_INVALID'))));
      const theirs = await reader.ask({ kind: 'trust', trust: reader.write(bytes) });
      expect([text, verdictIn(theirs)]).toEqual([text, ours]);
      if (ours === 'verified') {
        const { origin, keys, policy } = parseTrustFile(text ?? '');
        const names = policy.witnesses.map(({ name }) => name).sort();
        expect(theirs).toMatchObject({ origin, keys: keys.map(({ keyId }) => keyId).sort(), witnesses: names });
      }
      verdicts.add(ours);
    }
    expect([...verdicts].sort()).toEqual(['TRUST_FILE_INVALID', 'verified']);
  }, 60_000);

  test('finds the root of the frozen tiles, and every tile under it', async () => {
    const request = { kind: 'tiles', trust: trustPath, file: join(V1, 'tiles/checkpoint'), folder: join(V1, 'tiles') };
    expect(await reader.ask(request)).toMatchObject({ verified: true, entries: TILED_SIZE });
  });

  test('misses no changed byte of a tile, and no tile that is gone', async () => {
    const roll = dice(3);
    const tiles = filesBelow(join(V1, 'tiles')).filter((path) => path.startsWith('tile/'));
    for (const path of tiles) {
      for (const change of ['byte', 'gone', 'longer'] as const) {
        const folder = join(reader.folder, 'tiles');
        cpSync(join(V1, 'tiles'), folder, { recursive: true });
        const bytes = new Uint8Array(readFileSync(join(folder, path)));
        const at = roll(bytes.length);
        if (change === 'byte') bytes[at] = (bytes[at] ?? 0) ^ (1 << roll(8));
        if (change === 'gone') rmSync(join(folder, path));
        else writeFileSync(join(folder, path), change === 'longer' ? new Uint8Array([...bytes, 0]) : bytes);
        const request = { kind: 'tiles', trust: trustPath, file: join(V1, 'tiles/checkpoint'), folder };
        expect([path, change, (await reader.ask(request)).verified]).toEqual([path, change, false]);
        rmSync(folder, { recursive: true });
      }
    }
  }, 60_000);
});

test('the second reader imports the standard library and its own files, nothing else', () => {
  const own = filesBelow(__dirname).filter((path) => path.endsWith('.py'));
  const modules = own.map((path) => path.replace(/\.py$/, ''));
  const standard = ['argparse', 'base64', 'binascii', 'collections', 'datetime', 'functools', 'hashlib', 'json', 'os'];
  const known = [...modules, ...standard, 're', 'subprocess', 'sys', 'tempfile'];
  const imported = own.flatMap((path) => {
    const text = readFileSync(join(__dirname, path), 'utf8');
    return [...text.matchAll(/^\s*(?:from|import) (\S+)/gm)].map(([, name = '']) => name);
  });
  expect(imported.filter((name) => !known.includes(name))).toEqual([]);
});
