import { failureOf, isPositionUnknown, isStreamNotFound, type Failure } from './failures.js';

function thrown(fields: Record<string, unknown>, message = ''): Error {
  return Object.assign(new Error(message), fields);
}

describe('errors of the client', () => {
  it.each<[string, unknown, Partial<Failure>]>([
    [
      'C5: a lost race',
      thrown({ type: 'wrong-expected-version', actualVersion: 4n }),
      { kind: 'conflict', actual: 4n },
    ],
    [
      'C5: a stream that is not there',
      thrown({ type: 'wrong-expected-version', actualVersion: 'no_stream' }),
      { kind: 'conflict', actual: undefined },
    ],
    ['K4: a tombstone', thrown({ type: 'stream-deleted' }), { kind: 'deleted' }],
    ['K6: no right, on the batch path', thrown({ type: 'access-denied' }), { kind: 'denied' }],
    ['K6: a bad password, without a class', thrown({ code: 16 }, 'UNAUTHENTICATED'), { kind: 'denied' }],
    ['K8: too large', thrown({ type: 'maximum-append-size-exceeded' }), { kind: 'too_large' }],
    ["K12: the server's own two seconds", thrown({ type: 'deadline-exceeded' }), { kind: 'busy' }],
    ['K12: an aborted write', thrown({ type: 'timeout', code: 10 }), { kind: 'busy' }],
    ['K12: another leader', thrown({ type: 'not-leader' }), { kind: 'outage', clientIsSpent: false }],
    [
      'K12: a connection that broke',
      thrown({ type: 'unavailable', code: 14 }),
      { kind: 'outage', clientIsSpent: false },
    ],
    ['K12: not ready', thrown({ type: 'unknown' }, 'Server Is Not Ready'), { kind: 'outage', clientIsSpent: false }],
    ['C5: no server, without a type', thrown({ code: 14 }), { kind: 'outage', clientIsSpent: false }],
    ['C4: methods that cannot be asked for', thrown({ code: 2 }, 'UNKNOWN'), { kind: 'outage', clientIsSpent: true }],
    ['discovery that found nobody', new Error('Failed to discover'), { kind: 'outage', clientIsSpent: true }],
    ['a bug in the client', new TypeError('undefined is not iterable'), { kind: 'outage', clientIsSpent: true }],
    ['what is no error at all', 'broken', { kind: 'outage', message: 'broken', clientIsSpent: true }],
    ['nothing', undefined, { kind: 'outage', clientIsSpent: true }],
  ])('%s', (_case, error, failure) => {
    expect(failureOf(error)).toMatchObject(failure);
  });

  it('never leaves a message empty', () => {
    expect(failureOf(thrown({ type: 'unavailable' }))).toMatchObject({ message: 'Error' });
  });

  it('tells a stream and a position that are not there from a store that is not', () => {
    expect(isStreamNotFound(thrown({ type: 'stream-not-found' }))).toBe(true);
    expect(isStreamNotFound(thrown({ type: 'unavailable' }))).toBe(false);
    expect(isStreamNotFound(undefined)).toBe(false);
    expect(isPositionUnknown(thrown({ type: 'unknown' }, '2 UNKNOWN: Unexpected ReadAllResult: Error'))).toBe(true);
    expect(isPositionUnknown(thrown({ type: 'unknown' }, 'Server Is Not Ready'))).toBe(false);
  });
});
