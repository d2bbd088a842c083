import { canonicalise, parseJson, toBase64, utf8 } from '@writ/encoding';
import type { JsonObject } from '@writ/encoding';

import { CURRENT_TYPE_VERSION, EVENT_TYPES, isEventType, parseEventData } from './event-schema.js';
import {
  commitAs,
  evaluate,
  judge,
  reconcile,
  release,
  renew,
  reserve,
  Story,
  sweep,
  termsOf,
  uuidFor,
  verdictOf,
} from './execution/story.fixture.js';

const nonce = toBase64(new Uint8Array(16));

/** One event of every execution type, as the machine itself writes them. */
function samples(): Map<string, JsonObject> {
  const all = new Map<string, JsonObject>();
  const play = (story: Story): void => {
    for (const { type, data } of story.events) all.set(type, { ...data, nonce } as unknown as JsonObject);
  };
  const idempotent = verdictOf('admitted', { terms: termsOf({ effect: 'idempotent' }) });
  const told = (...steps: ((story: Story) => unknown)[]): void => {
    const story = new Story();
    for (const step of steps) step(story);
    play(story);
  };
  told(
    (s) => s.tell(evaluate('a', { verdict: idempotent })),
    (s) => s.later(5_000).tell(renew('a', 1)),
    (s) => s.later(11_000).tell(sweep()),
    (s) => s.tell(reserve('b')),
    (s) => s.tell(commitAs('a', 1, 'succeeded')),
    (s) => s.tell(commitAs('b', 2, 'failed')),
    (s) => s.tell(reconcile(1, 'succeeded')),
  );
  told(
    (s) => s.tell(evaluate('a')),
    (s) => s.tell(release('a', 1)),
    (s) => s.tell(reserve('b')),
    (s) => s.tell(commitAs('b', 2, 'unknown')),
    (s) => s.tell(commitAs('b', 2, 'succeeded', { n: 1 })),
  );
  told((s) => s.tell(evaluate('a', { verdict: verdictOf('denied') })));
  for (const type of ['Approve', 'Reject'] as const) {
    told(
      (s) => s.tell(evaluate('a', { verdict: verdictOf('escalated') })),
      (s) => s.tell(judge(type, 'ann', s.execution)),
    );
  }
  told(
    (s) => s.tell(evaluate('a', { verdict: verdictOf('escalated') })),
    (s) => s.later(60_000).tell(sweep()),
  );
  return all;
}

const codeOf = (type: string, version: number, data: Uint8Array): unknown => {
  try {
    parseEventData(type, version, data);
    return 'read';
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

describe('event data', () => {
  const cases = [...samples()];

  it('has a sample of every execution type', () => {
    expect(cases.map(([type]) => type).sort()).toEqual(
      EVENT_TYPES.filter((type) => !/^(Policy|Key|Replay|Foreign|Entries|Checkpoint|Ledger)/.test(type)).sort(),
    );
  });

  it.each(cases)('%s is read back', (type, data) => {
    const { nonce: _, ...fact } = data;
    const parsed = parseEventData(type, CURRENT_TYPE_VERSION, canonicalise(data));
    expect(parsed.nonce).toBe(nonce);
    expect(parseJson(canonicalise(parsed.fact.data))).toEqual(parseJson(canonicalise(fact)));
  });

  it.each(cases)('%s is refused with a member more, a member less, or one of a wrong type', (type, data) => {
    expect(codeOf(type, 1, canonicalise({ ...data, extra: 1 }))).toBe('EVENT_INVALID');
    for (const name of Object.keys(data)) {
      const { [name]: _, ...rest } = data;
      expect([name, codeOf(type, 1, canonicalise(rest))]).toEqual([name, 'EVENT_INVALID']);
      for (const wrong of [{ a: 1 }, [1], -1, 1.5]) {
        const told = codeOf(type, 1, canonicalise({ ...data, [name]: wrong }));
        expect([name, wrong, told]).toEqual([name, wrong, 'EVENT_INVALID']);
      }
    }
  });

  it.each(cases)('%s is refused in another spelling, version or as no object', (type, data) => {
    expect(codeOf(type, 1, utf8(`${JSON.stringify(data)} `))).toBe('EVENT_INVALID');
    expect(codeOf(type, 2, canonicalise(data))).toBe('EVENT_INVALID');
    for (const other of [null, [], 'text', 1]) expect(codeOf(type, 1, canonicalise(other))).toBe('EVENT_INVALID');
  });

  it.each(['', 'Unheard', 'toString', 'constructor', '__proto__', 'hasOwnProperty'])(
    'of type %j is unknown',
    (type) => {
      expect(isEventType(type)).toBe(false);
      expect(codeOf(type, 1, utf8('{}'))).toBe('EVENT_INVALID');
    },
  );

  it('holds dates that exist', () => {
    const admitted = samples().get('DecisionAdmitted');
    for (const validUntil of [
      '2026-02-30T00:00:00.000Z',
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00.000+00:00',
      '2026-01-01T24:00:00.000Z',
    ]) {
      expect(codeOf('DecisionAdmitted', 1, canonicalise({ ...admitted, validUntil }))).toBe('EVENT_INVALID');
    }
  });

  it('holds ids and digests in their one form', () => {
    const placed = samples().get('ReservationPlaced');
    for (const change of [
      { decisionId: uuidFor(1).toUpperCase() },
      { holderHash: 'sha256:00' },
      { nonce: 'AAAA' },
      { attempt: 0 },
      { tenant: 'ACME' },
    ]) {
      expect(codeOf('ReservationPlaced', 1, canonicalise({ ...placed, ...change }))).toBe('EVENT_INVALID');
    }
  });
});
