import fc from 'fast-check';

import { WaitingEvents, type WaitingEvent } from './waiting-events.js';

const eventOf = (eventId: string): WaitingEvent => ({
  eventId,
  stream: 's',
  revision: 0n,
  position: 0n,
  contiguity: 'next',
  attested: undefined,
  fault: undefined,
});

/** What is done with them, by the number of the event: many are taken from the front, so that the row is shortened. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), count: fc.nat({ max: 1_500 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('take' as const), count: fc.nat({ max: 1_500 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('delete' as const), count: fc.integer({ min: 30_000, max: 36_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('delete and add' as const),
      count: fc.integer({ min: 30_000, max: 36_000 }),
    }),
  },
);

describe('events that wait', () => {
  it('are what a map in the order of insertion holds, whatever is taken out of it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const waiting = new WaitingEvents();
        const expected = new Map<string, WaitingEvent>();
        let added = 30_000;
        const add = (eventId: string) => {
          const event = eventOf(eventId);
          waiting.add(event);
          expected.set(eventId, event);
        };
        const remove = (eventId: string) => {
          const event = expected.get(eventId);
          if (event !== undefined) waiting.delete(event);
          expected.delete(eventId);
        };
        const takeFirst = () => {
          const [first] = expected.values();
          if (waiting.takeIfFirst('another') !== undefined) throw new Error('took another');
          if (waiting.takeIfFirst(first?.eventId ?? '') !== first) throw new Error('did not take the first');
          if (first !== undefined) expected.delete(first.eventId);
        };
        for (const { kind, count } of steps) {
          const isThere = expected.has(String(count));
          if (kind === 'delete' || kind === 'delete and add') remove(String(count));
          if (kind === 'delete and add' && isThere) add(String(count));
          for (let n = 0; n < count && kind === 'add'; n++) add(String(added++));
          for (let n = 0; n < count && kind === 'take'; n++) takeFirst();
          expect(waiting.size).toBe(expected.size);
          const inOrder = [...expected.values()];
          expect([...waiting].every((event, at) => event === inOrder[at])).toBe(true);
          expect(waiting.first()).toBe(inOrder[0]);
        }
      }),
      { numRuns: 40 },
    );
  });
});
