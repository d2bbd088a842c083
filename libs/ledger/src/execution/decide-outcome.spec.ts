import type { Command } from '../commands.js';
import type { Outcome } from '../events.js';
import { commitAs, evaluate, reconcile, release, reserve, Story, sweep, termsOf, verdictOf } from './story.fixture.js';

function given(...commands: readonly Command[]): Story {
  const story = new Story();
  for (const command of commands) story.tell(command);
  return story;
}

const idempotent = verdictOf('admitted', { terms: termsOf({ effect: 'idempotent' }) });

/** Attempt 1 expired and freed the execution. */
const expired = () => {
  const story = given(evaluate('a', { verdict: idempotent })).later(11_000);
  story.tell(sweep());
  return story;
};
/** Attempt 1 expired, attempt 2 runs. */
const overtaken = () => {
  const story = expired();
  story.tell(reserve('b'));
  return story;
};

describe('Commit', () => {
  it.each<[Outcome, string, string]>([
    ['succeeded', 'ExecutionCommitted', 'committed'],
    ['failed', 'ExecutionFailed', 'idle'],
    ['unknown', 'OutcomeUnknown', 'unknown'],
  ])('%s is %s', (outcome, type, status) => {
    const story = given(evaluate('h'));
    expect(story.tell(commitAs('h', 1, outcome)).answer).toEqual({ kind: 'done', revision: 2n, replayed: false });
    expect(story.events[2]).toMatchObject({ type, data: { late: false } });
    expect(story.execution.status).toBe(status);
  });

  it('the same again is the original receipt, at any time', () => {
    const story = given(evaluate('h'), commitAs('h', 1, 'succeeded')).later(99_000);
    expect(story.tell(commitAs('h', 1, 'succeeded')).answer).toEqual({ kind: 'done', revision: 2n, replayed: true });
  });

  it('with another body, or a second one, is INV-013', () => {
    const story = given(evaluate('h'), commitAs('h', 1, 'succeeded'));
    const refusal = { code: 'INV-013', original: 2n, record: true };
    expect(story.tell(commitAs('h', 1, 'succeeded', { body: 'other' })).answer).toMatchObject(refusal);
    expect(story.tell(commitAs('h', 1, 'failed', { n: 1 })).answer).toMatchObject(refusal);
  });

  it('of other arguments than those admitted is refused, and the refusal recorded', () => {
    const story = given(evaluate('h'));
    const { answer } = story.tell(commitAs('h', 1, 'succeeded', { parameters: 'other' }));
    expect(answer).toMatchObject({ code: 'PARAMETERS_MISMATCH', record: true });
    expect(story.execution.status).toBe('reserved');
  });

  it('is for the holder of that attempt', () => {
    const story = given(evaluate('h'));
    expect(story.ask(commitAs('other', 1, 'succeeded'))).toBe('HOLDER_MISMATCH');
    for (const attempt of [0, 2, -1, 1.5, Number.NaN]) {
      expect(story.ask(commitAs('h', attempt, 'succeeded'))).toBe('ATTEMPT_MISMATCH');
    }
    expect(new Story().ask(commitAs('h', 1, 'succeeded'))).toBe('EXECUTION_NOT_FOUND');
  });

  it('after `unknown` its holder may tell the truth, once', () => {
    const story = given(evaluate('h'), commitAs('h', 1, 'unknown'));
    expect(story.ask(commitAs('h', 1, 'unknown', { n: 1 }))).toBe('INV-013');
    expect(story.ask(commitAs('h', 1, 'succeeded', { n: 2 }))).toBe('done');
    expect(story.ask(commitAs('h', 1, 'unknown'))).toBe('done again');
    expect(story.types.slice(2)).toEqual(['OutcomeUnknown', 'ExecutionCommitted']);
  });
});

describe('a late commit of the last holder', () => {
  it('resolves an expiry that nobody wrote down', () => {
    const story = given(evaluate('h')).later(11_000);
    expect(story.ask(commitAs('h', 1, 'succeeded'))).toBe('done');
    expect(story.events.at(-1)).toMatchObject({ type: 'ExecutionCommitted', data: { late: true } });
  });

  it('resolves an expiry that holds the execution', () => {
    const story = given(evaluate('h')).later(11_000);
    story.tell(sweep());
    expect(story.execution.status).toBe('unknown');
    expect(story.ask(commitAs('h', 1, 'failed'))).toBe('done');
    expect(story.ask(reserve('h2'))).toBe('reserved');
  });

  it('resolves an expiry that freed the execution', () => {
    const story = expired();
    expect(story.ask(commitAs('a', 1, 'succeeded'))).toBe('done');
    expect(story.execution.status).toBe('committed');
  });

  it('resolves a release', () => {
    const story = given(evaluate('h'), release('h', 1));
    expect(story.ask(commitAs('h', 1, 'succeeded'))).toBe('done');
    expect(story.events.at(-1)).toMatchObject({ type: 'ExecutionCommitted', data: { late: true } });
  });

  it('resolves an exhausted execution', () => {
    const verdict = verdictOf('admitted', { terms: termsOf({ effect: 'idempotent', maxAttempts: 1 }) });
    const story = given(evaluate('a', { verdict })).later(11_000);
    expect(story.ask(reserve('b'))).toBe('ATTEMPTS_EXHAUSTED');
    expect(story.ask(commitAs('a', 1, 'succeeded'))).toBe('done');
  });

  it('that says `unknown` holds an execution that was free', () => {
    const story = expired();
    story.tell(commitAs('a', 1, 'unknown'));
    expect(story.ask(reserve('b'))).toBe('INV-013');
  });

  it('counts after a new decision denied the execution', () => {
    const story = expired().later(3_600_000);
    story.tell(evaluate('b', { n: 1, verdict: verdictOf('denied') }));
    expect(story.ask(commitAs('a', 1, 'succeeded'))).toBe('done');
    expect(story.execution.status).toBe('committed');
  });
});

