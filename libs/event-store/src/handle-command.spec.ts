import { IntegrityError, UnavailableError } from '@writ/errors';
import { newStream, sampleEvent } from './contract/sample-events.js';
import type { AppendResult, NewEvent } from './event-store.js';
import { handleCommand, type Ruling } from './handle-command.js';
import { InMemoryEventStore, type InMemoryFaults } from './in-memory-event-store.js';

/** A counter: each command appends one event and answers which it was. */
function count(
  store: InMemoryEventStore,
  stream: string,
  over: { maxAttempts?: number; resendDelaysMs?: readonly number[] } = {},
) {
  return handleCommand({
    store,
    stream,
    load: (events) => events.length,
    decide: (counted): Ruling<number> => ({ append: [sampleEvent()], answer: counted + 1 }),
    resendDelaysMs: [1, 1, 1],
    ...over,
  });
}

function unavailable(code: 'STORE_UNAVAILABLE' | 'STORE_OUTCOME_UNKNOWN'): UnavailableError {
  return new UnavailableError(code, 'planted', code === 'STORE_OUTCOME_UNKNOWN' ? { mayHaveHappened: true } : {});
}

/** Faults that come up one after the other; `undefined` is a call that goes well. */
function script(...faults: readonly (Error | undefined)[]): () => void {
  const queue = [...faults];
  return () => {
    const fault = queue.shift();
    if (fault !== undefined) throw fault;
  };
}

