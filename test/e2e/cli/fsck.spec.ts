import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { removeFolders, temporaryFolder } from '../harness/server.js';
import { order, POLICIES, writ, type Ran } from './writ.js';

jest.setTimeout(90_000);
afterAll(removeFolders);

const folder = temporaryFolder();
const store = join(folder, 'ledger.db');
const trust = join(folder, 'trust.txt');
const early = join(folder, 'early.db');
const here = ['--store', store, '--origin', 'test.example/cli'];
const check = (...flags: string[]): Promise<Ran> =>
  writ(['fsck', '--store', store, '--trust', trust, '--json', ...flags]);

beforeAll(async () => {
  expect((await writ(['init', ...here, '--json'])).exitCode).toBe(0);
  expect((await writ(['backup', early, '--store', store])).exitCode).toBe(0);
  await writ(['policy', 'publish', join(POLICIES, 'payment.yaml'), '--activate', ...here]);
  expect((await writ(['evaluate', '-', ...here], { stdin: order('e-1') })).exitCode).toBe(0);
  // Waits until all of it is under a checkpoint.
  expect((await writ(['prove', 'e-1', '--out', join(folder, 'e-1.json'), ...here])).exitCode).toBe(0);
});

/** Who owns the file can do this. */
function edit(change: (db: DatabaseSyncInstance) => void): void {
  const db = new DatabaseSync(store);
  const guards = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all() as {
    name: string;
    sql: string;
  }[];
  for (const { name } of guards) db.exec(`DROP TRIGGER ${name}`);
  change(db);
  for (const { sql } of guards) db.exec(sql);
  db.close();
}

/** Adds to one byte of the data of the last decision; adding the rest makes it what it was. */
function addToByte(by: number): void {
  edit((db) => {
    const { position, data } = db
      .prepare("SELECT position, data FROM events WHERE type LIKE 'Decision%' ORDER BY position DESC LIMIT 1")
      .get() as { position: number; data: Uint8Array };
    data[50] = ((data[50] ?? 0) + by) & 0xff;
    db.prepare('UPDATE events SET data = ? WHERE position = ?').run(data, position);
  });
}

describe('writ fsck', () => {
  it('finds nothing where nothing is wrong', async () => {
    const ran = await check();
    expect(ran).toMatchObject({ exitCode: 0 });
    expect(ran.json()).toMatchObject({
      ...{ format: 'writ/fsck/v1', verdict: 'sound', complete: true, notYetSequenced: 0, findings: [] },
      compared: { mark: true, seenHead: true },
    });
    expect((await writ(['fsck', ...here])).stdout).toMatch(/^sound: nothing is wrong\n/);
  });

  it('finds one byte that was edited behind its back, with index and stream, and that it was put right', async () => {
    addToByte(1);
    const ran = await check();
    expect(ran.exitCode).toBe(1);
    expect(ran.json().findings).toMatchObject([
      { kind: 'changed', code: 'FOREIGN_EVENT', index: '3', stream: 'execution-default.e-1', revision: '0' },
    ]);
    expect((await writ(['fsck', ...here])).stdout).toContain('execution-default.e-1 @ 0');
    addToByte(255);
    expect((await check()).exitCode).toBe(0);
  });

  it('believes only whom it is told to, and cannot use what is no trust file', async () => {
    const other = temporaryFolder();
    await writ(['init', '--store', join(other, 'l.db'), '--origin', 'test.example/cli']);
    const ran = await writ(['fsck', '--store', store, '--trust', join(other, 'trust.txt'), '--json']);
    expect(ran.exitCode).toBe(1);
    expect(ran.json().counts).toMatchObject({ checkpoint: expect.any(Number) });
    writeFileSync(join(folder, 'nonsense.txt'), 'log\n');
    expect((await writ(['fsck', '--store', store, '--trust', join(folder, 'nonsense.txt')])).exitCode).toBe(2);
    expect((await writ(['fsck', '--store', join(folder, 'none.db'), '--trust', trust])).exitCode).toBe(7);
  });

  it('leaves no state when it has come to the end', async () => {
    const state = join(folder, 'state.json');
    expect((await check('--resume', state)).exitCode).toBe(0);
    expect(existsSync(state)).toBe(false);
  });
});

describe('writ restore', () => {
  it('ends with a check, and says what is known beyond the backup', async () => {
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(`${store}${suffix}`)) renameSync(`${store}${suffix}`, `${store}.old${suffix}`);
    }
    const restored = await writ(['restore', early, '--store', store, '--trust', trust, '--json']);
    expect(restored.exitCode).toBe(1);
    expect(restored.json().check).toMatchObject({ verdict: 'faults', counts: { rolled_back: expect.any(Number) } });
    const refused = await writ(['policy', 'publish', join(POLICIES, 'payment.yaml'), ...here]);
    expect(refused).toMatchObject({ exitCode: 7, stderr: expect.stringMatching(/^LEDGER_ROLLED_BACK: /) });
    expect(
      (await writ(['recover', ...here.slice(0, 2), '--reason', 'a test'], { env: { WRIT_ORIGIN: 'test.example/cli' } }))
        .exitCode,
    ).toBe(0);
    const after = await check();
    expect(after.exitCode).toBe(0);
    expect(after.json().lostByRecovery).toBeGreaterThan(2);
  });
});