describe('a late outcome, when a later attempt exists', () => {
  it.each<Outcome>(['succeeded', 'failed', 'unknown'])('is always recorded: %s', (outcome) => {
    const story = overtaken();
    expect(story.ask(commitAs('a', 1, outcome))).toBe('done');
    expect(story.events.at(-1)).toMatchObject({
      type: 'LateOutcomeReported',
      data: { outcome, attempt: 1, late: true },
    });
    expect(story.execution.status).toBe('reserved');
  });

  it('blocks further attempts until it is reconciled', () => {
    const story = overtaken();
    story.tell(commitAs('a', 1, 'succeeded'));
    story.tell(commitAs('b', 2, 'failed', { n: 1 }));
    expect(story.tell(reserve('c')).answer).toMatchObject({
      code: 'INV-013',
      details: { reason: 'blocked', waiting: [1] },
    });
    expect(story.ask(reconcile(1, 'failed'))).toBe('done');
    expect(story.ask(reserve('c'))).toBe('reserved');
  });

  it('that is reconciled as succeeded finishes the execution', () => {
    const story = overtaken();
    story.tell(commitAs('a', 1, 'succeeded'));
    story.tell(commitAs('b', 2, 'failed', { n: 1 }));
    story.tell(reconcile(1, 'succeeded'));
    expect(story.execution.status).toBe('committed');
    expect(story.ask(reserve('c'))).toBe('INV-013');
  });

  it('beside a later attempt that commits: both truths are kept, one ExecutionCommitted', () => {
    const story = overtaken();
    story.tell(commitAs('a', 1, 'succeeded'));
    expect(story.ask(commitAs('b', 2, 'succeeded', { n: 1 }))).toBe('done');
    expect(story.types.slice(-2)).toEqual(['LateOutcomeReported', 'ExecutionCommitted']);
    const other = overtaken();
    other.tell(commitAs('b', 2, 'succeeded', { n: 1 }));
    expect(other.ask(commitAs('a', 1, 'succeeded'))).toBe('done');
    expect(other.types.slice(-2)).toEqual(['ExecutionCommitted', 'LateOutcomeReported']);
    expect(other.execution.status).toBe('committed');
  });

  it('reconciled while the later attempt runs, leaves that one its truth', () => {
    const story = overtaken();
    story.tell(commitAs('a', 1, 'succeeded'));
    story.tell(reconcile(1, 'succeeded'));
    expect(story.ask(commitAs('b', 2, 'succeeded', { n: 1 }))).toBe('done');
    expect(story.events.at(-1)).toMatchObject({ type: 'LateOutcomeReported', data: { attempt: 2 } });
  });

  it('after an operator settled the attempt, blocks again', () => {
    const story = given(evaluate('h')).later(11_000);
    story.tell(reconcile(1, 'failed'));
    expect(story.types.slice(2)).toEqual(['ReservationExpired', 'OutcomeReconciled']);
    story.tell(commitAs('h', 1, 'succeeded'));
    expect(story.types.at(-1)).toBe('LateOutcomeReported');
    expect(story.ask(reserve('h2'))).toBe('INV-013');
    story.tell(reconcile(1, 'succeeded'));
    expect(story.execution.status).toBe('committed');
  });
});

describe('Reconcile', () => {
  it('settles an unknown outcome, and says the same again', () => {
    const story = given(evaluate('h'), commitAs('h', 1, 'unknown'));
    expect(story.tell(reconcile(1, 'succeeded')).answer).toEqual({ kind: 'done', revision: 3n, replayed: false });
    expect(story.tell(reconcile(1, 'succeeded')).answer).toEqual({ kind: 'done', revision: 3n, replayed: true });
    expect(story.ask(reconcile(1, 'failed'))).toBe('NOT_RECONCILABLE');
    expect(story.execution.status).toBe('committed');
  });

  it('has nothing to do with what runs, is free or never began', () => {
    expect(given(evaluate('h')).ask(reconcile(1, 'failed'))).toBe('NOT_RECONCILABLE');
    expect(given(evaluate('h'), release('h', 1)).ask(reconcile(1, 'failed'))).toBe('NOT_RECONCILABLE');
    expect(given(evaluate('h')).ask(reconcile(2, 'failed'))).toBe('ATTEMPT_MISMATCH');
    expect(new Story().ask(reconcile(1, 'failed'))).toBe('EXECUTION_NOT_FOUND');
  });
});
