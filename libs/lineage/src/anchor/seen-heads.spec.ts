import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { utf8, type EventId } from '@writ/encoding';
import { UnavailableError } from '@writ/errors';
import { InMemoryEventStore, type EventStore } from '@writ/event-store';

import { codeOf, ORIGIN, TestTree } from './anchor.fixture.js';
import { SeenHeads, type SeenHeadsOptions } from './seen-heads.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-seen-'));
  file = join(folder, 'state', 'lineage-head.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const eventId = (at: number, kind = 'a'): EventId =>
  `018f0000-0000-7000-8000-${kind}${String(at).padStart(11, '0')}` as EventId;

/** A store with `count` events on one stream, as it stood after each backup of the same ledger. */
async function storeOf(count: number, kind = 'a', from = 0): Promise<EventStore> {
  const store = new InMemoryEventStore();
  for (let at = 0; at < count; at++) await append(store, at, at < from ? 'a' : kind);
  return store;
}

async function append(store: EventStore, at: number, kind = 'a'): Promise<void> {
  const event = { eventId: eventId(at, kind), type: 'T', typeVersion: 1, data: utf8('{}'), metadata: utf8('{}') };
  await store.append('s-1', at === 0 ? 'no_stream' : BigInt(at - 1), [event]);
}

async function opened(store: EventStore, more: Partial<SeenHeadsOptions> = {}): Promise<SeenHeads> {
  const seen = await SeenHeads.open({ file, origin: ORIGIN, store, ...more });
  await seen.check();
  return seen;
}

/** What a node leaves behind that has seen the first `count` events. */
async function seenUpTo(count: number): Promise<void> {
  const store = new InMemoryEventStore();
  const seen = await opened(store);
  const watched = seen.watching(store);
  for (let at = 0; at < count; at++) await append(watched, at);
  await seen.close();
}

const writable = (seen: SeenHeads): Promise<unknown> => codeOf((async () => seen.requireWritable())());

describe('what was seen', () => {
  it('lets the same store be written, and one that went on', async () => {
    await seenUpTo(5);
    expect(await writable(await opened(await storeOf(5)))).toBeUndefined();
    expect(await writable(await opened(await storeOf(9)))).toBeUndefined();
  });

  it('goes on in a store that the ledger was copied to, whatever the positions are there', async () => {
    await seenUpTo(5);
    for (const shift of [-1_000_000n, 1_000_000n]) {
      const here = await storeOf(5);
      const moved = {
        readStream: async (...args: Parameters<EventStore['readStream']>) =>
          (await here.readStream(...args)).map((stored) => ({ ...stored, position: stored.position + shift })),
      };
      const seen = await opened(here, { store: moved });
      expect(await writable(seen)).toBeUndefined();
      const next = { stream: 's-1', revision: 5n, position: 6n + shift, eventId: eventId(5) };
      seen.note(next);
      await append(here, 5);
      await seen.close();
      expect(readFileSync(file, 'utf8')).toContain(next.eventId);
      rmSync(file);
      await seenUpTo(5);
    }
  });

  it('refuses every backup, from 1 to 200 events ago', async () => {
    await seenUpTo(201);
    for (let ago = 1; ago <= 200; ago++) {
      expect(await writable(await opened(await storeOf(201 - ago)))).toBe('LEDGER_ROLLED_BACK');
    }
  }, 30_000);

  it('refuses a backup that has grown again, past what was seen', async () => {
    await seenUpTo(5);
    expect(await writable(await opened(await storeOf(12, 'b', 3)))).toBe('LEDGER_ROLLED_BACK');
    expect(await writable(await opened(await storeOf(0)))).toBe('LEDGER_ROLLED_BACK');
  });

  it('notices a store that is set back while it is used, also when that has grown again before it is asked', async () => {
    let store = await storeOf(5);
    const faults: string[] = [];
    const swapped = { readStream: (...args: Parameters<EventStore['readStream']>) => store.readStream(...args) };
    const seen = await SeenHeads.open({
      file,
      origin: ORIGIN,
      store: swapped,
      onFault: ({ code }) => faults.push(code),
    });
    await seen.check();
    seen.note({ stream: 's-1', revision: 4n, position: 5n, eventId: eventId(4) });
    await seen.check();
    store = await storeOf(8, 'b', 3);
    seen.note({ stream: 's-1', revision: 7n, position: 8n, eventId: eventId(7, 'b') });
    await seen.check();
    expect([await writable(seen), faults]).toEqual(['LEDGER_ROLLED_BACK', ['LEDGER_ROLLED_BACK']]);
  });

  it('keeps the evidence: nothing is written down after the fault', async () => {
    await seenUpTo(5);
    const before = readFileSync(file, 'utf8');
    const store = await storeOf(3);
    const seen = await opened(store);
    await append(seen.watching(store), 3, 'b');
    await seen.close();
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('does not let anything be written before the store was asked', async () => {
    await seenUpTo(5);
    const down = { readStream: () => Promise.reject(new UnavailableError('STORE_UNAVAILABLE', 'down')) };
    const seen = await SeenHeads.open({ file, origin: ORIGIN, store: down });
    await seen.check();
    expect([await writable(seen), seen.fault]).toEqual(['STORE_UNAVAILABLE', undefined]);
  });

  it('takes an outage for no fault, and goes on when it is over', async () => {
    const store = await storeOf(5);
    let down = false;
    const flaky = {
      readStream: (...args: Parameters<EventStore['readStream']>) =>
        down ? Promise.reject(new UnavailableError('STORE_UNAVAILABLE', 'down')) : store.readStream(...args),
    };
    const seen = await SeenHeads.open({ file, origin: ORIGIN, store: flaky });
    await seen.check();
    seen.note({ stream: 's-1', revision: 4n, position: 5n, eventId: eventId(4) });
    down = true;
    await seen.check();
    expect(await writable(seen)).toBeUndefined();
    down = false;
    await seen.check();
    expect(await writable(seen)).toBeUndefined();
  });

  it('keeps the head of the lineage beside the last event', async () => {
    const store = await storeOf(5);
    const seen = await opened(store);
    const head = new TestTree(3).head(3);
    seen.noteLineage({ stream: 's-1', revision: 2n, position: 3n, eventId: eventId(2), ...head });
    await seen.close();
    expect((await opened(store)).head).toMatchObject(head);
    expect(await writable(await opened(await storeOf(2)))).toBe('LEDGER_ROLLED_BACK');
  });

  it('is refused when its file is damaged, or of another ledger', async () => {
    await seenUpTo(5);
    const text = readFileSync(file, 'utf8');
    const store = await storeOf(5);
    for (const bad of [
      text.slice(0, -1),
      '',
      text.replace(ORIGIN, 'ledger.example/other'),
      text.replace('"4"', '"04"'),
    ]) {
      writeFileSync(file, bad);
      expect(await codeOf(SeenHeads.open({ file, origin: ORIGIN, store }))).toBe('LEDGER_ROLLED_BACK');
    }
  });

  it('writes what was seen at every interval', async () => {
    const store = new InMemoryEventStore();
    const seen = await opened(store, { intervalMs: 20 });
    seen.start();
    await append(seen.watching(store), 0);
    for (let tries = 0; tries < 100 && seen.problem === undefined; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      try {
        if (readFileSync(file, 'utf8').includes(eventId(0))) break;
      } catch {
        // Not written yet.
      }
    }
    expect(readFileSync(file, 'utf8')).toContain(eventId(0));
    await seen.close();
  });
});
