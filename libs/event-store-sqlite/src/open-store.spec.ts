import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  readFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import type { NewEvent } from '@writ/event-store';
import { migrateSqliteStore } from './maintenance.js';
import { APPLICATION_ID, FORMAT_VERSION, SCHEMA_OF_FORMAT_0 } from './schema.js';
import { openSqliteEventStore } from './sqlite-event-store.js';

let folder: string;
let path: string;
let ids = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-open-'));
  path = join(folder, 'store.db');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function event(text = '{}'): NewEvent {
  ids += 1;
  const eventId = `01990000-0000-7000-8000-${ids.toString(16).padStart(12, '0')}`;
  return { eventId, type: 'SampleHappened', typeVersion: 1, data: Buffer.from(text), metadata: Buffer.from('{}') };
}

/** A store with some events, closed. */
async function madeStore(count = 3): Promise<void> {
  const store = await openSqliteEventStore({ path, mode: 'create' });
  for (let i = 0; i < count; i += 1) await store.append(`made-t.${i}`, 'no_stream', [event()]);
  await store.close();
}

async function eventCount(mode: 'create' | 'existing' = 'existing'): Promise<number> {
  const store = await openSqliteEventStore({ path, mode });
  const events = await store.readAll({ maxCount: 4_096 });
  await store.close();
  return events.length;
}

function withDatabase(file: string, work: (database: InstanceType<typeof DatabaseSync>) => void): void {
  const database = new DatabaseSync(file);
  work(database);
  database.close();
}