describe('handleCommand', () => {
  it('reads, folds, decides, appends, and answers with where it stands', async () => {
    const store = new InMemoryEventStore();
    const stream = newStream();
    expect(await count(store, stream)).toStrictEqual({
      answer: 1,
      appended: { firstRevision: 0n, lastRevision: 0n, position: 1n, alreadyAppended: false },
    });
    expect(await count(store, stream)).toMatchObject({ answer: 2, appended: { firstRevision: 1n } });
  });

  it('appends nothing when the ruling appends nothing', async () => {
    const store = new InMemoryEventStore();
    const ruling = { append: [], answer: 'as it was' };
    const handled = await handleCommand({ store, stream: newStream(), load: () => 0, decide: () => ruling });
    expect(handled).toStrictEqual({ answer: 'as it was', appended: undefined });
    expect(await store.readAll({ maxCount: 1 })).toStrictEqual([]);
  });

  it('tells `decide` the last revision, and reads streams longer than a page', async () => {
    const store = new InMemoryEventStore();
    const stream = newStream();
    for (let i = 0; i < 20; i += 1) {
      await store.append(
        stream,
        i === 0 ? 'no_stream' : BigInt(i * 256 - 1),
        Array.from({ length: 256 }, () => sampleEvent()),
      );
    }
    const seen: unknown[] = [];
    await handleCommand({
      store,
      stream,
      load: (events) => events.length,
      decide: (length, lastRevision) => {
        seen.push(length, lastRevision);
        return { append: [], answer: undefined };
      },
    });
    expect(seen).toStrictEqual([5_120, 5_119n]);
  });

  it('decides again on fresh state after a lost race: 64 at once are counted one by one', async () => {
    const store = new InMemoryEventStore();
    const stream = newStream();
    const answers = await Promise.all(Array.from({ length: 64 }, () => count(store, stream, { maxAttempts: 64 })));
    expect(answers.map(({ answer }) => answer).sort((a, b) => a - b)).toStrictEqual(
      Array.from({ length: 64 }, (_v, i) => i + 1),
    );
  });

  it('gives up after a bound, and says that it may have happened', async () => {
    const stream = newStream();
    const store = new InMemoryEventStore();
    const rival = (): Promise<AppendResult> =>
      store
        .readStream(stream)
        .then(({ length }) => store.append(stream, length === 0 ? 'no_stream' : BigInt(length - 1), [sampleEvent()]));
    let decisions = 0;
    const handled = handleCommand({
      store,
      stream,
      load: () => 0,
      decide: async () => {
        decisions += 1;
        await rival();
        return { append: [sampleEvent()], answer: 0 };
      },
      maxAttempts: 3,
    });
    await expect(handled).rejects.toMatchObject({
      code: 'CONTENTION',
      mayHaveHappened: true,
      details: { attempts: 3 },
    });
    expect(decisions).toBe(3);
  });

  it('sends the same events again when the outcome is unknown, and finds them there', async () => {
    const sent: (readonly NewEvent[])[] = [];
    const store = new InMemoryEventStore({
      beforeAppend: (_stream, events) => void sent.push(events),
      afterAppend: script(unavailable('STORE_OUTCOME_UNKNOWN')),
    });
    const stream = newStream();
    expect(await count(store, stream)).toMatchObject({
      answer: 1,
      appended: { alreadyAppended: true, firstRevision: 0n },
    });
    expect(sent).toHaveLength(2);
    expect(sent[1]).toStrictEqual(sent[0]);
    expect(await store.readStream(stream)).toHaveLength(1);
  });

  it('does not take a refusal after an unknown outcome for a no', async () => {
    const faults: InMemoryFaults = {
      beforeAppend: script(
        undefined,
        unavailable('STORE_UNAVAILABLE'),
        unavailable('STORE_UNAVAILABLE'),
        unavailable('STORE_UNAVAILABLE'),
      ),
      afterAppend: script(unavailable('STORE_OUTCOME_UNKNOWN')),
    };
    const store = new InMemoryEventStore(faults);
    await expect(count(store, newStream())).rejects.toMatchObject({
      code: 'STORE_OUTCOME_UNKNOWN',
      mayHaveHappened: true,
    });
  });

  it('passes a plain refusal on at once', async () => {
    const store = new InMemoryEventStore({ beforeAppend: script(unavailable('STORE_UNAVAILABLE')) });
    const stream = newStream();
    await expect(count(store, stream)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', mayHaveHappened: false });
    expect(await store.readStream(stream)).toStrictEqual([]);
  });

  it('decides again when an unknown append turns out to have lost', async () => {
    const stream = newStream();
    const store: InMemoryEventStore = new InMemoryEventStore({
      beforeAppend: async () => {
        if (planted) return;
        planted = true;
        await store.append(stream, 'no_stream', [sampleEvent()]);
        throw unavailable('STORE_OUTCOME_UNKNOWN');
      },
    });
    let planted = false;
    expect(await count(store, stream)).toMatchObject({ answer: 2, appended: { firstRevision: 1n } });
  });

  it('stops when the store answers with another revision than was signed', async () => {
    const lying = {
      readStream: async () => [],
      append: async () => ({ firstRevision: 3n, lastRevision: 3n, position: 9n, alreadyAppended: false }),
    };
    const decide = (): Ruling<number> => ({ append: [sampleEvent()], answer: 0 });
    const handled = handleCommand({ store: lying, stream: newStream(), load: () => 0, decide });
    await expect(handled).rejects.toMatchObject({
      code: 'REVISION_MISMATCH',
      details: { signed: { first: '0', last: '0' }, returned: { first: '3', last: '3' } },
    });
  });

  it('passes on what `load` and `decide` throw', async () => {
    const store = new InMemoryEventStore();
    const foreign = new IntegrityError('FOREIGN_EVENT', 'planted');
    const load = (): never => {
      throw foreign;
    };
    const ruling = { append: [], answer: 0 };
    await expect(handleCommand({ store, stream: newStream(), load, decide: () => ruling })).rejects.toBe(foreign);
    await expect(handleCommand({ store, stream: newStream(), load: () => 0, decide: load })).rejects.toBe(foreign);
  });

  describe('with a guess of what is there', () => {
    const nothing = { state: 0, lastRevision: undefined };
    /** As `count`, with every state that was decided on. */
    function guessing(store: InMemoryEventStore, stream: string, decide: (counted: number) => Ruling<number>) {
      const seen: number[] = [];
      const handled = handleCommand({
        store,
        stream,
        remembered: nothing,
        load: (events) => events.length,
        decide: (counted) => {
          seen.push(counted);
          return decide(counted);
        },
      });
      return { handled, seen };
    }
    const countOn = (counted: number): Ruling<number> => ({ append: [sampleEvent()], answer: counted + 1 });

    it('reads nothing where the guess was right', async () => {
      const store = new InMemoryEventStore();
      const read = jest.spyOn(store, 'readStream');
      const { handled, seen } = guessing(store, newStream(), countOn);
      expect(await handled).toMatchObject({ answer: 1 });
      expect(seen).toStrictEqual([0]);
      expect(read).not.toHaveBeenCalled();
    });

    it('decides again on what is there where the guess was wrong', async () => {
      const store = new InMemoryEventStore();
      const stream = newStream();
      await count(store, stream);
      const { handled, seen } = guessing(store, stream, countOn);
      expect(await handled).toMatchObject({ answer: 2, appended: { firstRevision: 1n } });
      expect(seen).toStrictEqual([0, 1]);
    });

    it('tells no ruling without an append, and no error, that rests on a guess alone', async () => {
      const store = new InMemoryEventStore();
      const stream = newStream();
      await count(store, stream);
      const silent = guessing(store, stream, (counted) => ({ append: [], answer: counted }));
      expect(await silent.handled).toMatchObject({ answer: 1 });
      expect(silent.seen).toStrictEqual([0, 1]);
      const failing = guessing(store, stream, (counted) => {
        if (counted === 0) throw new IntegrityError('EVENT_INVALID', 'planted');
        return { append: [], answer: counted };
      });
      expect(await failing.handled).toMatchObject({ answer: 1 });
    });

    it('answers from what is there while the store takes no appends', async () => {
      const full = new UnavailableError('STORE_FULL', 'planted');
      const store = new InMemoryEventStore({ beforeAppend: script(undefined, full) });
      const stream = newStream();
      await count(store, stream);
      const { handled } = guessing(store, stream, (counted) =>
        counted === 0 ? countOn(0) : { append: [], answer: counted },
      );
      expect(await handled).toMatchObject({ answer: 1, appended: undefined });
    });

    it('adds nothing to an overload, and nothing to an unknown outcome', async () => {
      for (const error of [new UnavailableError('OVERLOADED', 'planted'), unavailable('STORE_OUTCOME_UNKNOWN')]) {
        const { handled, seen } = guessing(new InMemoryEventStore(), newStream(), () => {
          throw error;
        });
        await expect(handled).rejects.toBe(error);
        expect(seen).toHaveLength(1);
      }
    });
  });
});
