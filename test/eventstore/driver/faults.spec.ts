import type { EventStore } from '@writ/event-store';
import { openEventStoreDb } from '@writ/event-store-eventstoredb';
import { outcomeOf } from '../../fault/harness/outcome.js';
import { startDouble, type Double } from '../double/start-double.js';
import {
  appendUntilKnown,
  newEvent,
  newStream,
  PASSING_FAULTS,
  UnhandledRejections,
  until,
  untilUsable,
} from './double-suite.js';

/** What no server does on demand, done by the double; held against what is in its log at the end. */

jest.setTimeout(120_000);

const rejections = new UnhandledRejections();
let double: Double;
let stores: readonly [EventStore, EventStore];

beforeAll(async () => {
  rejections.begin();
  double = await startDouble();
  const open = (): Promise<EventStore> => openEventStoreDb({ connection: double.url });
  stores = [await open(), await open()];
});

afterEach(async () => {
  double.faults.clear();
  for (const store of stores) await untilUsable(store);
});

afterAll(async () => {
  for (const store of stores) await store.close();
  await double.stop();
  expect(await rejections.end()).toStrictEqual([]);
});

const idsIn = (stream: string): readonly string[] => double.eventsOf(stream).map(({ id }) => id);

describe('an append that meets a fault', () => {
  it.each(PASSING_FAULTS)('%s: ends as done, and is there once', async (fault) => {
    const [store] = stores;
    const stream = newStream();
    const event = newEvent();
    double.faults.onlyStreams((name) => name === stream);
    double.faults.nextAppend(fault);
    const outcome = await appendUntilKnown(store, stream, 'no_stream', [event]);
    expect(outcome).toMatchObject({ code: 'OK', answer: { firstRevision: 0n, lastRevision: 0n } });
    const [stored, ...more] = double.eventsOf(stream);
    expect(more).toStrictEqual([]);
    expect(stored?.id).toBe(event.eventId);
    expect(outcome.answer?.position).toBe(stored?.position);
    expect(await store.readStream(stream)).toMatchObject([{ eventId: event.eventId, position: stored?.position }]);
  });

  it('access_denied: is refused, and surely not there', async () => {
    const stream = newStream();
    double.faults.nextAppend('access_denied');
    expect(await outcomeOf(stores[0].append(stream, 'no_stream', [newEvent()]))).toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(idsIn(stream)).toStrictEqual([]);
  });
});

describe('sixteen that race for one place', () => {
  it.each([...PASSING_FAULTS, 'access_denied' as const])('%s in the middle: one wins at most', async (fault) => {
    const stream = newStream();
    double.faults.onlyStreams((name) => name === stream);
    double.faults.nextAppend(fault, ...new Array<undefined>(6), fault);
    const racers = Array.from({ length: 16 }, (_, at) => ({ store: stores[at < 8 ? 0 : 1], event: newEvent(`${at}`) }));
    const outcomes = await Promise.all(
      racers.map(async ({ store, event }) => ({
        id: event.eventId,
        outcome: await appendUntilKnown(store, stream, 'no_stream', [event]),
      })),
    );
    const won = outcomes.filter(({ outcome }) => outcome.code === 'OK').map(({ id }) => id);
    expect(idsIn(stream)).toStrictEqual(won);
    expect(won.length).toBeLessThanOrEqual(1);
    const refused = ['OK', 'REVISION_CONFLICT', 'STORE_UNAVAILABLE'];
    expect(outcomes.filter(({ outcome }) => !refused.includes(outcome.code))).toStrictEqual([]);
    // Where the store was away for all of them, the place is still free; else it is taken for good.
    double.faults.clear();
    await untilUsable(stores[0]);
    const later = await appendUntilKnown(stores[0], stream, 'no_stream', [newEvent('later')]);
    expect(later.code).toBe(won.length === 1 ? 'REVISION_CONFLICT' : 'OK');
  });
});

describe('an outcome that nobody knows', () => {
  it('is told as unknown, and the same append finds out that it was stored', async () => {
    const [store] = stores;
    const stream = newStream();
    const event = newEvent();
    double.faults.onlyStreams((name) => name === stream);
    double.faults.everyAppend('lose_answer');
    expect(await outcomeOf(store.append(stream, 'no_stream', [event], { timeoutMs: 500 }))).toMatchObject({
      code: 'STORE_OUTCOME_UNKNOWN',
      details: { mayHaveHappened: true },
    });
    double.faults.clear();
    const again = await until(
      () => outcomeOf(store.append(stream, 'no_stream', [event])),
      ({ code }) => code === 'OK',
    );
    expect(again.answer).toMatchObject({ firstRevision: 0n, lastRevision: 0n, alreadyAppended: true });
    expect(idsIn(stream)).toStrictEqual([event.eventId]);
  });

  it('is told as unknown, and the same append puts it there once if it was not', async () => {
    const [store] = stores;
    const stream = newStream();
    const event = newEvent();
    double.faults.onlyStreams((name) => name === stream);
    double.faults.everyAppend('never_answer');
    expect(await outcomeOf(store.append(stream, 'no_stream', [event], { timeoutMs: 500 }))).toMatchObject({
      code: 'STORE_OUTCOME_UNKNOWN',
    });
    expect(idsIn(stream)).toStrictEqual([]);
    double.faults.clear();
    await until(
      () => outcomeOf(store.append(stream, 'no_stream', [event])),
      ({ code }) => code === 'OK',
    );
    expect(idsIn(stream)).toStrictEqual([event.eventId]);
  });

  it('is never taken for other content under the same id', async () => {
    const [store] = stores;
    const stream = newStream();
    const event = newEvent();
    double.faults.onlyStreams((name) => name === stream);
    double.faults.everyAppend('lose_answer');
    await outcomeOf(store.append(stream, 'no_stream', [event], { timeoutMs: 500 }));
    double.faults.clear();
    const other = { ...event, data: Buffer.from('{"text":"something else"}') };
    const outcome = await until(
      () => outcomeOf(store.append(stream, 'no_stream', [other])),
      ({ code }) => code !== 'STORE_OUTCOME_UNKNOWN' && code !== 'STORE_UNAVAILABLE',
    );
    expect(outcome.code).toBe('EVENT_ID_REUSED');
  });
});

describe('a stream that somebody deleted', () => {
  it('K4: takes an append at another place, which is an alarm and no success', async () => {
    const stream = newStream();
    await stores[0].append(stream, 'no_stream', [newEvent(), newEvent()]);
    double.log.delete(stream, 'any');
    expect(await outcomeOf(stores[0].append(stream, 'no_stream', [newEvent()]))).toMatchObject({
      code: 'REVISION_MISMATCH',
    });
  });

  it('is named when it was deleted for good', async () => {
    const stream = newStream();
    await stores[0].append(stream, 'no_stream', [newEvent()]);
    double.log.tombstone(stream, 'any');
    expect(await outcomeOf(stores[0].append(stream, 0n, [newEvent()]))).toMatchObject({ code: 'STREAM_DELETED' });
    expect(await outcomeOf(stores[0].readStream(stream))).toMatchObject({ code: 'STREAM_DELETED' });
  });
});
