import { LedgerError, UnavailableError } from '@writ/errors';
import { InMemoryEventStore, type EventStore, type NewEvent } from '@writ/event-store';
import { concatBytes, sha256, toBase64, utf8 } from '@writ/encoding';
import { copyEvents, type CopyEventsOptions } from './copy-events.js';
import { eventsInOrder, runsOf } from './events-in-order.js';

let nextId = 0;
beforeEach(() => (nextId = 0));

function event(change: Partial<NewEvent> = {}): NewEvent {
  nextId += 1;
  const eventId = `00000000-0000-7000-8000-${nextId.toString(16).padStart(12, '0')}`;
  return {
    eventId,
    type: 'DecisionAdmitted',
    typeVersion: 1,
    data: utf8(`{"n":${nextId}}`),
    metadata: utf8('{}'),
    ...change,
  };
}

/** Four leaves, and what RFC 6962 makes of three of them and of all. */
const leafOf = (name: string): Uint8Array => sha256(utf8(name));
const [L1, L2, L3, L4] = [leafOf('1'), leafOf('2'), leafOf('3'), leafOf('4')] as const;
const node = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(concatBytes(new Uint8Array([1]), left, right));
const ROOT_OF_THREE = node(node(L1, L2), L3);
const ROOT_OF_FOUR = node(node(L1, L2), node(L3, L4));

/** Gives leaves their index, as the sequencer does. */
function sequenced(first: number, leaves: readonly Uint8Array[], root: Uint8Array): NewEvent {
  const refs = leaves.map((leaf) => ({ leafHash: toBase64(leaf) }));
  const data = {
    firstIndex: String(first),
    refs,
    root: toBase64(root),
    through: '99',
    treeSize: String(first + leaves.length),
  };
  return event({ type: 'EntriesSequenced', data: utf8(JSON.stringify(data)) });
}

/** Keys, three executions whose events take turns, and a tree of four leaves. */
async function ledger(): Promise<InMemoryEventStore> {
  const store = new InMemoryEventStore();
  await store.append('keys-ledger', 'no_stream', [event({ type: 'KeyAdded' })]);
  for (const id of ['a', 'b', 'c']) await store.append(`execution-acme.${id}`, 'no_stream', [event(), event()]);
  await store.append('lineage-ledger', 'no_stream', [sequenced(0, [L1, L2, L3], ROOT_OF_THREE)]);
  for (const id of ['b', 'a', 'c']) await store.append(`execution-acme.${id}`, 1n, [event({ typeVersion: 2 })]);
  await store.append('lineage-ledger', 0n, [sequenced(3, [L4], ROOT_OF_FOUR)]);
  return store;
}

async function contentOf(store: Pick<EventStore, 'readAll'>): Promise<unknown[]> {
  const events: unknown[] = [];
  for await (const { position: _, ...rest } of eventsInOrder(store)) events.push(rest);
  return events;
}

async function codeOf(copy: Promise<unknown>): Promise<unknown> {
  return copy.then(
    () => 'no error',
    (error: unknown) => (error instanceof LedgerError ? error.code : (error as Error).name),
  );
}

const copy = (source: EventStore, target: EventStore, change: Partial<CopyEventsOptions> = {}) =>
  copyEvents({ source, target, patienceMs: 0, ...change });

