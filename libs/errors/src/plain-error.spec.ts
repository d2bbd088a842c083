import { IntegrityError, UnavailableError } from './ledger-error.js';
import { fromPlainError, toPlainError } from './plain-error.js';

const otherwise = { code: 'STORE_UNAVAILABLE', who: 'the index' } as const;

describe('an error between threads', () => {
  it('is of its class again on the other side', () => {
    const error = new IntegrityError('FOREIGN_EVENT', 'nobody of ours', { revision: '3' });
    const arrived = fromPlainError(structuredClone(toPlainError(error, otherwise)));
    expect(arrived).toBeInstanceOf(IntegrityError);
    expect(arrived).toMatchObject({ code: 'FOREIGN_EVENT', message: 'nobody of ours', details: { revision: '3' } });
  });

  it('gets a code where it had none', () => {
    const arrived = fromPlainError(toPlainError(new TypeError('x is not a function'), otherwise));
    expect(arrived).toBeInstanceOf(UnavailableError);
    expect(arrived.code).toBe('STORE_UNAVAILABLE');
  });
});
