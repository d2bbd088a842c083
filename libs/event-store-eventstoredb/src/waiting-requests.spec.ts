import { WaitingRequests, type AcceptedAppend, type Answer } from './waiting-requests.js';

const accepted: AcceptedAppend = { kind: 'accepted', lastRevision: 0n, position: 1n };
const noAnswer = { kind: 'no_answer' };
let waiting: WaitingRequests;
let now: jest.SpyInstance;
let ms: number;

beforeEach(() => {
  ms = 1_000;
  now = jest.spyOn(performance, 'now').mockImplementation(() => ms);
  waiting = new WaitingRequests();
});

afterEach(() => {
  waiting.forget();
  now.mockRestore();
});

function send(kind: 'append' | 'read'): { readonly id: number; readonly answer: Promise<Answer<AcceptedAppend>> } {
  let id = 0;
  const answer = waiting.add<AcceptedAppend>(kind, 60_000, (requestId) => (id = requestId));
  return { id, answer };
}

describe('requests that wait', () => {
  it('are settled once, by their id', async () => {
    const [one, two] = [send('append'), send('append')];
    expect([waiting.size, waiting.oldestMs]).toStrictEqual([2, 1_000]);
    waiting.settle(two.id, accepted);
    waiting.settle(two.id, { kind: 'no_answer' });
    expect(await two.answer).toBe(accepted);
    waiting.forget();
    expect(await one.answer).toStrictEqual(noAnswer);
    expect([waiting.size, waiting.oldestMs]).toStrictEqual([0, undefined]);
  });

  it('have a time of their own', async () => {
    expect(await waiting.add('append', 1, () => undefined)).toStrictEqual(noAnswer);
    expect(await waiting.add('append', -5, () => undefined)).toStrictEqual(noAnswer);
    expect(waiting.size).toBe(0);
  });
});

describe('a lost answer', () => {
  it('is one that is missing long after later appends were answered', async () => {
    const lost = send('append');
    const later = send('append');
    ms += 2_999;
    waiting.settle(later.id, accepted);
    expect(waiting.giveUpLostAppends()).toBe(true);
    expect(waiting.size).toBe(1);
    ms += 2;
    expect(waiting.giveUpLostAppends()).toBe(true);
    expect(await lost.answer).toStrictEqual(noAnswer);
  });

  it('is not one that a slow store has not come to yet', () => {
    const first = send('append');
    send('append');
    ms += 2_500;
    waiting.settle(first.id, accepted);
    ms += 2_500;
    expect(waiting.giveUpLostAppends()).toBe(true);
    expect(waiting.size).toBe(1);
  });

  it('is every one when no append is answered any more', () => {
    send('append');
    ms += 3_001;
    expect(waiting.giveUpLostAppends()).toBe(false);
  });

  it('is never that of a read', () => {
    send('read');
    ms += 60_000;
    expect(waiting.giveUpLostAppends()).toBe(true);
    expect(waiting.size).toBe(1);
  });
});
