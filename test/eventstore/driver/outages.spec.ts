import type { EventStore } from '@writ/event-store';
import { openEventStoreDb } from '@writ/event-store-eventstoredb';
import { outcomeOf } from '../../fault/harness/outcome.js';
import type { FeaturesFault, ReadFault } from '../double/faults.js';
import { startDouble, type Double } from '../double/start-double.js';
import { appendUntilKnown, newEvent, newStream, UnhandledRejections, until, untilUsable } from './double-suite.js';

jest.setTimeout(120_000);

const rejections = new UnhandledRejections();
let double: Double;
let store: EventStore;

beforeAll(() => rejections.begin());

beforeEach(async () => {
  double = await startDouble();
  store = await openEventStoreDb({ connection: double.url });
});

afterEach(async () => {
  await store.close();
  await double.stop();
});

afterAll(async () => {
  expect(await rejections.end()).toStrictEqual([]);
});

/** Appends to many streams without pause until told to stop; keeps what became of each. */
class Load {
  readonly acknowledged: string[] = [];
  readonly unknown: string[] = [];
  readonly refused: string[] = [];
  readonly others: string[] = [];
  readonly #store: EventStore;
  readonly #running: Promise<void>;
  readonly #timeoutMs: number;
  #stopped = false;

  constructor(of: EventStore, callers = 32, timeoutMs = 2_000) {
    this.#store = of;
    this.#timeoutMs = timeoutMs;
    this.#running = Promise.all(Array.from({ length: callers }, () => this.#call())).then(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #call(): Promise<void> {
    while (!this.#stopped) {
      const event = newEvent();
      const append = this.#store.append(newStream(), 'no_stream', [event], { timeoutMs: this.#timeoutMs });
      const { code } = await outcomeOf(append);
      if (code === 'OK') this.acknowledged.push(event.eventId);
      else if (code === 'STORE_OUTCOME_UNKNOWN') this.unknown.push(event.eventId);
      else if (code === 'STORE_UNAVAILABLE' || code === 'OVERLOADED') this.refused.push(event.eventId);
      else this.others.push(code);
      // A caller that is refused at once takes a breath before it asks again.
      if (code !== 'OK') await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** What was acknowledged is there, what was refused is not, and nothing is there twice. */
function expectTruth(load: Load, on = double): void {
  const stored = on.events().map(({ id }) => id);
  const there = new Set(stored);
  expect(stored.length).toBe(there.size);
  expect(load.others).toStrictEqual([]);
  expect(load.acknowledged.filter((id) => !there.has(id))).toStrictEqual([]);
  expect(load.refused.filter((id) => there.has(id))).toStrictEqual([]);
}

/** Opens the circuit by what `break` did, tells how soon callers are refused, mends it, and tells how soon all is well. */
async function outage(mend: () => void | Promise<void>): Promise<{ refusedMs: number; recoveredMs: number }> {
  await until(
    () => outcomeOf(store.append(newStream(), 'no_stream', [newEvent()], { timeoutMs: 1_000 })),
    ({ code }) => code === 'STORE_UNAVAILABLE',
  );
  const times: number[] = [];
  for (let i = 0; i < 21; i += 1) {
    const begunMs = performance.now();
    const { code } = await outcomeOf(store.append(newStream(), 'no_stream', [newEvent()]));
    times.push(performance.now() - begunMs);
    expect(code).toBe('STORE_UNAVAILABLE');
  }
  expect(await store.health()).toMatchObject({ state: 'down' });
  await mend();
  const recoveredMs = await untilUsable(store);
  return { refusedMs: times.sort((a, b) => a - b)[10] ?? 0, recoveredMs };
}

function say(what: string, figures: { refusedMs: number; recoveredMs: number }): void {
  const [refused, recovered] = [figures.refusedMs.toFixed(1), figures.recoveredMs.toFixed(0)];
  process.stdout.write(`${what}: refused after ${refused} ms, usable ${recovered} ms after the store is back\n`);
}

describe('a store that is away under load', () => {
  it.each([
    ['killed', () => double.kill(), () => double.restart()],
    ['held', () => double.pause(), () => double.resume()],
  ] as const)('%s: callers are refused at once, and served again once it is back', async (what, breakIt, mend) => {
    const load = new Load(store);
    await until(
      async () => load.acknowledged.length,
      (count) => count >= 100,
    );
    await breakIt();
    const figures = await outage(mend);
    await load.stop();
    say(what, figures);
    // The median of many: one pause of a busy machine is not the driver's.
    expect(figures.refusedMs).toBeLessThan(250);
    expect(figures.recoveredMs).toBeLessThan(15_000);
    expectTruth(load);
  });

  it('connections that are reset again and again lose nothing and double nothing', async () => {
    const load = new Load(store);
    for (let i = 0; i < 8; i += 1) {
      const soFar = load.acknowledged.length;
      await until(
        async () => load.acknowledged.length,
        (count) => count >= soFar + 30,
      );
      double.cut();
    }
    await untilUsable(store);
    await load.stop();
    expectTruth(load);
  });
});

describe('a client that cannot be trusted any more', () => {
  it.each<FeaturesFault>(['internal', 'unavailable', 'never_answer'])(
    'C4: is replaced when the first question is answered with `%s`',
    async (fault) => {
      double.faults.nextFeatures(fault);
      const stream = newStream();
      const event = newEvent();
      const outcome = await appendUntilKnown(store, stream, 'no_stream', [event]);
      expect(outcome.code).toBe('OK');
      expect(double.eventsOf(stream).map(({ id }) => id)).toStrictEqual([event.eventId]);
    },
  );

  it('C1: is replaced without touching what another store has under way', async () => {
    const other = await startDouble();
    const neighbour = await openEventStoreDb({ connection: other.url });
    try {
      const load = new Load(neighbour, 16, 60_000);
      for (let i = 0; i < 2; i += 1) {
        await double.kill();
        double.faults.nextFeatures('internal', 'internal');
        await double.restart();
        await untilUsable(store);
      }
      await load.stop();
      expect(load.acknowledged.length).toBeGreaterThan(0);
      expect(load.unknown).toStrictEqual([]);
      expectTruth(load, other);
    } finally {
      await neighbour.close();
      await other.stop();
    }
  });
});

describe('a follower', () => {
  it('sends appends and reads on to its leader', async () => {
    const follower = await startDouble({ leader: double });
    const through = await openEventStoreDb({ connection: follower.url });
    try {
      const stream = newStream();
      const event = newEvent();
      expect((await appendUntilKnown(through, stream, 'no_stream', [event])).code).toBe('OK');
      await untilUsable(through);
      expect(await through.readStream(stream)).toMatchObject([{ eventId: event.eventId }]);
      expect(double.eventsOf(stream)).toHaveLength(1);
    } finally {
      await through.close();
      await follower.stop();
    }
  });
});

describe('reads', () => {
  it.each<ReadFault>(['unavailable', 'not_leader', 'slow', 'access_denied', 'reset', 'reset_mid_stream'])(
    '%s: give all or an error, never a part',
    async (fault) => {
      const stream = newStream();
      const events = Array.from({ length: 100 }, () => newEvent());
      await store.append(stream, 'no_stream', events);
      double.faults.onlyStreams((name) => name === stream);
      double.faults.nextRead(fault);
      const first = await outcomeOf(store.readStream(stream));
      if (first.code === 'OK') expect(first.answer).toHaveLength(100);
      else expect(first.code).toBe('STORE_UNAVAILABLE');
      const later = await until(
        () => outcomeOf(store.readStream(stream)),
        ({ code }) => code === 'OK',
      );
      expect(later.answer?.map(({ eventId }) => eventId)).toStrictEqual(events.map(({ eventId }) => eventId));
    },
  );
});

describe('subscribers', () => {
  it('see each event once and in order, resuming where they were while connections break', async () => {
    const signal = new AbortController();
    const seen: string[] = [];
    const following = follow(store, seen, signal.signal);
    const load = new Load(store, 8);
    for (let i = 0; i < 4; i += 1) {
      const soFar = load.acknowledged.length;
      await until(
        async () => load.acknowledged.length,
        (count) => count >= soFar + 30,
      );
      double.cut();
    }
    await load.stop();
    await untilUsable(store);
    const all = (): readonly string[] => double.events().map(({ id }) => id);
    await until(
      async () => seen.length,
      (count) => count >= all().length,
    );
    signal.abort();
    await following;
    expect(seen).toStrictEqual(all());
  });
});

/** Subscribes again from the last event that was handled whenever the store fails. */
async function follow(of: EventStore, seen: string[], signal: AbortSignal): Promise<void> {
  let after: bigint | undefined;
  while (!signal.aborted) {
    const from = after === undefined ? { signal } : { after, signal };
    await outcomeOf(
      (async () => {
        for await (const event of of.subscribe(from)) {
          seen.push(event.eventId);
          after = event.position;
        }
      })(),
    );
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
