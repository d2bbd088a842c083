import { formatInstant } from '@writ/encoding';

import type { Command } from '../commands.js';
import type { ExecutionEvent } from '../events.js';
import { evolve, evolveAll, isExecutionEvent } from './evolve.js';
import { NO_EXECUTION } from './state.js';
import {
  commitAs,
  digestFor,
  evaluate,
  holderFor,
  judge,
  reconcile,
  release,
  START_MS,
  Story,
  sweep,
  uuidFor,
  verdictOf,
} from './story.fixture.js';

function given(...commands: readonly Command[]): Story {
  const story = new Story();
  for (const command of commands) story.tell(command);
  return story;
}

/** An event that `source` appended last, put after what `story` has. */
function next(story: Story, source: Story, change: object = {}, data: object = {}): ExecutionEvent {
  const event = source.events.at(-1)!;
  const place = { revision: BigInt(story.events.length), ...change };
  return { ...event, ...place, data: { ...event.data, ...data } } as ExecutionEvent;
}

const codeOf = (story: Story, event: ExecutionEvent): unknown => {
  try {
    evolve(story.state, event);
    return 'accepted';
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

const reserved = () => given(evaluate('h'));
const escalated = () => given(evaluate('h', { verdict: verdictOf('escalated') }));
const granted = () => {
  const story = escalated();
  story.tell(judge('Approve', 'ann', story.execution));
  return story;
};
const swept = () => {
  const story = reserved().later(11_000);
  story.tell(sweep());
  return story;
};

describe('evolve', () => {
  it('folds what decide wrote', () => {
    const story = given(evaluate('h'), commitAs('h', 1, 'succeeded'));
    expect(evolveAll(NO_EXECUTION, story.events)).toEqual(story.state);
    expect(story.events.every(isExecutionEvent)).toBe(true);
    expect(isExecutionEvent({ type: 'KeyAdded' } as never)).toBe(false);
  });

  it.each<[string, Story, ExecutionEvent]>([
    ['a stream without its first decision', new Story(), next(new Story(), reserved())],
    ['a stream that begins at 1', new Story(), next(new Story(), given(evaluate(null)), { revision: 1n })],
    ['a first evaluation numbered 2', new Story(), next(new Story(), given(evaluate(null)), {}, { evaluation: 2 })],
    ['a gap', reserved(), next(reserved(), given(evaluate('h'), release('h', 1)), { revision: 3n })],
    ['a repetition', reserved(), next(reserved(), reserved(), { revision: 1n })],
    [
      'time going back',
      reserved(),
      next(reserved(), given(evaluate('h'), release('h', 1)), { recordedAtMs: START_MS - 1 }),
    ],
    [
      'another execution',
      reserved(),
      next(reserved(), given(evaluate('h'), release('h', 1)), {}, { executionId: 'order-2' }),
    ],
    ['another tenant', reserved(), next(reserved(), given(evaluate('h'), release('h', 1)), {}, { tenant: 'other' })],
    [
      'a decision while it is held',
      reserved(),
      next(reserved(), given(evaluate(null)), {}, { evaluation: 2, reevaluates: uuidFor(1_000) }),
    ],
    [
      'a decision while an admission stands',
      given(evaluate(null)),
      next(given(evaluate(null)), given(evaluate(null)), {}, { evaluation: 2, reevaluates: uuidFor(1_000) }),
    ],
    ['a second reservation', reserved(), next(reserved(), reserved(), {}, { attempt: 2, holderHash: holderFor('x') })],
    ['attempt 2 first', given(evaluate(null)), next(given(evaluate(null)), reserved(), {}, { attempt: 2 })],
    [
      'a reservation on a denial',
      given(evaluate('h', { verdict: verdictOf('denied') })),
      next(given(evaluate(null)), reserved()),
    ],
    [
      'a reservation of another decision',
      given(evaluate(null)),
      next(given(evaluate(null)), reserved(), {}, { decisionId: uuidFor(3) }),
    ],
    [
      'a reservation on a lapsed admission',
      given(evaluate(null)),
      next(
        given(evaluate(null)),
        reserved(),
        { recordedAtMs: START_MS + 3_600_000 },
        { expiresAt: formatInstant(START_MS + 3_610_000) },
      ),
    ],
    [
      'a lease beyond maxTtl',
      given(evaluate(null)),
      next(given(evaluate(null)), reserved(), {}, { ttlMs: 30_001, expiresAt: formatInstant(START_MS + 30_001) }),
    ],
    [
      'a lease whose end is not its ttl',
      given(evaluate(null)),
      next(given(evaluate(null)), reserved(), {}, { ttlMs: 9_999 }),
    ],
    [
      'a holder used before',
      given(evaluate('h'), release('h', 1)),
      next(given(evaluate('h'), release('h', 1)), reserved(), {}, { attempt: 2 }),
    ],
    [
      'a release by another holder',
      reserved(),
      next(reserved(), given(evaluate('h'), release('h', 1)), {}, { holderHash: holderFor('x') }),
    ],
    [
      'a release of what was released',
      given(evaluate('h'), release('h', 1)),
      next(given(evaluate('h'), release('h', 1)), given(evaluate('h'), release('h', 1))),
    ],
    ['an expiry before its time', reserved(), next(reserved(), swept(), { recordedAtMs: START_MS + 9_999 })],
    [
      'an expiry of another time',
      reserved(),
      next(reserved(), swept(), {}, { expiresAt: formatInstant(START_MS + 1) }),
    ],
    ['an expiry with another effect', reserved(), next(reserved(), swept(), {}, { effect: 'idempotent' })],
    [
      'an outcome by another holder',
      reserved(),
      next(reserved(), given(evaluate('h'), commitAs('h', 1, 'succeeded')), {}, { holderHash: holderFor('x') }),
    ],
    [
      'an outcome of no attempt',
      reserved(),
      next(reserved(), given(evaluate('h'), commitAs('h', 1, 'succeeded')), {}, { attempt: 2 }),
    ],
    [
      'a second outcome',
      given(evaluate('h'), commitAs('h', 1, 'failed')),
      next(given(evaluate('h'), commitAs('h', 1, 'failed')), given(evaluate('h'), commitAs('h', 1, 'succeeded'))),
    ],
    [
      'a late outcome that still decides',
      reserved(),
      next(
        reserved(),
        given(evaluate('h'), commitAs('h', 1, 'succeeded')),
        { type: 'LateOutcomeReported' },
        { outcome: 'succeeded' },
      ),
    ],
    [
      'a settlement of nothing',
      reserved(),
      next(reserved(), given(evaluate('h'), commitAs('h', 1, 'unknown'), reconcile(1, 'failed'))),
    ],
    ['an approval of other content', escalated(), next(escalated(), granted(), {}, { decisionDigest: digestFor('x') })],
    ['an approval of another decision', escalated(), next(escalated(), granted(), {}, { decisionId: uuidFor(7) })],
    ['an approval in no role', escalated(), next(escalated(), granted(), {}, { approverRole: 'clerk' })],
    [
      'an approval by who asked',
      escalated(),
      next(escalated(), granted(), {}, { actor: { id: 'service-a', role: 'caller' } }),
    ],
    ['an approval twice', granted(), next(granted(), granted())],
    ['an approval too late', escalated(), next(escalated(), granted(), { recordedAtMs: START_MS + 60_000 })],
    ['an approval of an admission', given(evaluate(null)), next(given(evaluate(null)), granted())],
  ])('refuses %s', (_, story, event) => {
    expect(codeOf(story, event)).toBe('EVENT_INVALID');
  });
});
