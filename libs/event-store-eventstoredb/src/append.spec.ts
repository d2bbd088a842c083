import type { AppendResult, NewEvent, RecordedEvent } from '@writ/event-store';
import { Append, type AppendLink } from './append.js';
import type { AcceptedAppend, Answer, EventsRead } from './waiting-requests.js';
import type { Failure } from './failures.js';

const STREAM = 'sample-t.1';
const idOf = (n: number): string => `0190a6e0-0000-7000-8000-${n.toString().padStart(12, '0')}`;
const eventOf = (n: number, over: Partial<NewEvent> = {}): NewEvent => ({
  eventId: idOf(n),
  type: 'SampleHappened',
  typeVersion: 1,
  data: Uint8Array.of(n),
  metadata: Uint8Array.of(n, n),
  ...over,
});
const stored = (event: NewEvent, revision: number, position: number): RecordedEvent => ({
  ...event,
  stream: STREAM,
  revision: BigInt(revision),
  position: BigInt(position),
});
const accepted = (lastRevision: number, position?: number): AcceptedAppend => ({
  kind: 'accepted',
  lastRevision: BigInt(lastRevision),
  position: position === undefined ? undefined : BigInt(position),
});
const failed = (failure: Failure): Answer<AcceptedAppend> => ({ kind: 'failed', failure });
const outage = failed({ kind: 'outage', message: 'gone', clientIsSpent: false });
const busy = failed({ kind: 'busy', message: 'two seconds are over' });
const noAnswer = { kind: 'no_answer' } as const;

/** A link that answers what it is told to, in order, and says what it was asked. */
class ScriptedLink implements AppendLink {
  readonly asked: string[] = [];
  outage: AppendLink['outage'];
  tail = 100n;
  usable = true;
  readonly #appends: Answer<AcceptedAppend>[];
  readonly #reads: Answer<EventsRead>[];

