import fc from 'fast-check';

import type { Command, Verdict } from '../commands.js';
import type { Outcome } from '../events.js';
import { needsVerdict } from './decide.js';
import { momentOf } from './present.js';
import { LIMITS, ReferenceModel, type Step } from './reference-model.fixture.js';
import {
  commitAs,
  evaluate,
  judge,
  OPERATOR,
  reconcile,
  release,
  renew,
  reserve,
  Story,
  sweep,
  termsOf,
  uuidFor,
  verdictOf,
} from './story.fixture.js';
import { viewOf } from './view.js';

const COMMANDS = Number(process.env['WRIT_MODEL_COMMANDS'] ?? 24_000);
const PER_STORY = 40;
const { SKEW, TTL, MAX_TTL, VALID, WAIT, MAX_EVALUATIONS, MAX_ATTEMPTS, QUORUM } = LIMITS;
const step: fc.Arbitrary<Step & { readonly aims: boolean }> = fc.record({
  aims: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 2, arbitrary: fc.constant(false) }),
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constant<Command['type']>('Evaluate') },
    { weight: 5, arbitrary: fc.constant<Command['type']>('Commit') },
    { weight: 4, arbitrary: fc.constantFrom<Command['type'][]>('Reserve', 'Reconcile', 'Approve') },
    { weight: 3, arbitrary: fc.constantFrom<Command['type'][]>('Renew', 'Release', 'Reject', 'Sweep') },
  ),
  dt: fc.oneof(
    fc.constantFrom(0, 0, 0, 1, 500, 3_000, SKEW, TTL - 1, TTL, TTL + SKEW, WAIT, VALID),
    fc.integer({ min: -1_500, max: 15_000 }),
  ),
  holder: fc.constantFrom('h0', 'h1', 'h2', 'h3', 'h4', null),
  attempt: fc.constantFrom(1, 1, 2, 2, 3, 4, 0, 1.5),
  outcome: fc.constantFrom<Outcome[]>('succeeded', 'failed', 'failed', 'unknown'),
  verdict: fc.constantFrom<Verdict['outcome'][]>('admitted', 'admitted', 'denied', 'escalated'),
  n: fc.nat({ max: 3 }),
  person: fc.constantFrom('ann', 'bob', 'cid', 'dan'),
  ttl: fc.constantFrom(undefined, undefined, undefined, 5_000, MAX_TTL, MAX_TTL + 1),
  wrong: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  names: fc.constantFrom<Step['names'][]>('nothing', 'nothing', 'nothing', 'last', 'first', 'unheard'),
});

const APPROVAL = { quorum: QUORUM, roles: ['credit-officer'], ttlMs: WAIT, separationOfDuties: true };

function commandOf(step: Step, story: Story, effect: 'once' | 'idempotent'): Command {
  const { kind, attempt, outcome, n, wrong, ttl, person } = step;
  const holder = step.holder ?? 'h0';
  const wish = ttl === undefined ? {} : { ttlMs: ttl };
  switch (kind) {
    case 'Evaluate': {
      const state = story.state;
      const evaluations = state.status === 'none' ? 0 : state.evaluations;
      const named = { nothing: undefined, last: evaluations, first: 1, unheard: 99 }[step.names];
      const command = evaluate(step.holder, {
        n: evaluations + 1,
        actor: { id: person, role: 'caller' },
        ...(wrong && evaluations > 0 ? { parameters: 'other' } : {}),
        ...(named === undefined ? {} : { reevaluate: uuidFor(1_000 + named) as never }),
      });
      const verdict = verdictOf(step.verdict, {
        evaluatedAtMs: story.wallMs,
        validUntilMs: story.wallMs + VALID,
        terms: termsOf({
          maxEvaluations: MAX_EVALUATIONS,
          ttlMs: TTL,
          maxTtlMs: MAX_TTL,
          effect,
          maxAttempts: MAX_ATTEMPTS,
        }),
        ...(step.verdict === 'escalated' ? { approval: APPROVAL } : {}),
      });
      const { verdict: _, ...unasked } = command;
      const reserved = command.reserve === null ? {} : { reserve: { ...command.reserve, ...wish } };
      const asked = { ...unasked, ...reserved };
      // As operations do: the policy is asked only where its verdict is needed.
      const needed = needsVerdict(state, asked, momentOf(state, story.wallMs, SKEW));
      return needed ? { ...asked, verdict } : asked;
    }
    case 'Reserve':
      return reserve(holder, ttl);
    case 'Renew':
      return renew(holder, attempt, ttl);
    case 'Release':
      return release(holder, attempt);
    case 'Commit':
      return commitAs(holder, attempt, outcome, { n, ...(wrong ? { parameters: 'other' } : {}) });
    case 'Reconcile':
      return { ...reconcile(attempt, outcome === 'unknown' ? 'failed' : outcome), actor: OPERATOR };
    case 'Approve':
    case 'Reject': {
      if (story.state.status === 'none') return judge(kind, person, { decision: {} } as never);
      return judge(kind, person, story.state, wrong ? { decisionDigest: uuidFor(0) as never } : {});
    }
    case 'Sweep':
      return sweep();
  }
}

