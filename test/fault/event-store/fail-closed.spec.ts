import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppendResult, EventStore, NewEvent } from '@writ/event-store';
import { canMount, describeIf, mountTmpfs, type Tmpfs } from '../harness/machine.js';
import { openStore } from '../harness/open-store.mjs';
import { killStarted, startNode } from '../harness/processes.js';
import { newEvent } from '../harness/sample.mjs';

/** "Unavailable within 250 ms", measured from outside, on a machine that does other things too. */
const REFUSED_WITHIN_MS = 250;
const RECOVERED_WITHIN_MS = 5_000;
const PROBES = 20;

interface Attempt {
  readonly events: readonly NewEvent[];
  readonly result: AppendResult | undefined;
  readonly code: string;
  readonly ms: number;
}

let streams = 0;

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

async function attempt(store: EventStore, bytes = 2_000): Promise<Attempt & { readonly stream: string }> {
  streams += 1;
  const stream = `closed-t.${streams}`;
  const events = [newEvent({ data: Buffer.alloc(bytes, 120) })];
  const begun = performance.now();
  const outcome = await store.append(stream, 'no_stream', events).then(
    (result) => ({ result, code: 'OK' }),
    (error: unknown) => ({ result: undefined, code: codeOf(error) }),
  );
  return { stream, events, ...outcome, ms: performance.now() - begun };
}

/** Appends go on failing, each in time and with one of `codes`; nothing of them is there. */
async function expectRefused(store: EventStore, codes: readonly string[]): Promise<void> {
  const attempts: Attempt[] = [];
  for (let i = 0; i < PROBES; i += 1) attempts.push(await attempt(store));
  expect([...new Set(attempts.map(({ code }) => code))].filter((code) => !codes.includes(code))).toStrictEqual([]);
  expect(Math.max(...attempts.map(({ ms }) => ms))).toBeLessThan(REFUSED_WITHIN_MS);
}

async function expectRecovery(store: EventStore): Promise<void> {
  const begun = performance.now();
  for (;;) {
    if ((await attempt(store)).code === 'OK') break;
    expect(performance.now() - begun).toBeLessThan(RECOVERED_WITHIN_MS);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await store.health()).toStrictEqual({ state: 'writable' });
}

async function expectStored(
  store: EventStore,
  attempts: readonly (Attempt & { readonly stream: string })[],
): Promise<void> {
  for (const { stream, events, code } of attempts) {
    const ids = (await store.readStream(stream)).map((event) => event.eventId);
    if (code === 'OK') expect(ids).toStrictEqual(events.map((event) => event.eventId));
    else if (code !== 'STORE_OUTCOME_UNKNOWN') expect(ids).toStrictEqual([]);
  }
}

afterAll(killStarted);

