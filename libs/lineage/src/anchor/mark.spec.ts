import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { emptyRoot } from '@writ/merkle';
import { NoteKey } from '@writ/signing';

import { codeOf, logKey, TestTree } from './anchor.fixture.js';
import { CheckpointFolder } from './checkpoint-folder.js';
import { MarkFile, MemoryMark, requireMark, type Mark } from './mark.js';
import { tryPublisherLock } from './publisher-lock.js';

const tree = new TestTree(40);
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'writ-mark-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const marks: readonly (readonly [string, () => Mark])[] = [
  ['a file', () => new MarkFile(join(folder, 'new'), logKey.vkey)],
  ['memory', () => new MemoryMark()],
];

describe.each(marks)('the mark in %s', (_kind, open) => {
  it('is made for an empty lineage alone', async () => {
    const mark = open();
    expect(await mark.read()).toBeUndefined();
    expect(await codeOf(requireMark(mark, false))).toBe('MARK_MISSING');
    expect(await mark.read()).toBeUndefined();
    expect(await requireMark(mark, true)).toEqual({ sizeLeaves: 0n, root: emptyRoot() });
    expect(await requireMark(mark, false)).toEqual({ sizeLeaves: 0n, root: emptyRoot() });
  });

  it('moves from what is there, and from nothing else', async () => {
    const mark = open();
    await mark.advance(undefined, tree.head(5));
    expect(await codeOf(mark.advance(undefined, tree.head(6)))).toBe('PUBLISHER_UNAVAILABLE');
    expect(await codeOf(mark.advance(tree.head(4), tree.head(6)))).toBe('PUBLISHER_UNAVAILABLE');
    const other = { sizeLeaves: 5n, root: tree.head(4).root };
    expect(await codeOf(mark.advance(other, tree.head(6)))).toBe('PUBLISHER_UNAVAILABLE');
    expect(await mark.read()).toEqual(tree.head(5));
    await mark.advance(tree.head(5), tree.head(6));
    expect(await mark.read()).toEqual(tree.head(6));
  });
});

describe('the file of the mark', () => {
  const path = (): string => join(folder, 'mark.json');

  it('is refused when it is damaged in any byte, or cut off anywhere', async () => {
    const mark = new MarkFile(folder, logKey.vkey);
    await mark.advance(undefined, tree.head(5));
    const whole = readFileSync(path());
    for (let at = 0; at < whole.length; at++) {
      writeFileSync(path(), whole.subarray(0, at));
      expect(await codeOf(mark.read())).toBe('MARK_MISSING');
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] ?? 0) ^ 0x80;
      writeFileSync(path(), flipped);
      expect(await codeOf(mark.read())).toBe('MARK_MISSING');
    }
    expect(await codeOf(requireMark(mark, true))).toBe('MARK_MISSING');
  });

  it('is that of one key', async () => {
    await new MarkFile(folder, logKey.vkey).advance(undefined, tree.head(5));
    const other = new NoteKey('checkpoint', logKey.key.name, new Uint8Array(32).fill(2), 0);
    expect(await codeOf(new MarkFile(folder, other.vkey).read())).toBe('KEY_MISMATCH');
  });

  it('survives a draft that a crash left over', async () => {
    const mark = new MarkFile(folder, logKey.vkey);
    await mark.advance(undefined, tree.head(5));
    writeFileSync(`${path()}.new`, 'half a dra');
    expect(await mark.read()).toEqual(tree.head(5));
    await mark.advance(tree.head(5), tree.head(6));
    expect([await mark.read(), readdirSync(folder)]).toEqual([tree.head(6), ['mark.json']]);
  });
});

describe('the lock of the publisher', () => {
  it('is held by one, and given on when that lets go', () => {
    const first = tryPublisherLock(folder);
    expect(first).toBeDefined();
    expect(tryPublisherLock(folder)).toBeUndefined();
    first?.requireHeld();
    first?.close();
    first?.close();
    expect(() => first?.requireHeld()).toThrow(expect.objectContaining({ code: 'PUBLISHER_UNAVAILABLE' }));
    const second = tryPublisherLock(folder);
    expect(second).toBeDefined();
    second?.close();
  });

  it('is noticed as lost when its file is replaced', () => {
    const lock = tryPublisherLock(folder);
    rmSync(join(folder, 'lock.db'));
    expect(() => lock?.requireHeld()).toThrow(expect.objectContaining({ code: 'PUBLISHER_UNAVAILABLE' }));
    const other = tryPublisherLock(folder);
    expect(() => lock?.requireHeld()).toThrow(expect.objectContaining({ code: 'PUBLISHER_UNAVAILABLE' }));
    other?.requireHeld();
    other?.close();
    lock?.close();
  });

  it('is taken back by the kernel when its holder is killed', async () => {
    const script = `
      const { DatabaseSync } = require('@photostructure/sqlite');
      const db = new DatabaseSync(process.argv[1]);
      db.exec('PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE');
      process.stdout.write('held');
      setInterval(() => db.isOpen, 1000);
    `;
    const holder = spawn(process.execPath, ['-e', script, join(folder, 'lock.db')], { cwd: __dirname });
    const dead = new Promise((resolve) => holder.once('exit', resolve));
    try {
      await Promise.race([dead, new Promise((resolve) => holder.stdout.once('data', resolve))]);
      expect(tryPublisherLock(folder)).toBeUndefined();
    } finally {
      holder.kill('SIGKILL');
      await dead;
    }
    const lock = tryPublisherLock(folder);
    expect(lock).toBeDefined();
    lock?.close();
  });

  it('cannot be had in a folder that cannot be', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => tryPublisherLock(join(folder, 'file'))).toThrow(
      expect.objectContaining({ code: 'PUBLISHER_UNAVAILABLE' }),
    );
  });
});

describe('the folder of checkpoints', () => {
  it('keeps the latest and every one by its size, and takes a damaged one for none', async () => {
    const files = new CheckpointFolder(folder);
    expect([await files.latest(), await files.at(5n)]).toEqual([undefined, undefined]);
    const note = (size: number): string =>
      `${logKey.key.name}\n${String(size)}\n${Buffer.from(tree.head(size).root).toString('base64')}\n\n— a b0123456\n`;
    await files.write(5n, note(5));
    await files.write(7n, note(7));
    expect([await files.latest(), await files.at(5n), await files.at(7n)]).toEqual([note(7), note(5), note(7)]);
    writeFileSync(join(folder, 'checkpoints', '5'), note(6));
    expect(await files.at(5n)).toBeUndefined();
  });
});
