import { formatInstant } from '@writ/encoding';

import type { Command } from '../commands.js';
import {
  commitAs,
  evaluate,
  reconcile,
  release,
  renew,
  reserve,
  START_MS,
  Story,
  sweep,
  termsOf,
  verdictOf,
} from './story.fixture.js';

function given(...commands: readonly Command[]): Story {
  const story = new Story();
  for (const command of commands) story.tell(command);
  return story;
}

const under = (terms: Parameters<typeof termsOf>[0]) => verdictOf('admitted', { terms: termsOf(terms) });
const idempotent = () => given(evaluate('h', { verdict: under({ effect: 'idempotent' }) }));

describe('Reserve', () => {
  it('needs an execution that is admitted', () => {
    expect(new Story().ask(reserve('h'))).toBe('EXECUTION_NOT_FOUND');
    expect(given(evaluate('h', { verdict: verdictOf('denied') })).ask(reserve('h'))).toBe('NOT_RESERVABLE');
    expect(given(evaluate('h', { verdict: verdictOf('escalated') })).ask(reserve('h'))).toBe('NOT_RESERVABLE');
  });

  it('begins before validUntil or not at all', () => {
    const story = given(evaluate(null)).later(3_600_000 - 1);
    expect(story.tell(reserve('h')).answer).toEqual({ kind: 'reserved', decision: 0n, reservation: 1n });
    expect(given(evaluate(null)).later(3_600_000).ask(reserve('h'))).toBe('ADMISSION_LAPSED');
  });

  it('gives each holder one attempt and the live one its grant again', () => {
    const story = given(evaluate(null), reserve('h'));
    expect(story.ask(reserve('h'))).toBe('reissued');
    expect(story.ask(reserve('other'))).toBe('INV-013');
    story.tell(release('h', 1));
    expect(story.ask(reserve('h'))).toBe('INV-013');
    expect(story.ask(reserve('other'))).toBe('reserved');
  });

  it.each([
    [0, 'REQUEST_INVALID'],
    [1.5, 'REQUEST_INVALID'],
    [30_001, 'LEASE_LIMIT'],
    [30_000, 'reserved'],
  ])('with a ttl of %d is %s', (ttlMs, told) => {
    expect(given(evaluate(null)).ask(reserve('h', ttlMs))).toBe(told);
  });
});

describe('a lease', () => {
  it('is over only at wall >= expiresAt + maxSkew', () => {
    const story = idempotent().later(10_999);
    expect(story.ask(reserve('h2'))).toBe('INV-013');
    expect(story.ask(sweep())).toBe('nothing');
    expect(story.later(1).ask(reserve('h2'))).toBe('reserved');
    expect(story.types.slice(2)).toEqual(['ReservationExpired', 'ReservationPlaced']);
  });

  it('does not end by what another node recorded, but by the own wall clock', () => {
    const story = idempotent().later(11_000);
    story.tell(sweep());
    // The clock of the next node is behind, within the skew.
    story.later(-500);
    expect(story.ask(reserve('h2'))).toBe('INV-013');
    expect(story.later(500).ask(reserve('h2'))).toBe('reserved');
  });

  it('that expires holds the execution where the effect may happen once', () => {
    const story = given(evaluate('h')).later(11_000);
    expect(story.ask(reserve('h2'))).toBe('INV-013');
    expect(story.types.at(-1)).toBe('ReservationExpired');
    expect(story.execution.status).toBe('unknown');
    expect(story.later(99_000).ask(reserve('h2'))).toBe('INV-013');
  });

  it('that its holder gave back, or reported failed, frees the execution at once', () => {
    expect(given(evaluate('h'), release('h', 1)).ask(reserve('h2'))).toBe('reserved');
    expect(given(evaluate('h'), commitAs('h', 1, 'failed')).ask(reserve('h2'))).toBe('reserved');
  });

  it('that an operator settled as failed still lasts until the former grant is over', () => {
    const story = given(evaluate('h'), commitAs('h', 1, 'unknown'), reconcile(1, 'failed'));
    expect(story.ask(reserve('h2'))).toBe('INV-013');
    expect(story.later(11_000).ask(reserve('h2'))).toBe('reserved');
  });

  it('expires once, by a sweeper or whoever comes first', () => {
    const story = given(evaluate('h')).later(11_000);
    expect(story.tell(sweep()).answer).toEqual({ kind: 'done', revision: 2n, replayed: false });
    expect(story.ask(sweep())).toBe('nothing');
    expect(story.events[2]?.data).toMatchObject({ effect: 'once', expiresAt: formatInstant(START_MS + 10_000) });
  });
});

