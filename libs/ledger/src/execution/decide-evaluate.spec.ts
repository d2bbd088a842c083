import { formatInstant } from '@writ/encoding';

import type { Command } from '../commands.js';
import { needsVerdict } from './decide.js';
import { momentOf } from './present.js';
import { commitAs, evaluate, judge, reserve, START_MS, Story, termsOf, uuidFor, verdictOf } from './story.fixture.js';

const HOUR = 3_600_000;
const denied = verdictOf('denied');

/** A story that has heard these commands. */
function given(...commands: readonly Command[]): Story {
  const story = new Story();
  for (const command of commands) story.tell(command);
  return story;
}

describe('a first Evaluate', () => {
  it('appends an admission and its reservation together', () => {
    const story = new Story();
    expect(story.tell(evaluate('h')).answer).toEqual({ kind: 'decided', decision: 0n, reservation: 1n });
    expect(story.types).toEqual(['DecisionAdmitted', 'ReservationPlaced']);
    expect(story.events[1]?.data).toMatchObject({
      attempt: 1,
      ttlMs: 10_000,
      expiresAt: formatInstant(START_MS + 10_000),
    });
  });

  it('leaves the reservation out where none is asked for, or nothing is admitted', () => {
    expect(given(evaluate(null)).types).toEqual(['DecisionAdmitted']);
    expect(given(evaluate('h', { verdict: denied })).types).toEqual(['DecisionDenied']);
    expect(given(evaluate('h', { verdict: verdictOf('escalated') })).types).toEqual(['DecisionEscalated']);
  });

  it('places no reservation on an admission that has aged before it is recorded', () => {
    const story = new Story().later(2 * HOUR);
    expect(story.tell(evaluate('h')).answer).toEqual({ kind: 'decided', decision: 0n });
  });

  it('refuses a ttl beyond maxTtl without telling what would be decided', () => {
    for (const verdict of [verdictOf('admitted'), denied]) {
      const story = new Story();
      const command = evaluate('h', { verdict });
      const asked = { ...command, reserve: { holderHash: command.reserve!.holderHash, ttlMs: 30_001 } };
      expect(story.ask(asked)).toBe('LEASE_LIMIT');
      expect(story.events).toEqual([]);
    }
  });

  it('has nothing to evaluate again', () => {
    expect(new Story().ask(evaluate('h', { reevaluate: uuidFor(1) as never }))).toBe('REEVALUATION_INVALID');
  });

  it('bounds an escalation without an age by the longest use of its approvals', () => {
    const story = given(evaluate('h', { verdict: verdictOf('escalated', { validUntilMs: Number.MAX_SAFE_INTEGER }) }));
    expect(story.events[0]?.data).toMatchObject({ validUntil: formatInstant(START_MS + 120_000) });
  });
});

describe('a second Evaluate', () => {
  it.each([
    ['denied', evaluate('h', { verdict: denied })],
    ['escalated', evaluate('h', { verdict: verdictOf('escalated') })],
    ['reserve: false', evaluate(null)],
  ])('that asks for nothing to run gets the original decision: %s', (_, command) => {
    const story = given(command);
    expect(story.tell(command).answer).toEqual({ kind: 'replayed', decision: 0n });
    expect(story.events.length).toBe(1);
  });

  it('is replayed with `reserve: false` whatever became of the execution', () => {
    const story = given(evaluate('h'), commitAs('h', 1, 'succeeded'));
    expect(story.ask(evaluate(null))).toBe('replayed');
  });

  it('gives the live holder its grant again, same attempt, same expiry', () => {
    const story = given(evaluate('h')).later(5_000);
    expect(story.tell(evaluate('h')).answer).toEqual({ kind: 'reissued', decision: 0n, reservation: 1n });
    expect(story.events.length).toBe(2);
  });

  it.each([
    ['another holder, with the lease', 1n],
    ['finished, with the commit', 2n],
  ])('that would run it is INV-013 with what stands in the way: %s', (_, original) => {
    const story = given(evaluate('h'));
    if (original === 2n) story.tell(commitAs('h', 1, 'succeeded'));
    const before = story.events.length;
    expect(story.tell(evaluate('other')).answer).toMatchObject({
      kind: 'refused',
      code: 'INV-013',
      original,
      record: true,
    });
    expect(story.events.length).toBe(before);
  });

  it('with another intent is INV-013, whatever it asks for', () => {
    const story = given(evaluate('h', { verdict: denied }));
    for (const holder of ['h', null]) {
      const { answer } = story.tell(evaluate(holder, { parameters: 'other' }));
      expect(answer).toMatchObject({
        code: 'INV-013',
        original: 0n,
        details: { differs: ['parameters'] },
        record: true,
      });
    }
  });

  it('reserves what was admitted without a reservation', () => {
    const story = given(evaluate(null));
    expect(story.tell(evaluate('h')).answer).toEqual({ kind: 'reserved', decision: 0n, reservation: 1n });
  });

  it('reserves what is open again, for a holder that is new', () => {
    const story = given(evaluate('h'), commitAs('h', 1, 'failed'));
    expect(story.ask(evaluate('h'))).toBe('INV-013');
    expect(story.tell(evaluate('h2')).answer).toEqual({ kind: 'reserved', decision: 0n, reservation: 3n });
    expect(story.execution.attempts.length).toBe(2);
  });

  it('evaluates anew where the admission lapsed unreserved, and counts it', () => {
    const story = given(evaluate(null)).later(HOUR);
    const fresh = () =>
      evaluate(null, { n: story.events.length, verdict: verdictOf('admitted', { evaluatedAtMs: story.wallMs }) });
    expect(story.tell(fresh()).answer).toEqual({ kind: 'decided', decision: 1n });
    expect(story.events[1]?.data).toMatchObject({ evaluation: 2, reevaluates: uuidFor(1_000) });
    story.later(HOUR).tell(fresh());
    story.later(HOUR);
    expect(story.ask(fresh())).toBe('EVALUATIONS_EXHAUSTED');
  });
});

