import { RejectedError, UnavailableError } from '@writ/errors';
import type { Grant } from '@writ/evidence';
import { startElapsed } from './elapsed.js';
import { grantFor, HOLDER } from './grants.fixture.js';
import { keepLease, lifetimeMs } from './lease.js';

const first = grantFor(HOLDER, { ttlMs: 1_000, expiresAtMs: grantFor(HOLDER).issuedAtMs + 1_000 });

/** The grant as it is when it was renewed `atMs` after the first. */
function renewedAt(atMs: number, ttlMs = 1_000): Grant {
  const issuedAtMs = first.issuedAtMs + atMs;
  return { ...first, issuedAtMs, expiresAtMs: issuedAtMs + ttlMs, ttlMs };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('keepLease', () => {
  it('renews when half is used up, again and again, and stops when the run stops', async () => {
    const askedAtMs: number[] = [];
    const elapsed = startElapsed();
    const lease = keepLease(first, elapsed, async () => {
      askedAtMs.push(elapsed());
      return renewedAt(elapsed());
    });
    await jest.advanceTimersByTimeAsync(2_200);
    expect(askedAtMs).toEqual([500, 1_000, 1_500, 2_000]);
    expect(lease.signal.aborted).toBe(false);
    lease.stop();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(askedAtMs).toHaveLength(4);
    expect(lease.signal.aborted).toBe(false);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('keeps asking while nobody answers, and ends on time', async () => {
    const timeouts: number[] = [];
    const lease = keepLease(first, startElapsed(), async (timeoutMs) => {
      timeouts.push(timeoutMs);
      throw new UnavailableError('STORE_UNAVAILABLE', 'not now');
    });
    await jest.advanceTimersByTimeAsync(999);
    expect(lease.signal.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(lease.signal.aborted).toBe(true);
    expect(lease.signal.reason).toMatchObject({ code: 'LEASE_LAPSED' });
    expect(timeouts.slice(0, 2)).toEqual([500, 250]);
  });

  it.each(['HOLDER_MISMATCH', 'LEASE_LAPSED', 'EXECUTION_NOT_FOUND', 'SIGNATURE_INVALID'] as const)(
    'is lost at once on %s',
    async (code) => {
      const lease = keepLease(first, startElapsed(), async () => {
        throw new RejectedError(code, 'no');
      });
      await jest.advanceTimersByTimeAsync(500);
      expect(lease.signal.reason).toMatchObject({ code });
      expect(jest.getTimerCount()).toBe(0);
    },
  );

  it('is as long as the policy lets it get: no more is asked for, what was granted stands', async () => {
    const refusals = jest.fn(async (): Promise<Grant> => {
      throw new RejectedError('LEASE_LIMIT', 'no longer');
    });
    const refused = keepLease(first, startElapsed(), refusals);
    const repeats = jest.fn(async () => first);
    const repeated = keepLease(first, startElapsed(), repeats);
    await jest.advanceTimersByTimeAsync(999);
    expect([refused.signal.aborted, repeated.signal.aborted]).toEqual([false, false]);
    await jest.advanceTimersByTimeAsync(1);
    expect([refused.signal.aborted, repeated.signal.aborted]).toEqual([true, true]);
    expect([refusals.mock.calls.length, repeats.mock.calls.length]).toEqual([1, 1]);
  });

  it('counts from the moment at which it was asked for, not from when the answer came', async () => {
    const elapsed = startElapsed();
    const lease = keepLease(first, elapsed, async () => {
      const askedAtMs = elapsed();
      await new Promise((wake) => setTimeout(wake, 400));
      if (askedAtMs > 500) throw new RejectedError('LEASE_LIMIT', 'no longer');
      return renewedAt(elapsed());
    });
    // Asked for at 500, answered at 900: ends at 1,500.
    await jest.advanceTimersByTimeAsync(1_499);
    expect(lease.signal.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(lease.signal.aborted).toBe(true);
  });

  it('takes the shorter of what a grant says about its length', () => {
    expect(lifetimeMs({ ...first, ttlMs: 5 })).toBe(5);
    expect(lifetimeMs({ ...first, ttlMs: 5_000 })).toBe(1_000);
  });
});

describe('startElapsed', () => {
  it('believes the clock that tells more: a machine that slept has less time than it thinks', () => {
    const elapsed = startElapsed();
    jest.advanceTimersByTime(100);
    expect(elapsed()).toBe(100);
    jest.setSystemTime(Date.now() + 5_000);
    expect(elapsed()).toBe(5_100);
    jest.setSystemTime(Date.now() - 3_600_000);
    expect(elapsed()).toBe(100);
  });
});