describe('an execution under random commands', () => {
  it('does what the reference does, and never what must not be', () => {
    const told = new Map<string, number>();
    let commands = 0;
    while (commands < COMMANDS)
      fc.assert(
        fc.property(
          fc.array(step, { minLength: 1, maxLength: 2 * PER_STORY, size: 'max' }),
          fc.constantFrom<('once' | 'idempotent')[]>('once', 'idempotent'),
          (steps, effect) => {
            const story = new Story();
            const model = new ReferenceModel();
            model.once = effect === 'once';
            for (const chosen of steps) {
              const step = aimed(chosen, model);
              story.later(step.dt);
              model.wall = story.wallMs;
              const before = story.events.length;
              const answer = story.ask(commandOf(step, story, effect));
              expect([step.kind, answer]).toEqual([step.kind, model.tell(step)]);
              if (['replayed', 'reissued', 'done again', 'nothing'].includes(answer)) {
                expect(story.events.length).toBe(before);
              }
              requireInvariants(story, before);
              told.set(`${step.kind} ${answer}`, (told.get(`${step.kind} ${answer}`) ?? 0) + 1);
              commands += 1;
            }
          },
        ),
        { numRuns: 100 },
      );
    // The generator reaches what it is there for.
    for (const reached of [
      'Evaluate decided',
      'Evaluate INV-013',
      'Reserve reserved',
      'Reserve reissued',
      'Commit done',
      'Commit done again',
      'Commit PARAMETERS_MISMATCH',
      'Reconcile done',
      'Approve done',
      'Reject done',
      'Renew done',
      'Release done',
      'Sweep done',
      'Evaluate CLOCK_AHEAD',
    ]) {
      expect([reached, told.get(reached) ?? 0]).not.toEqual([reached, 0]);
    }
  });
});

/** Most holder commands name the last attempt and its holder; the others are left to chance. */
function aimed(step: Step & { readonly aims: boolean }, model: ReferenceModel): Step {
  const last = model.runs.at(-1);
  if (!step.aims || last === undefined) return step;
  const holds = ['Renew', 'Release', 'Commit', 'Reconcile'].includes(step.kind);
  return holds ? { ...step, attempt: model.runs.length, holder: last.h } : step;
}

/** Said of the stream alone, for every history. */
function requireInvariants(story: Story, before: number): void {
  const placed = story.events.filter((event) => event.type === 'ReservationPlaced');
  expect(placed.map((event) => event.data.attempt)).toEqual(placed.map((_, at) => at + 1));
  expect(story.events.filter((event) => event.type === 'ExecutionCommitted').length).toBeLessThanOrEqual(1);
  if (story.state.status === 'none') return;
  if (story.events.slice(before).some((event) => event.type === 'ReservationPlaced')) {
    // Every former grant is dead: its holder gave it up, or its lease is over by this node's own clock.
    for (const former of story.state.attempts.slice(0, -1)) {
      const word = former.reports.at(-1)?.outcome ?? (former.release === null ? '' : 'released');
      expect(word === 'released' || word === 'failed' || story.wallMs >= former.expiresAtMs + SKEW).toBe(true);
    }
  }
  const view = viewOf(story.state, momentOf(story.state, story.wallMs, SKEW));
  expect(view.next.includes('Renew')).toBe(view.state === 'reserved');
}