describe('reevaluate', () => {
  const again = (n: number, named: number, verdict = denied) =>
    evaluate('h', { n, verdict, reevaluate: uuidFor(1_000 + named) as never });

  it('appends another decision after a denial that it names', () => {
    const story = given(evaluate('h', { verdict: denied }));
    expect(story.tell(again(1, 0, verdictOf('admitted'))).answer).toEqual({
      kind: 'decided',
      decision: 1n,
      reservation: 2n,
    });
  });

  it('is refused where it names no decision, or one that is no denial', () => {
    const story = given(evaluate('h', { verdict: denied }), again(1, 0));
    expect(story.ask(again(2, 7))).toBe('REEVALUATION_INVALID');
    expect(given(evaluate(null)).ask(again(1, 0))).toBe('REEVALUATION_INVALID');
    expect(given(evaluate('h')).ask(again(1, 0))).toBe('REEVALUATION_INVALID');
  });

  it('repeated after its answer was lost, is answered with what it led to', () => {
    const story = given(evaluate('h', { verdict: denied }), again(1, 0));
    expect(story.tell(again(2, 0)).answer).toEqual({ kind: 'replayed', decision: 1n });
  });

  it('is bounded by maxEvaluations', () => {
    const story = given(evaluate('h', { verdict: denied }), again(1, 0), again(2, 1));
    expect(story.ask(again(3, 2))).toBe('EVALUATIONS_EXHAUSTED');
    expect(story.events.length).toBe(3);
  });

  it('works on a rejected escalation', () => {
    const story = given(evaluate('h', { verdict: verdictOf('escalated') }));
    story.tell(judge('Reject', 'ann', story.execution));
    expect(story.ask(again(1, 0))).toBe('decided');
  });

  it('does not open an exhausted execution again', () => {
    const terms = termsOf({ maxAttempts: 1 });
    const story = given(evaluate('h', { verdict: verdictOf('admitted', { terms }) }), commitAs('h', 1, 'failed'));
    expect(story.ask(evaluate('h2'))).toBe('ATTEMPTS_EXHAUSTED');
    story.later(HOUR);
    expect(story.ask(evaluate('h2'))).toBe('ATTEMPTS_EXHAUSTED');
    expect(story.ask(reserve('h2'))).toBe('ATTEMPTS_EXHAUSTED');
  });
});

describe('the policy is asked', () => {
  it('only where its verdict will be recorded', () => {
    const story = new Story();
    const needs = (command = evaluate('h')) =>
      needsVerdict(story.state, command, momentOf(story.state, story.wallMs, story.maxSkewMs));
    expect(needs()).toBe(true);
    story.tell(evaluate('h'));
    expect(needs()).toBe(false);
    expect(needs(evaluate('h', { parameters: 'other' }))).toBe(false);
  });

  it('and a decision without its verdict is a bug', () => {
    const { verdict: _, ...command } = evaluate('h');
    expect(() => new Story().tell(command)).toThrow(TypeError);
  });
});

describe('a stream from the future', () => {
  it('refuses this execution, for every command, until the clock has come near', () => {
    const story = given(evaluate('h')).later(-1_001);
    expect(story.tell(evaluate('h')).answer).toMatchObject({ code: 'CLOCK_AHEAD', record: false });
    expect(story.ask(commitAs('h', 1, 'succeeded'))).toBe('CLOCK_AHEAD');
    story.later(1);
    expect(story.ask(commitAs('h', 1, 'succeeded'))).toBe('done');
    // Recorded no earlier than what was there.
    expect(story.events[2]?.recordedAtMs).toBe(START_MS);
  });
});