describe('copyEvents', () => {
  it('brings every event over, byte for byte and in order, and tells what is there', async () => {
    const [source, target] = [await ledger(), new InMemoryEventStore()];
    const copied = await copy(source, target);
    expect(await contentOf(target)).toEqual(await contentOf(source));
    const types = { DecisionAdmitted: 9, EntriesSequenced: 2, KeyAdded: 1 };
    expect(copied).toMatchObject({ found: 0, copied: 12, events: 12, types, lineage: { sizeLeaves: 4n } });
    expect(copied.lineage.root).toBe(toBase64(ROOT_OF_FOUR));
  });

  it('copies nothing twice', async () => {
    const [source, target] = [await ledger(), new InMemoryEventStore()];
    await copy(source, target);
    expect(await copy(source, target)).toMatchObject({ found: 12, copied: 0, events: 12 });
  });

  it('goes on wherever it was stopped', async () => {
    const source = await ledger();
    const whole = await contentOf(source);
    for (let appends = 0; appends < 9; appends += 1) {
      let left = appends;
      const target = new InMemoryEventStore({
        beforeAppend: () => {
          if (left-- === 0) throw new UnavailableError('STORE_UNAVAILABLE', 'killed');
        },
      });
      expect(await codeOf(copy(source, target))).toBe('STORE_UNAVAILABLE');
      const { found, copied } = await copy(source, target);
      expect(found + copied).toBe(whole.length);
      expect(await contentOf(target)).toEqual(whole);
    }
  });

  it('takes an append whose answer was lost for what it was', async () => {
    const source = await ledger();
    let losses = 5;
    const target = new InMemoryEventStore({
      afterAppend: () => {
        if (losses-- > 0) throw new UnavailableError('STORE_OUTCOME_UNKNOWN', 'lost', { mayHaveHappened: true });
      },
    });
    await copy(source, target, { patienceMs: 60_000 });
    expect(await contentOf(target)).toEqual(await contentOf(source));
  });

  it('stops between two appends when it is told to', async () => {
    const [source, target] = [await ledger(), new InMemoryEventStore()];
    const stop = new AbortController();
    const onProgress: CopyEventsOptions['onProgress'] = ({ phase, events }) => {
      if (phase === 'copy' && events >= 5) stop.abort();
    };
    expect(await codeOf(copy(source, target, { onProgress, signal: stop.signal }))).toBe('AbortError');
    const there = await contentOf(target);
    expect(there).toEqual((await contentOf(source)).slice(0, there.length));
    expect(there).toHaveLength(5);
  });

  it.each<[string, Partial<NewEvent>]>([
    ['bytes', { data: utf8('{"n":2}') }],
    ['metadata', { metadata: utf8('{"a":1}') }],
    ['a type', { type: 'DecisionDenied' }],
    ['a type version', { typeVersion: 2 }],
    ['an id', { eventId: '00000000-0000-7000-8000-00000000ffff' }],
  ])('writes nothing into a store that differs by %s', async (_, change) => {
    const [source, target] = [new InMemoryEventStore(), new InMemoryEventStore()];
    const first = event();
    await source.append('keys-ledger', 'no_stream', [first]);
    await source.append('execution-acme.a', 'no_stream', [event()]);
    await target.append('keys-ledger', 'no_stream', [{ ...first, ...change }]);
    expect(await codeOf(copy(source, target))).toBe('STORE_COPY_CONFLICT');
    expect(await contentOf(target)).toHaveLength(1);
  });

  it('writes nothing into a store that holds more, or the same in another order', async () => {
    const source = await ledger();
    const longer = new InMemoryEventStore();
    await copy(source, longer);
    await longer.append('execution-acme.z', 'no_stream', [event()]);
    expect(await codeOf(copy(source, longer))).toBe('STORE_COPY_CONFLICT');
    const [first, second] = [event(), event()];
    const [there, turned] = [new InMemoryEventStore(), new InMemoryEventStore()];
    await there.append('a', 'no_stream', [first]);
    await there.append('b', 'no_stream', [second]);
    await turned.append('b', 'no_stream', [second]);
    await turned.append('a', 'no_stream', [first]);
    expect(await codeOf(copy(there, turned))).toBe('STORE_COPY_CONFLICT');
  });

  it('tells when the source grew meanwhile', async () => {
    const [source, target] = [await ledger(), new InMemoryEventStore()];
    let grown = false;
    const onProgress: CopyEventsOptions['onProgress'] = ({ phase }) => {
      if (phase !== 'compare' || grown) return;
      grown = true;
      void source.append('execution-acme.late', 'no_stream', [event()]);
    };
    expect(await codeOf(copy(source, target, { onProgress }))).toBe('STORE_COPY_CONFLICT');
    expect(await copy(source, target)).toMatchObject({ found: 12, copied: 1 });
  });

  it('makes no copy of a stream with a hole', async () => {
    const source = await ledger();
    const hiding: Pick<EventStore, 'readAll' | 'readStream'> = {
      readAll: async (options) =>
        (await source.readAll(options)).filter(
          ({ stream, revision }) => stream !== 'execution-acme.b' || revision !== 0n,
        ),
      readStream: async (stream, options) => (options?.fromRevision === 0n ? [] : source.readStream(stream, options)),
    };
    const target = new InMemoryEventStore();
    expect(await codeOf(copyEvents({ source: hiding, target, patienceMs: 0 }))).toBe('STORE_CORRUPT');
  });
});

describe('runsOf', () => {
  it('takes together what stands together, as much as an append holds', async () => {
    const store = new InMemoryEventStore();
    const big = (): NewEvent => event({ data: new Uint8Array(400_000).fill(0x20) });
    await store.append('a', 'no_stream', [event(), event()]);
    await store.append('a', 1n, [event()]);
    await store.append('b', 'no_stream', [event()]);
    for (let revision = 2n; revision < 302n; revision += 100n) {
      await store.append(
        'a',
        revision,
        Array.from({ length: 100 }, () => event()),
      );
    }
    await store.append('c', 'no_stream', [big(), big()]);
    await store.append('c', 1n, [big()]);
    const runs: string[] = [];
    for await (const run of runsOf(eventsInOrder(store)))
      runs.push(`${run[0].stream}@${run[0].revision}+${run.length}`);
    expect(runs).toEqual(['a@0+3', 'b@0+1', 'a@3+256', 'a@259+44', 'c@0+2', 'c@2+1']);
  });
});