describe('attempts', () => {
  it('end where the policy says', () => {
    const story = given(
      evaluate('a', { verdict: under({ maxAttempts: 2 }) }),
      commitAs('a', 1, 'failed'),
      reserve('b'),
    );
    story.tell(commitAs('b', 2, 'failed', { n: 1 }));
    expect(story.tell(reserve('c')).answer).toMatchObject({ code: 'ATTEMPTS_EXHAUSTED', original: 0n, record: true });
  });

  it('that were released do not count, but have their number', () => {
    const story = given(evaluate('a', { verdict: under({ maxAttempts: 1 }) }), release('a', 1));
    expect(story.ask(reserve('b'))).toBe('reserved');
    expect(story.events.at(-1)?.data).toMatchObject({ attempt: 2 });
    story.tell(commitAs('b', 2, 'failed'));
    expect(story.ask(reserve('c'))).toBe('ATTEMPTS_EXHAUSTED');
  });
});

describe('Renew', () => {
  it('extends a live lease from now', () => {
    const story = given(evaluate('h')).later(6_000);
    expect(story.tell(renew('h', 1)).answer).toEqual({ kind: 'done', revision: 2n, replayed: false });
    expect(story.events[2]?.data).toMatchObject({ ttlMs: 10_000, expiresAt: formatInstant(START_MS + 16_000) });
    expect(story.tell(reserve('h')).answer).toMatchObject({ kind: 'reissued', reservation: 2n });
  });

  it('works until the lease is over, though the grant has ended', () => {
    expect(given(evaluate('h')).later(10_999).ask(renew('h', 1))).toBe('done');
    const story = given(evaluate('h')).later(11_000);
    expect(story.ask(renew('h', 1))).toBe('LEASE_LAPSED');
    expect(story.types.at(-1)).toBe('ReservationExpired');
  });

  it('goes up to maxTtl from the placement: refused beyond where a ttl is asked for, cut where none is', () => {
    const story = given(evaluate('h')).later(9_000);
    story.tell(renew('h', 1, 15_000));
    story.later(14_000);
    expect(story.ask(renew('h', 1, 7_001))).toBe('LEASE_LIMIT');
    expect(story.ask(renew('h', 1))).toBe('done');
    expect(story.events.at(-1)?.data).toMatchObject({ ttlMs: 7_000, expiresAt: formatInstant(START_MS + 30_000) });
    expect(story.later(1).ask(renew('h', 1))).toBe('LEASE_LIMIT');
  });

  it('that extends nothing appends nothing', () => {
    const story = given(evaluate('h'));
    expect(story.tell(renew('h', 1)).answer).toEqual({ kind: 'done', revision: 1n, replayed: true });
  });

  it('is for the holder of that attempt', () => {
    const story = given(evaluate('h'));
    expect(story.ask(renew('other', 1))).toBe('HOLDER_MISMATCH');
    expect(story.ask(renew('h', 2))).toBe('ATTEMPT_MISMATCH');
    expect(new Story().ask(renew('h', 1))).toBe('EXECUTION_NOT_FOUND');
    story.tell(commitAs('h', 1, 'failed'));
    expect(story.ask(renew('h', 1))).toBe('LEASE_LAPSED');
  });
});

describe('Release', () => {
  it('gives the lease back, once', () => {
    const story = given(evaluate('h'));
    expect(story.tell(release('h', 1)).answer).toEqual({ kind: 'done', revision: 2n, replayed: false });
    expect(story.tell(release('h', 1)).answer).toEqual({ kind: 'done', revision: 2n, replayed: true });
  });

  it('is for a live lease and its holder', () => {
    const story = given(evaluate('h'));
    expect(story.ask(release('other', 1))).toBe('HOLDER_MISMATCH');
    expect(story.later(11_000).ask(release('h', 1))).toBe('LEASE_LAPSED');
  });
});