describe('opening', () => {
  it('creates a store that only its owner can read, and finds it again', async () => {
    await madeStore();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await eventCount('create')).toBe(3);
    expect(await eventCount('existing')).toBe(3);
  });

  it('makes one store of it when several create it at once', async () => {
    for (let round = 0; round < 8; round += 1) {
      path = join(folder, `round-${round}.db`);
      const stores = await Promise.all([1, 2, 3, 4].map(async () => openSqliteEventStore({ path, mode: 'create' })));
      await stores[0]?.append('made-t.1', 'no_stream', [event()]);
      for (const store of stores) expect(await store.readAll({ maxCount: 10 })).toHaveLength(1);
      await Promise.all(stores.map(async (store) => store.close()));
    }
    expect(readdirSync(folder).filter((name) => name.endsWith('.new'))).toStrictEqual([]);
  });

  it('leaves everything in the one file when it closes', async () => {
    await madeStore();
    cpSync(path, join(folder, 'alone.db'));
    path = join(folder, 'alone.db');
    expect(await eventCount()).toBe(3);
  });

  it('never creates in mode `existing`', async () => {
    await expect(eventCount()).rejects.toMatchObject({ code: 'STORE_MISSING', kind: 'Integrity' });
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, '');
    await expect(eventCount()).rejects.toMatchObject({ code: 'STORE_MISSING' });
  });

  it('finishes what a crash left while it was created', async () => {
    writeFileSync(path, '');
    expect(await eventCount('create')).toBe(0);
    rmSync(path);
    withDatabase(path, (database) => database.exec('PRAGMA journal_mode=WAL; VACUUM'));
    await expect(eventCount('existing')).rejects.toMatchObject({ code: 'STORE_MISSING' });
    expect(await eventCount('create')).toBe(0);
  });

  it.each<[string, string, (file: string) => void]>([
    ['a text file', 'STORE_NOT_OURS', (file) => writeFileSync(file, 'once upon a time\n'.repeat(100))],
    [
      'a database of something else',
      'STORE_NOT_OURS',
      (file) => withDatabase(file, (db) => db.exec('CREATE TABLE t (a)')),
    ],
    [
      'a blank database that bears another mark',
      'STORE_NOT_OURS',
      (file) => withDatabase(file, (db) => db.exec('PRAGMA application_id=7')),
    ],
  ])('refuses %s and leaves it as it is', async (_case, code, make) => {
    make(path);
    const before = readFileSync(path);
    for (const mode of ['create', 'existing'] as const) {
      await expect(openSqliteEventStore({ path, mode })).rejects.toMatchObject({ code, kind: 'Integrity' });
    }
    await expect(openSqliteEventStore({ path, mode: 'existing', readOnly: true })).rejects.toMatchObject({ code });
    await expect(migrateSqliteStore(path, { dryRun: false })).rejects.toMatchObject({ code });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('refuses a directory, and a path into nowhere', async () => {
    await expect(openSqliteEventStore({ path: folder, mode: 'create' })).rejects.toMatchObject({ kind: 'Unavailable' });
    const nowhere = join(folder, 'no', 'where.db');
    await expect(openSqliteEventStore({ path: nowhere, mode: 'create' })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await expect(openSqliteEventStore({ path: nowhere, mode: 'existing' })).rejects.toMatchObject({
      code: 'STORE_MISSING',
    });
  });

  it('refuses a newer store', async () => {
    await madeStore();
    withDatabase(path, (database) => database.exec(`PRAGMA user_version=${FORMAT_VERSION + 1}`));
    await expect(eventCount()).rejects.toMatchObject({
      code: 'STORE_NEWER',
      details: { formatVersion: 2, supported: 1 },
    });
    await expect(openSqliteEventStore({ path, mode: 'existing', migrate: true })).rejects.toMatchObject({
      code: 'STORE_NEWER',
    });
    await expect(migrateSqliteStore(path, { dryRun: true })).rejects.toMatchObject({ code: 'STORE_NEWER' });
  });

  it.each([
    ['a guard', 'DROP TRIGGER events_no_update'],
    ['its name', 'DROP TRIGGER meta_no_delete; DELETE FROM meta'],
    ['nothing, but has an extra table', 'CREATE TABLE extra (a)'],
  ])('refuses a store that lost %s', async (_what, sql) => {
    await madeStore();
    withDatabase(path, (database) => database.exec(sql));
    await expect(eventCount()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });

  it('refuses a damaged store', async () => {
    await madeStore(200);
    const bytes = readFileSync(path);
    for (let at = 4_096 * 3; at < bytes.length; at += 4_096) bytes.fill(0xa5, at, at + 512);
    writeFileSync(path, bytes);
    await expect(eventCount()).rejects.toMatchObject({ code: 'STORE_CORRUPT', kind: 'Integrity' });
    truncateSync(path, 4_096);
    await expect(eventCount()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });

  it.each([
    ['minFreeBytes', -1],
    ['maxQueuedAppends', 0],
    ['maxQueuedBytes', 0.5],
    ['busyTimeoutMs', NaN],
  ])('refuses %s %p', async (name, value) => {
    await expect(openSqliteEventStore({ path, mode: 'create', [name]: value })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
    expect(existsSync(path)).toBe(false);
  });
});

describe('a torn log', () => {
  /** Copies file and log as a crash would leave them: while the store is open. */
  async function crashedCopy(): Promise<void> {
    const store = await openSqliteEventStore({ path, mode: 'create' });
    for (let i = 0; i < 20; i += 1) await store.append(`torn-t.${i}`, 'no_stream', [event(`{"n":${i}}`)]);
    for (const suffix of ['', '-wal']) cpSync(`${path}${suffix}`, `${path}.crashed${suffix}`);
    await store.close();
    path = `${path}.crashed`;
  }

  it.each<[string, (wal: Buffer) => Buffer, boolean]>([
    ['whole', (wal) => wal, true],
    ['cut within its last frame', (wal) => wal.subarray(0, wal.length - 100), false],
    ['cut in the middle', (wal) => wal.subarray(0, wal.length >> 1), false],
    ['with a garbled tail', (wal) => Buffer.concat([wal.subarray(0, -3_000), Buffer.alloc(3_000, 0x5a)]), false],
    ['with something behind its end', (wal) => Buffer.concat([wal, Buffer.alloc(10_000, 0x5a)]), true],
    ['gone', () => Buffer.alloc(0), false],
  ])('%s: what is left is whole appends from the first on', async (_case, tear, complete) => {
    await crashedCopy();
    writeFileSync(`${path}-wal`, tear(readFileSync(`${path}-wal`)));
    const store = await openSqliteEventStore({ path, mode: 'create' });
    const events = await store.readAll({ maxCount: 100 });
    expect(events.map((found) => found.stream)).toStrictEqual(events.map((_found, i) => `torn-t.${i}`));
    expect(events.length === 20).toBe(complete);
    expect(await store.append('torn-t.next', 'no_stream', [event()])).toMatchObject({
      position: BigInt(events.length + 1),
    });
    await store.close();
    expect(await eventCount()).toBe(events.length + 1);
  });
});

describe('migration', () => {
  function formatZero(): void {
    withDatabase(path, (database) => {
      for (const statement of SCHEMA_OF_FORMAT_0) database.exec(statement);
      database.exec(`PRAGMA application_id=${APPLICATION_ID}`);
      database.exec("INSERT INTO meta VALUES ('store_id', 'zero'); INSERT INTO streams VALUES (1, 'old-t.1')");
      database.exec("INSERT INTO events VALUES (1, 1, 0, randomblob(16), 'SampleHappened', 1, x'7b7d', x'7b7d')");
    });
  }

  it('tells its steps without taking them', async () => {
    formatZero();
    const before = readFileSync(path);
    const report = await migrateSqliteStore(path, { dryRun: true });
    const steps = [expect.stringContaining('format 0 to 1') as string];
    expect(report).toStrictEqual({ fromFormat: 0, toFormat: 1, steps, applied: false });
    expect(readFileSync(path).equals(before)).toBe(true);
    await expect(eventCount()).rejects.toMatchObject({ code: 'STORE_MIGRATION_NEEDED' });
  });

  it('takes them, keeps every event, and has nothing left to do', async () => {
    formatZero();
    expect(await migrateSqliteStore(path, { dryRun: false })).toMatchObject({ fromFormat: 0, applied: true });
    expect(await migrateSqliteStore(path, { dryRun: false })).toStrictEqual({
      fromFormat: 1,
      toFormat: 1,
      steps: [],
      applied: true,
    });
    expect(await eventCount()).toBe(1);
  });

  it('is done while opening where that is asked for', async () => {
    formatZero();
    const store = await openSqliteEventStore({ path, mode: 'existing', migrate: true });
    expect(await store.readStream('old-t.1')).toMatchObject([{ revision: 0n, position: 1n }]);
    await store.close();
    expect(await eventCount()).toBe(1);
  });

  it('needs a store', async () => {
    await expect(migrateSqliteStore(path, { dryRun: true })).rejects.toMatchObject({ code: 'STORE_MISSING' });
    expect(existsSync(path)).toBe(false);
  });
});

describe('the guards', () => {
  it.each([
    'UPDATE events SET type = type',
    'DELETE FROM events',
    'UPDATE streams SET name = name',
    'DELETE FROM streams',
    "UPDATE meta SET value = 'x'",
    'DELETE FROM meta',
    'INSERT INTO events SELECT position + 100, stream_id, revision, randomblob(16), type, 1, data, metadata FROM events',
    'INSERT INTO events SELECT position + 100, stream_id, revision + 9, event_id, type, 1, data, metadata FROM events',
    'INSERT INTO events SELECT position + 100, stream_id, revision + 9, randomblob(15), type, 1, data, metadata FROM events',
    "INSERT INTO events SELECT position + 100, stream_id, revision + 9, randomblob(16), type, 1, 'text', metadata FROM events",
  ])('stop %s', async (sql) => {
    await madeStore(1);
    withDatabase(path, (database) => {
      expect(() => database.exec(sql)).toThrow();
    });
    expect(await eventCount()).toBe(1);
  });
});

describe('64-bit numbers', () => {
  it.each([2n ** 53n - 2n, 2n ** 53n, 2n ** 63n - 3n])('counts on from %p, or refuses', async (last) => {
    await madeStore(1);
    withDatabase(path, (database) => {
      database.exec(`INSERT INTO streams VALUES (7, 'far-t.1');
        INSERT INTO events VALUES (${last}, 7, ${last}, randomblob(16), 'SampleHappened', 1, x'7b7d', x'7b7d')`);
    });
    const store = await openSqliteEventStore({ path, mode: 'existing' });
    expect(await store.append('far-t.1', last, [event()])).toStrictEqual({
      firstRevision: last + 1n,
      lastRevision: last + 1n,
      position: last + 1n,
      alreadyAppended: false,
    });
    const [read] = await store.readStream('far-t.1', { fromRevision: last + 1n });
    expect(read).toMatchObject({ revision: last + 1n, position: last + 1n });
    if (last > 2n ** 60n) {
      await expect(store.append('far-t.1', last + 1n, [event()])).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
      await expect(store.append('near-t.1', 'no_stream', [event()])).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
      expect(await store.health()).toStrictEqual({ state: 'writable' });
    }
    await store.close();
  });
});