describeIf(canMount, 'mounting a tmpfs needs root')('a disk that is full', () => {
  let disk: Tmpfs;

  beforeEach(() => {
    disk = mountTmpfs(8);
  });

  afterEach(() => {
    disk.unmount();
  });

  it('is answered with STORE_FULL, loses nothing, and is used again when there is room', async () => {
    const ballast = join(disk.path, 'ballast');
    writeFileSync(ballast, Buffer.alloc(2 * 1024 * 1024));
    const store = await openStore(`sqlite:${join(disk.path, 'store.db')}`);
    const attempts = [];
    do attempts.push(await attempt(store, 50_000));
    while (attempts.at(-1)?.code === 'OK');
    expect(attempts.length).toBeGreaterThan(10);
    expect(attempts.at(-1)?.code).toBe('STORE_FULL');
    for (let bytes = 20_000; bytes > 10; bytes = Math.floor(bytes / 2)) {
      for (let i = 0; i < 20; i += 1) attempts.push(await attempt(store, bytes));
    }
    expect([...new Set(attempts.map(({ code }) => code))].sort()).toStrictEqual(['OK', 'STORE_FULL']);
    expect(await store.health()).toStrictEqual({ state: 'read_only', code: 'STORE_FULL' });
    await expectRefused(store, ['STORE_FULL']);
    await expectStored(store, attempts);
    rmSync(ballast);
    await expectRecovery(store);
    await expectStored(store, attempts);
    await store.close();
    const again = await openStore(`sqlite:${join(disk.path, 'store.db')}`, { mode: 'existing' });
    await expectStored(again, attempts);
    await again.close();
  }, 60_000);

  it('is refused before SQLite meets it, when less is free than the threshold', async () => {
    const store = await openStore(`sqlite:${join(disk.path, 'store.db')}`, { minFreeBytes: 4 * 1024 * 1024 });
    expect((await attempt(store)).code).toBe('OK');
    const ballast = join(disk.path, 'ballast');
    writeFileSync(ballast, Buffer.alloc(5 * 1024 * 1024));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await expectRefused(store, ['STORE_FULL']);
    expect(await store.health()).toStrictEqual({ state: 'read_only', code: 'STORE_FULL' });
    rmSync(ballast);
    await expectRecovery(store);
    await store.close();
  });

  it('cannot be opened where there is no room, and says so', async () => {
    expect(() => writeFileSync(join(disk.path, 'ballast'), Buffer.alloc(9 * 1024 * 1024))).toThrow('ENOSPC');
    await expect(openStore(`sqlite:${join(disk.path, 'store.db')}`)).rejects.toMatchObject({ code: 'STORE_FULL' });
  });

  it('that is read-only is refused for writing and read for reading', async () => {
    const path = join(disk.path, 'store.db');
    const store = await openStore(`sqlite:${path}`);
    const kept = await attempt(store);
    await store.close();
    // What this process still has open (until its garbage is collected) keeps the kernel from remounting: bind instead.
    const view = mkdtempSync(join(tmpdir(), 'writ-ro-'));
    execFileSync('mount', ['--bind', disk.path, view]);
    execFileSync('mount', ['-o', 'remount,bind,ro', view]);
    try {
      const readOnlyPath = `sqlite:${join(view, 'store.db')}`;
      await expect(openStore(readOnlyPath, { mode: 'existing' })).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
      await expect(openStore(`sqlite:${join(view, 'new.db')}`)).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
      const reading = await openStore(readOnlyPath, { mode: 'existing', readOnly: true });
      await expectStored(reading, [kept]);
      expect((await attempt(reading)).code).toBe('STORE_READ_ONLY');
      expect(await reading.health()).toStrictEqual({ state: 'read_only', code: 'STORE_READ_ONLY' });
      await reading.close();
    } finally {
      execFileSync('umount', ['-l', view]);
      rmSync(view, { recursive: true });
    }
  });
});

describe('a store that goes away', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'writ-away-'));
    mkdirSync(join(folder, 'here'));
    path = join(folder, 'here', 'store.db');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('is unavailable while its directory is gone, and used again when it is back', async () => {
    const store = await openStore(`sqlite:${path}`);
    const kept = await attempt(store);
    renameSync(join(folder, 'here'), join(folder, 'there'));
    await expectRefused(store, ['STORE_UNAVAILABLE']);
    expect(await store.health()).toStrictEqual({ state: 'down', code: 'STORE_UNAVAILABLE' });
    expect(existsSync(path)).toBe(false);
    renameSync(join(folder, 'there'), join(folder, 'here'));
    await expectRecovery(store);
    await expectStored(store, [kept]);
    await store.close();
  });

  it('is never created again in its own place', async () => {
    const store = await openStore(`sqlite:${path}`);
    await attempt(store);
    rmSync(path);
    await expectRefused(store, ['STORE_UNAVAILABLE', 'STORE_MISSING']);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(existsSync(path)).toBe(false);
    await store.close();
  });

  it('is not mistaken for another store that was put in its place', async () => {
    const store = await openStore(`sqlite:${path}`);
    await attempt(store);
    const other = await openStore(`sqlite:${join(folder, 'other.db')}`);
    await other.close();
    renameSync(join(folder, 'other.db'), path);
    await expectRefused(store, ['STORE_UNAVAILABLE', 'STORE_NOT_OURS', 'STORE_CORRUPT']);
    await store.close();
    const replaced = await openStore(`sqlite:${path}`, { mode: 'existing', readOnly: true });
    expect(await replaced.readAll({ maxCount: 10 })).toStrictEqual([]);
    await replaced.close();
  });

  it('notices that its log was deleted', async () => {
    const store = await openStore(`sqlite:${path}`);
    await attempt(store);
    rmSync(`${path}-wal`);
    const first = await attempt(store);
    expect(first.code).toBe('STORE_UNAVAILABLE');
    await store.close();
  });

  it('waits for a lock no longer than it may, and appends when it is free', async () => {
    const store = await openStore(`sqlite:${path}`);
    const holder = startNode(join(__dirname, 'children/lock-holder.mjs'), [path, '1500']);
    expect(await holder.next()).toBe('held');
    const refused = await attempt(store);
    expect(refused).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(refused.ms).toBeLessThan(REFUSED_WITHIN_MS);
    expect(await holder.next()).toBe('released');
    await expectRecovery(store);
    await expectStored(store, [refused]);
    await store.close();
  });
});