  constructor(appends: readonly Answer<AcceptedAppend>[], ...reads: readonly (readonly RecordedEvent[] | 'outage')[]) {
    this.#appends = [...appends];
    this.#reads = reads.map((read) =>
      read === 'outage' ? (outage as Answer<EventsRead>) : { kind: 'events', events: read },
    );
  }

  append(): Promise<Answer<AcceptedAppend>> {
    this.asked.push('append');
    return Promise.resolve(this.#appends.shift() ?? noAnswer);
  }

  readStream(_stream: string, from: bigint, maxCount: number): Promise<Answer<EventsRead>> {
    this.asked.push(`read ${from}+${maxCount}`);
    return Promise.resolve(this.#reads.shift() ?? noAnswer);
  }

  untilUsable(): Promise<boolean> {
    return Promise.resolve(this.usable);
  }
}

function run(link: AppendLink, events: readonly NewEvent[] = [eventOf(1)], sentBefore = false): Promise<AppendResult> {
  return new Append(link, STREAM, 4n, events, 300).run(sentBefore);
}

const here = { firstRevision: 5n, lastRevision: 5n, position: 101n };
const conflict = (actual?: number): Answer<AcceptedAppend> =>
  failed({ kind: 'conflict', actual: actual === undefined ? undefined : BigInt(actual) });

describe('an answer that needs no question', () => {
  it('is taken as it is when the append was sent once and stands behind all that was there', async () => {
    const link = new ScriptedLink([accepted(5, 101)]);
    expect(await run(link)).toStrictEqual({ ...here, alreadyAppended: false });
    expect(link.asked).toStrictEqual(['append']);
  });

  it('is refused at once, with nothing sent, while the store is out', async () => {
    const link = new ScriptedLink([]);
    link.outage = { kind: 'unreachable', message: 'gone' };
    await expect(run(link)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', details: {} });
    expect(link.asked).toStrictEqual([]);
  });
});

describe('K1: success that may be that of an earlier append', () => {
  it('is read back when it stands at or before what was there', async () => {
    const link = new ScriptedLink([accepted(5, 100)], [stored(eventOf(1), 5, 100)]);
    expect(await run(link)).toStrictEqual({ ...here, position: 100n, alreadyAppended: true });
    expect(link.asked).toStrictEqual(['append', 'read 5+1']);
  });

  it('is read back when an earlier call never learned its outcome', async () => {
    const link = new ScriptedLink([accepted(5, 101)], [stored(eventOf(1), 5, 101)]);
    expect(await run(link, [eventOf(1)], true)).toStrictEqual({ ...here, alreadyAppended: true });
  });

  it.each([
    ['other data', { data: Uint8Array.of(9) }],
    ['other metadata', { metadata: new Uint8Array() }],
    ['another type', { type: 'OtherHappened' }],
    ['another version of its type', { typeVersion: 2 }],
  ])('is no success when the id stands there with %s', async (_case, change) => {
    const link = new ScriptedLink([accepted(5, 100)], [stored(eventOf(1, change), 5, 100)]);
    await expect(run(link)).rejects.toMatchObject({ code: 'EVENT_ID_REUSED', details: { eventId: idOf(1) } });
  });

  it('K4: is a mismatch when the stream was deleted under it and nothing is told', async () => {
    await expect(run(new ScriptedLink([accepted(5)], []))).rejects.toMatchObject({ code: 'REVISION_MISMATCH' });
  });

  it('K4: is a mismatch when the events went to another place', async () => {
    const link = new ScriptedLink([accepted(8, 101)], [stored(eventOf(1), 8, 101)]);
    await expect(run(link)).rejects.toMatchObject({
      code: 'REVISION_MISMATCH',
      kind: 'Integrity',
      details: { signed: { first: '5', last: '5' }, returned: { last: '8' } },
    });
  });

  it('K5: is a mismatch when what stands there has another revision', async () => {
    const link = new ScriptedLink([accepted(5, 100)], [stored(eventOf(2), 6, 100)]);
    await expect(run(link)).rejects.toMatchObject({ code: 'REVISION_MISMATCH' });
  });
});

describe('an append that was sent more than once', () => {
  it.each([
    ['an outage', outage],
    ["the server's own time limit", busy],
    ['no answer', noAnswer],
  ])('after %s is read back, and was written by this call', async (_case, first) => {
    const link = new ScriptedLink([first, accepted(5, 101)], [stored(eventOf(1), 5, 101)]);
    expect(await run(link)).toStrictEqual({ ...here, alreadyAppended: false });
    expect(link.asked).toStrictEqual(['append', 'append', 'read 5+1']);
  });

  it('goes on asking when reading back fails', async () => {
    const link = new ScriptedLink([outage, accepted(5, 101)], 'outage', [stored(eventOf(1), 5, 101)]);
    expect(await run(link)).toStrictEqual({ ...here, alreadyAppended: false });
  });

  it('is unknown when its time is over first', async () => {
    const link = new ScriptedLink([outage, busy, noAnswer, outage, busy, noAnswer]);
    await expect(run(link)).rejects.toMatchObject({
      code: 'STORE_OUTCOME_UNKNOWN',
      details: { mayHaveHappened: true, timeoutMs: 300 },
    });
  });

  it('is unknown when the store does not come back', async () => {
    const link = new ScriptedLink([outage]);
    link.usable = false;
    await expect(run(link)).rejects.toMatchObject({ code: 'STORE_OUTCOME_UNKNOWN' });
    expect(link.asked).toStrictEqual(['append']);
  });

  it('is unknown when access is refused the second time', async () => {
    const denied = failed({ kind: 'denied', message: 'no' });
    await expect(run(new ScriptedLink([outage, denied]))).rejects.toMatchObject({ code: 'STORE_OUTCOME_UNKNOWN' });
    await expect(run(new ScriptedLink([denied]))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', details: {} });
  });
});

describe('a lost race', () => {
  it('is a conflict without a question when nothing stands at the place', async () => {
    for (const actual of [undefined, 3]) {
      const link = new ScriptedLink([conflict(actual)]);
      await expect(run(link)).rejects.toMatchObject({
        code: 'REVISION_CONFLICT',
        details: { stream: STREAM, expectedRevision: '4', actualRevision: actual?.toString() ?? 'no_stream' },
      });
      expect(link.asked).toStrictEqual(['append']);
    }
  });

  it('is a conflict when others stand there', async () => {
    const link = new ScriptedLink([conflict(7)], [stored(eventOf(8), 5, 90)]);
    await expect(run(link)).rejects.toMatchObject({ code: 'REVISION_CONFLICT', details: { actualRevision: '7' } });
  });

  it('is a success when our own events stand there', async () => {
    const link = new ScriptedLink([outage, conflict(7)], [stored(eventOf(1), 5, 101)]);
    expect(await run(link)).toStrictEqual({ ...here, alreadyAppended: false });
  });

  it('K2: is an id used again when some of our events stand there', async () => {
    const link = new ScriptedLink([conflict(5)], [stored(eventOf(1), 5, 90)]);
    await expect(run(link, [eventOf(1), eventOf(2)])).rejects.toMatchObject({
      code: 'EVENT_ID_REUSED',
      details: { eventId: idOf(1) },
    });
  });
});

describe('what the store will not take', () => {
  it.each<[Failure, string]>([
    [{ kind: 'deleted' }, 'STREAM_DELETED'],
    [{ kind: 'too_large', message: 'no' }, 'EVENT_TOO_LARGE'],
  ])('%j is %s', async (failure, code) => {
    await expect(run(new ScriptedLink([failed(failure)]))).rejects.toMatchObject({ code });
  });
});
