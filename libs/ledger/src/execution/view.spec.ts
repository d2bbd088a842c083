import type { Command } from '../commands.js';
import { momentOf } from './present.js';
import {
  commitAs,
  evaluate,
  judge,
  reconcile,
  release,
  reserve,
  Story,
  sweep,
  termsOf,
  verdictOf,
} from './story.fixture.js';
import { viewOf, type ExecutionView } from './view.js';

function given(...commands: readonly Command[]): Story {
  const story = new Story();
  for (const command of commands) story.tell(command);
  return story;
}
const seen = (story: Story): ExecutionView =>
  viewOf(story.execution, momentOf(story.state, story.wallMs, story.maxSkewMs));
const idempotent = verdictOf('admitted', { terms: termsOf({ effect: 'idempotent', maxAttempts: 2 }) });
const approved = () => {
  const story = given(evaluate('h', { verdict: verdictOf('escalated') }));
  story.tell(judge('Approve', 'ann', story.execution));
  story.tell(judge('Approve', 'bob', story.execution));
  return story;
};

describe('a reader sees', () => {
  it.each<[string, () => Story, readonly string[]]>([
    ['denied', () => given(evaluate('h', { verdict: verdictOf('denied') })), ['Evaluate']],
    ['escalated', () => given(evaluate('h', { verdict: verdictOf('escalated') })), ['Approve', 'Reject']],
    ['approved', approved, ['Evaluate', 'Reserve']],
    ['admitted', () => given(evaluate(null)), ['Evaluate', 'Reserve']],
    ['reserved', () => given(evaluate('h')), ['Commit', 'Renew', 'Release']],
    ['open', () => given(evaluate('h'), release('h', 1)), ['Evaluate', 'Reserve']],
    ['unknown', () => given(evaluate('h'), commitAs('h', 1, 'unknown')), ['Commit', 'Reconcile']],
    ['committed', () => given(evaluate('h'), commitAs('h', 1, 'succeeded')), []],
    [
      'exhausted',
      () =>
        given(
          evaluate('a', { verdict: idempotent }),
          commitAs('a', 1, 'failed'),
          reserve('b'),
          commitAs('b', 2, 'failed'),
        ),
      [],
    ],
  ])('%s, and what may follow', (state, story, next) => {
    expect(seen(story())).toMatchObject({ state, lapsed: null, blocked: false, next });
  });

  it.each<[string, () => Story, readonly string[]]>([
    ['lease', () => given(evaluate('h')).later(11_000), ['Commit', 'Reconcile']],
    ['lease', () => given(evaluate('h', { verdict: idempotent })).later(11_000), ['Commit', 'Evaluate', 'Reserve']],
    ['approval', () => given(evaluate('h', { verdict: verdictOf('escalated') })).later(60_000), ['Evaluate']],
    ['admission', () => given(evaluate(null)).later(3_600_000), ['Evaluate']],
  ])('lapsed before any event says so: %s', (lapsed, story, next) => {
    expect(seen(story())).toMatchObject({ state: 'lapsed', lapsed, next });
  });

  it('the attempt and its lease', () => {
    const { execution } = given(evaluate('h'));
    expect(seen(given(evaluate('h')))).toMatchObject({
      attempts: 1,
      usedAttempts: 1,
      attempt: { attempt: 1, ttlMs: 10_000, grantRevision: 1n, holderHash: execution.attempts[0]?.holderHash },
      endsAtMs: execution.attempts[0]?.expiresAtMs,
    });
    expect(seen(given(evaluate('h'), release('h', 1)))).toMatchObject({ attempts: 1, usedAttempts: 0, endsAtMs: null });
  });

  it('a block by a late outcome, until it is settled', () => {
    const story = given(evaluate('a', { verdict: idempotent })).later(11_000);
    for (const command of [sweep(), reserve('b'), commitAs('a', 1, 'succeeded')]) story.tell(command);
    expect(seen(story)).toMatchObject({
      state: 'reserved',
      blocked: true,
      next: ['Commit', 'Renew', 'Release', 'Reconcile'],
    });
    story.tell(release('b', 2));
    expect(seen(story)).toMatchObject({ state: 'open', blocked: true, next: ['Reconcile'] });
    story.tell(reconcile(1, 'failed'));
    expect(seen(story)).toMatchObject({ state: 'open', blocked: false });
  });

  it('nothing to do while a former grant may still be good', () => {
    const story = given(evaluate('h'), commitAs('h', 1, 'unknown'), reconcile(1, 'failed'));
    expect(seen(story)).toMatchObject({ state: 'open', next: [] });
  });
});
