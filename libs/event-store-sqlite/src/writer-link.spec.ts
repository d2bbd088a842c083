import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as WorkerThreads from 'node:worker_threads';
import { DatabaseSync } from '@photostructure/sqlite';
import type { NewEvent } from '@writ/event-store';
import { openSqliteEventStore } from './sqlite-event-store.js';

/** Threads that the stores under test started, to end them behind their back. */
const started: WorkerThreads.Worker[] = [];

jest.mock('node:worker_threads', () => {
  const real = jest.requireActual<typeof WorkerThreads>('node:worker_threads');
  return {
    ...real,
    Worker: class extends real.Worker {
      constructor(...args: ConstructorParameters<typeof WorkerThreads.Worker>) {
        super(...args);
        started.push(this);
      }
    },
  };
});

let folder: string;
let path: string;
let ids = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-link-'));
  path = join(folder, 'store.db');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function event(bytes = 10): NewEvent {
  ids += 1;
  const eventId = `01990000-0000-7000-a000-${ids.toString(16).padStart(12, '0')}`;
  return {
    eventId,
    type: 'SampleHappened',
    typeVersion: 1,
    data: Buffer.alloc(bytes, 120),
    metadata: Buffer.from('{}'),
  };
}

const codeOf = (error: { code: string }): string => error.code;

describe('the writer thread', () => {
  it('that dies leaves every append under way unknown, and another one takes over', async () => {
    const store = await openSqliteEventStore({ path, mode: 'create' });
    await store.append('kept-t.1', 'no_stream', [event()]);
    const events = Array.from({ length: 50 }, () => event());
    const sent = events.map((each, i) => store.append(`dying-t.${i}`, 'no_stream', [each]).then(() => 'OK', codeOf));
    await started.at(-1)?.terminate();
    const codes = new Set(await Promise.all(sent));
    expect([...codes].filter((code) => code !== 'OK' && code !== 'STORE_OUTCOME_UNKNOWN')).toStrictEqual([]);
    const deadline = Date.now() + 5_000;
    for (const [i, each] of events.entries()) {
      for (;;) {
        const answer = await store.append(`dying-t.${i}`, 'no_stream', [each]).then(() => 'OK', codeOf);
        if (answer === 'OK') break;
        expect(answer).toBe('STORE_UNAVAILABLE');
        expect(Date.now()).toBeLessThan(deadline);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    expect(await store.readAll({ maxCount: 100 })).toHaveLength(51);
    expect(await store.health()).toStrictEqual({ state: 'writable' });
    await store.close();
  });
});

describe('a store whose file is gone', () => {
  it('is an outage for as long as it was open before, also for the thread that takes over', async () => {
    const home = join(folder, 'home');
    mkdirSync(home);
    const store = await openSqliteEventStore({ path: join(home, 'store.db'), mode: 'create' });
    const answer = async (): Promise<string> =>
      store.append(`late-t.${ids}`, 'no_stream', [event()]).then(() => 'OK', codeOf);
    try {
      expect(await answer()).toBe('OK');
      renameSync(home, join(folder, 'away'));
      const threads = started.length;
      await started.at(-1)?.terminate();
      const answers = new Set<string>();
      const deadline = Date.now() + 1_000;
      // Long enough for other threads to have looked for the file, and to have said that it is not there.
      while (started.length < threads + 3 && Date.now() < deadline) {
        answers.add(await answer());
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect(started.length).toBeGreaterThan(threads);
      expect([...answers]).toStrictEqual(['STORE_UNAVAILABLE']);
      renameSync(join(folder, 'away'), home);
      const recovered = Date.now() + 5_000;
      while ((await answer()) !== 'OK') {
        expect(Date.now()).toBeLessThan(recovered);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    } finally {
      await store.close();
    }
  });
});

describe('the queue', () => {
  it('is bounded by count and by bytes: beyond, nothing is begun', async () => {
    const store = await openSqliteEventStore({ path, mode: 'create', maxQueuedAppends: 8, maxQueuedBytes: 10_000 });
    const overloaded = { code: 'OVERLOADED', details: { retryAfterMs: 50 }, retryable: true };
    const sent = Array.from({ length: 12 }, (_value, i) => store.append(`count-t.${i}`, 'no_stream', [event()]));
    const settled = await Promise.allSettled(sent);
    expect(settled.map(({ status }) => status)).toStrictEqual([
      ...Array(8).fill('fulfilled'),
      ...Array(4).fill('rejected'),
    ]);
    await expect(sent[11]).rejects.toMatchObject(overloaded);
    const large = [6_000, 3_000, 3_000].map((bytes, i) => store.append(`bytes-t.${i}`, 'no_stream', [event(bytes)]));
    expect((await Promise.allSettled(large)).map(({ status }) => status)).toStrictEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
    ]);
    await expect(large[2]).rejects.toMatchObject(overloaded);
    expect(await store.readAll({ maxCount: 100 })).toHaveLength(10);
    await store.close();
  });
});

describe('a disk that does not answer', () => {
  it('leaves an append unknown after its time, refuses the next at once, and is used again', async () => {
    const store = await openSqliteEventStore({ path, mode: 'create', busyTimeoutMs: 2_500 });
    const holder = new DatabaseSync(path);
    holder.exec('BEGIN IMMEDIATE');
    const stuck = event();
    const begun = Date.now();
    const first = store.append('stuck-t.1', 'no_stream', [stuck], { timeoutMs: 100 });
    await expect(first).rejects.toMatchObject({ code: 'STORE_OUTCOME_UNKNOWN', mayHaveHappened: true });
    expect(Date.now() - begun).toBeLessThan(300);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await expect(store.append('stuck-t.2', 'no_stream', [event()])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(await store.health()).toStrictEqual({ state: 'read_only', code: 'STORE_UNAVAILABLE' });
    holder.exec('ROLLBACK');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await store.append('stuck-t.1', 'no_stream', [stuck])).toMatchObject({ alreadyAppended: true });
    await store.close();
  });
});

describe('two stores on one file', () => {
  it('see what the other appended, in reads, expectations and subscriptions', async () => {
    const [a, b] = await Promise.all([
      openSqliteEventStore({ path, mode: 'create' }),
      openSqliteEventStore({ path, mode: 'create' }),
    ]);
    const seen: string[] = [];
    const following = (async () => {
      for await (const { eventId } of b.subscribe({ signal: AbortSignal.timeout(5_000) })) {
        seen.push(eventId);
        if (seen.length === 3) return;
      }
    })();
    const [first, second, third] = [event(), event(), event()];
    await a.append('shared-t.1', 'no_stream', [first]);
    expect(await b.readStream('shared-t.1')).toHaveLength(1);
    await b.append('shared-t.1', 0n, [second]);
    await expect(a.append('shared-t.1', 0n, [third])).rejects.toMatchObject({ code: 'REVISION_CONFLICT' });
    await a.append('shared-t.1', 1n, [third]);
    await following;
    expect(seen).toStrictEqual([first, second, third].map(({ eventId }) => eventId));
    await Promise.all([a.close(), b.close()]);
  });
});
