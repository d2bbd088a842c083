import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventStore, NewEvent } from '@writ/event-store';
import { backupSqliteStore, restoreSqliteStore } from './maintenance.js';
import { openSqliteEventStore } from './sqlite-event-store.js';

let folder: string;
let source: string;
let target: string;
let ids = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-backup-'));
  source = join(folder, 'store.db');
  target = join(folder, 'backup.db');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function event(bytes = 100): NewEvent {
  ids += 1;
  const eventId = `01990000-0000-7000-9000-${ids.toString(16).padStart(12, '0')}`;
  return {
    eventId,
    type: 'SampleHappened',
    typeVersion: 1,
    data: Buffer.alloc(bytes, 120),
    metadata: Buffer.from('{}'),
  };
}

async function fill(store: EventStore, name: string, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_value, i) => store.append(`${name}-t.${i}`, 'no_stream', [event(2_000)])),
  );
}

async function idsIn(path: string): Promise<readonly string[]> {
  const store = await openSqliteEventStore({ path, mode: 'existing' });
  const events = await store.readAll({ maxCount: 4_096 });
  await store.close();
  return events.map((found) => found.eventId);
}

describe('backup', () => {
  it('holds every append that was answered before it began, while others go on', async () => {
    const store = await openSqliteEventStore({ path: source, mode: 'create' });
    await fill(store, 'before', 2_000);
    const before = (await store.readAll({ maxCount: 4_096 })).map((found) => found.eventId);
    let done = false;
    const load = (async () => {
      for (let i = 0; !done; i += 1) await fill(store, `during${i}`, 4);
    })();
    const progress: number[] = [];
    const summary = await backupSqliteStore({ source, target, onProgress: (step) => progress.push(step.copiedPages) });
    done = true;
    await load;
    await store.close();
    expect(progress).toStrictEqual([...progress].sort((a, b) => a - b));
    expect(summary).toStrictEqual({
      storeId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      events: summary.lastPosition,
      lastPosition: summary.events,
      bytes: readFileSync(target).length,
    });
    expect(readdirSync(folder).filter((name) => name.startsWith('backup'))).toStrictEqual(['backup.db']);
    expect(statSync(target).mode & 0o777).toBe(0o600);
    const restored = join(folder, 'restored.db');
    expect(await restoreSqliteStore({ backup: target, target: restored })).toStrictEqual(summary);
    const inBackup = await idsIn(restored);
    expect(inBackup.length).toBe(Number(summary.events));
    expect(inBackup.slice(0, before.length)).toStrictEqual(before);
  });

  it('overwrites nothing', async () => {
    const store = await openSqliteEventStore({ path: source, mode: 'create' });
    await store.close();
    writeFileSync(target, 'mine');
    await expect(backupSqliteStore({ source, target })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(backupSqliteStore({ source, target: source })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(restoreSqliteStore({ backup: source, target })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(readFileSync(target, 'utf8')).toBe('mine');
  });

  it('refuses what is no store', async () => {
    await expect(backupSqliteStore({ source, target })).rejects.toMatchObject({ code: 'STORE_MISSING' });
    writeFileSync(source, 'not a store'.repeat(100));
    await expect(backupSqliteStore({ source, target })).rejects.toMatchObject({ code: 'STORE_NOT_OURS' });
    expect(existsSync(target)).toBe(false);
    const nowhere = join(folder, 'no', 'where.db');
    await expect(restoreSqliteStore({ backup: nowhere, target })).rejects.toMatchObject({ code: 'STORE_MISSING' });
  });
});

describe('restore', () => {
  it('refuses a damaged backup, and leaves nothing behind', async () => {
    const store = await openSqliteEventStore({ path: source, mode: 'create' });
    await fill(store, 'some', 100);
    await backupSqliteStore({ source, target });
    await store.close();
    const bytes = readFileSync(target);
    bytes.fill(0x77, 40_000, 41_000);
    const damaged = join(folder, 'damaged.db');
    writeFileSync(damaged, bytes);
    const restored = join(folder, 'restored.db');
    await expect(restoreSqliteStore({ backup: damaged, target: restored })).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
    });
    expect(readdirSync(folder).filter((name) => name.startsWith('restored'))).toStrictEqual([]);
  });

  it('refuses the file of a store in use: its log would be missing', async () => {
    const store = await openSqliteEventStore({ path: source, mode: 'create' });
    await fill(store, 'some', 3);
    await expect(restoreSqliteStore({ backup: source, target })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await store.close();
    copyFileSync(source, join(folder, 'copy.db'));
    expect(await restoreSqliteStore({ backup: join(folder, 'copy.db'), target })).toMatchObject({ events: 3n });
  });
});
