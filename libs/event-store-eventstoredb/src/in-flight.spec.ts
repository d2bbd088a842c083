import { UnavailableError } from '@writ/errors';
import { InFlight } from './in-flight.js';

function held(): { readonly promise: Promise<string>; readonly release: (error?: Error) => void } {
  let release: (error?: Error) => void = () => undefined;
  const promise = new Promise<string>((resolve, reject) => {
    release = (error) => (error === undefined ? resolve('done') : reject(error));
  });
  return { promise, release };
}

const unknown = new UnavailableError('STORE_OUTCOME_UNKNOWN', 'nobody knows', { mayHaveHappened: true });

describe('appends under way', () => {
  it('are bounded in number and in bytes, and what is refused is not begun', async () => {
    const inFlight = new InFlight({ maxQueuedAppends: 2, maxQueuedBytes: 10 });
    const first = held();
    const running = inFlight.run('a', 8, () => first.promise);
    const begun = jest.fn(() => Promise.resolve());
    const overloaded = { code: 'OVERLOADED', details: { retryAfterMs: 50 } };
    await expect(inFlight.run('b', 3, begun)).rejects.toMatchObject(overloaded);
    const second = inFlight.run('b', 2, () => first.promise);
    await expect(inFlight.run('c', 0, begun)).rejects.toMatchObject(overloaded);
    expect(begun).not.toHaveBeenCalled();
    first.release();
    expect(await Promise.all([running, second])).toStrictEqual(['done', 'done']);
    await inFlight.run('c', 10, begun);
    expect(begun).toHaveBeenCalledTimes(1);
  });

  it('that begin with the same event go one behind the other, whatever became of the first', async () => {
    const inFlight = new InFlight({ maxQueuedAppends: 9, maxQueuedBytes: 9 });
    const first = held();
    const told: boolean[] = [];
    const one = inFlight.run('a', 0, () => first.promise);
    const two = inFlight.run('a', 0, (sentBefore) => Promise.resolve(told.push(sentBefore)));
    const other = inFlight.run('b', 0, (sentBefore) => Promise.resolve(told.push(sentBefore)));
    await other;
    expect(told).toStrictEqual([false]);
    first.release(unknown);
    await expect(one).rejects.toBe(unknown);
    await two;
    expect(told).toStrictEqual([false, true]);
  });

  it('that ended without a known outcome are remembered until it is known', async () => {
    const inFlight = new InFlight({ maxQueuedAppends: 9, maxQueuedBytes: 9 });
    const told = (): Promise<boolean> => inFlight.run('a', 0, (sentBefore) => Promise.resolve(sentBefore));
    await expect(inFlight.run('a', 0, () => Promise.reject(unknown))).rejects.toBe(unknown);
    expect(await told()).toBe(true);
    expect(await told()).toBe(false);
  });

  it('are waited for at the end, but not for ever', async () => {
    const inFlight = new InFlight({ maxQueuedAppends: 9, maxQueuedBytes: 9 });
    await inFlight.drain(1);
    const one = held();
    const running = inFlight.run('a', 0, () => one.promise);
    await inFlight.drain(1);
    const drained = inFlight.drain(60_000);
    one.release();
    await drained;
    await running;
  });
});
