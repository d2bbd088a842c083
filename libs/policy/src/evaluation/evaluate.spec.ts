import {
  REASON_CODES,
  compilePolicy,
  parsePolicy,
  type CompiledPolicy,
  type EvaluationInput,
  type ReasonCode,
} from '../index.js';

const NOW = Date.UTC(2026, 0, 1, 12);

function policyOf(body: string): CompiledPolicy {
  const { document, findings } = parsePolicy(`id: p\nversion: 1.0.0\naction: act\n${body}`, 'yaml');
  if (document === undefined) throw new Error(JSON.stringify(findings));
  return compilePolicy(document);
}

/** A policy with one rule over the given signals. */
function ruled(when: string, signals = '{}'): CompiledPolicy {
  return policyOf(
    `signals: ${signals}\nrules: [{ id: only, when: ${JSON.stringify(when)}, then: admit, reason: because }]`,
  );
}

const intent = (more: Partial<EvaluationInput> = {}): EvaluationInput => ({
  action: 'act',
  subject: 'somebody',
  parameters: {},
  signals: {},
  executionId: 'e-1',
  evaluatedAtMs: NOW,
  ...more,
});

const codesOf = (policy: CompiledPolicy, input: EvaluationInput): ReasonCode[] =>
  policy.evaluate(input).reasons.map(({ code }) => code);

const signals = (values: Readonly<Record<string, unknown>>): EvaluationInput['signals'] =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { value: value as never, observedAtMs: NOW }]),
  );

describe('evaluate', () => {
  const policy = policyOf(`
signals: { score: { type: int } }
rules:
  - { id: good, when: 'signals.score > 50 && signals.score < 90', then: admit, reason: good, obligations: [{ id: tell, how: mail }] }
  - { id: big, when: 'signals.score > 95', then: escalate, reason: big, approval: { quorum: 2, roles: [boss], ttl: 2h } }
  - { id: bad, when: 'signals.score < 0', then: deny, reason: bad }
admission: { ttl: 10m }`);
  const scored = (score: number): ReturnType<CompiledPolicy['evaluate']> =>
    policy.evaluate(intent({ signals: signals({ score }) }));

  it('admits by the first rule that matches', () => {
    expect(scored(60)).toEqual({
      outcome: 'admitted',
      rule: 'good',
      reasons: [{ code: 'RULE', text: 'good', rule: 'good' }],
      obligations: [{ id: 'tell', how: 'mail' }],
      diagnostics: [{ rule: 'good', matched: true }],
      validUntilMs: NOW + 600_000,
    });
  });

  it('escalates with the terms of the approval', () => {
    expect(scored(99)).toEqual({
      outcome: 'escalated',
      rule: 'big',
      reasons: [{ code: 'RULE', text: 'big', rule: 'big' }],
      obligations: [],
      diagnostics: [
        { rule: 'good', matched: false, clause: { text: 'signals.score < 90', offset: 22 } },
        { rule: 'big', matched: true },
      ],
      validUntilMs: NOW + 14_400_000, // the wait and the approval, not the admission's ten minutes
      approval: { quorum: 2, roles: ['boss'], ttlMs: 7_200_000, separationOfDuties: true },
    });
  });

  it('denies by a rule, and where no rule matches', () => {
    expect(scored(-1)).toMatchObject({
      outcome: 'denied',
      rule: 'bad',
      reasons: [{ code: 'RULE', text: 'bad' }],
      validUntilMs: NOW,
    });
    expect(scored(92)).toMatchObject({
      outcome: 'denied',
      rule: null,
      reasons: [{ code: 'NO_RULE_MATCHED' }],
      obligations: [],
    });
  });

  it('gives the same answer to the same input, whatever came between', () => {
    const first = scored(60);
    scored(-1);
    policy.evaluate(null as never);
    expect(scored(60)).toEqual(first);
  });
});

describe('signals', () => {
  const all = `
signals:
  i: { type: int, min: 1, max: 10, optional: true }
  d: { type: double, min: 0, max: 1, optional: true }
  s: { type: string, maxLength: 3, optional: true }
  b: { type: bool, optional: true }
  e: { type: enum, values: [red, green], optional: true }
  t: { type: timestamp, optional: true }
  l: { type: list, items: { type: enum, values: [a, b] }, maxItems: 2, optional: true }
rules: [{ id: yes, when: 'true', then: admit, reason: yes }]`;
  const policy = policyOf(all);

  it.each([
    ['i', [1, 10], [0, 11, 2 ** 53], [1.5, '1', true, null, [], {}, Number.NaN]],
    ['d', [0, 1, 0.5], [-0.1, 1.1], ['0.5', true, null, [], {}]],
    ['s', ['', 'abc', '💩'], ['abcd'], [1, true, null, [], {}]],
    ['b', [true, false], [], [0, 1, 'true', null, [], {}]],
    ['e', ['red'], [], [1, null, true, {}]],
    [
      't',
      ['2026-01-01T00:00:00.000Z'],
      [],
      ['2026-01-01', '2026-01-01T00:00:00Z', '2026-02-30T00:00:00.000Z', 1, null],
    ],
    ['l', [[], ['a', 'b']], [['a', 'b', 'a']], ['a', 1, null, {}, [1]]],
  ] as const)('of %s are checked', (name, good, outside, wrong) => {
    const codes = (value: unknown): ReasonCode[] => codesOf(policy, intent({ signals: signals({ [name]: value }) }));
    for (const value of good) expect(codes(value)).toEqual(['RULE']);
    for (const value of outside) expect(codes(value)).toEqual(['SIGNAL_RANGE']);
    for (const value of wrong) expect(['SIGNAL_TYPE', 'SIGNAL_ENUM', 'INPUT_NOT_PLAIN']).toContain(codes(value)[0]);
    for (const value of wrong)
      expect(policy.evaluate(intent({ signals: signals({ [name]: value }) })).outcome).toBe('denied');
  });

  it('report a value outside an enum as such, and a wrong type as such', () => {
    expect(codesOf(policy, intent({ signals: signals({ e: 'blue' }) }))).toEqual(['SIGNAL_ENUM']);
    expect(codesOf(policy, intent({ signals: signals({ e: 1 }) }))).toEqual(['SIGNAL_TYPE']);
    expect(codesOf(policy, intent({ signals: signals({ i: 1.5 }) }))).toEqual(['SIGNAL_TYPE']);
  });

  it('are all told when several are wrong', () => {
    const strict = policyOf(
      "signals: { a: { type: int }, b: { type: bool } }\nrules: [{ id: y, when: 'signals.b && signals.a > 1', then: admit, reason: y }]",
    );
    expect(strict.evaluate(intent({ signals: signals({ a: 'x', c: 1 }) })).reasons).toMatchObject([
      { code: 'SIGNAL_TYPE', signal: 'a' },
      { code: 'SIGNAL_MISSING', signal: 'b' },
      { code: 'SIGNAL_UNDECLARED', signal: 'c' },
    ]);
  });

  it('that age are judged by their observation', () => {
    const aged = policyOf(
      "signals: { a: { type: int, maxAge: 60s } }\nrules: [{ id: y, when: 'signals.a > 0', then: admit, reason: y }]",
    );
    const at = (observedAtMs: number): EvaluationInput => intent({ signals: { a: { value: 1, observedAtMs } } });
    expect(aged.evaluate(at(NOW - 60_000))).toMatchObject({ outcome: 'admitted', validUntilMs: NOW });
    expect(aged.evaluate(at(NOW - 10_000))).toMatchObject({ outcome: 'admitted', validUntilMs: NOW + 50_000 });
    expect(codesOf(aged, at(NOW - 60_001))).toEqual(['SIGNAL_STALE']);
    expect(codesOf(aged, at(NOW + 2_000))).toEqual(['RULE']);
    expect(codesOf(aged, at(NOW + 2_001))).toEqual(['SIGNAL_FROM_FUTURE']);
    expect(codesOf(aged, at(0.5))).toEqual(['SIGNAL_UNDATED']);
    expect(codesOf(aged, intent({ signals: { a: { value: 1 } } }))).toEqual(['SIGNAL_UNDATED']);
  });

  it('that are bound equal their argument', () => {
    const bound = policyOf(`
executionKey: parameters.key
signals:
  a: { type: int, bind: parameters.pay.amount }
  l: { type: list, items: { type: int }, maxItems: 3, bind: parameters.list }
rules: [{ id: y, when: 'signals.a > 0', then: admit, reason: y }]`);
    const good = { key: 'e-1', pay: { amount: 5 }, list: [1, 2] };
    const given = signals({ a: 5, l: [1, 2] });
    expect(codesOf(bound, intent({ parameters: good, signals: given }))).toEqual(['RULE']);
    expect(codesOf(bound, intent({ parameters: { ...good, pay: { amount: 6 } }, signals: given }))).toEqual([
      'SIGNAL_BIND_MISMATCH',
    ]);
    expect(codesOf(bound, intent({ parameters: { ...good, pay: { amount: '5' } }, signals: given }))).toEqual([
      'SIGNAL_BIND_MISMATCH',
    ]);
    expect(codesOf(bound, intent({ parameters: { ...good, list: [2, 1] }, signals: given }))).toEqual([
      'SIGNAL_BIND_MISMATCH',
    ]);
    expect(codesOf(bound, intent({ parameters: { ...good, pay: 5 }, signals: given }))).toEqual([
      'SIGNAL_BIND_MISSING',
    ]);
    expect(codesOf(bound, intent({ parameters: { ...good, key: 'e-2' }, signals: given }))).toEqual([
      'EXECUTION_KEY_MISMATCH',
    ]);
    expect(codesOf(bound, intent({ parameters: { ...good, key: null }, signals: given }))).toEqual([
      'EXECUTION_KEY_MISSING',
    ]);
    expect(codesOf(bound, intent({ parameters: { ...good, key: 7 }, signals: given, executionId: '7' }))).toEqual([
      'RULE',
    ]);
  });
});

describe('conditions', () => {
  const parameters = {
    amount: 3,
    share: 1.5,
    name: 'Ä',
    none: null,
    list: [1, 2, 3],
    nested: { deep: true },
    big: 2 ** 53 - 1,
  };

  it.each([
    ['parameters.amount == 3 && parameters.amount + 1 == 4'],
    ['parameters.share > 1.0 && parameters.share > 1 && parameters.amount < 3.5'],
    ['parameters.name.size() == 1 && size(parameters.name) == 1 && parameters.name.startsWith("Ä")'],
    ['!has(parameters.missing) && !has(parameters.none) && parameters.none == null'],
    ['parameters.list.exists(x, x == 2) && parameters.list.all(x, x > 0) && parameters.list.exists_one(x, x > 2)'],
    ['parameters.list.map(x, x * 2) == [2, 4, 6] && parameters.list.filter(x, x > 1).size() == 2'],
    [
      'parameters.list.map(x, x > 1, x * 10) == [20, 30] && parameters.list.map(x, parameters.list.filter(y, y < x).size()) == [0, 1, 2]',
    ],
    ['2 in parameters.list && "amount" in parameters && parameters.list[0] == 1 && parameters["amount"] == 3'],
    ['parameters.nested.deep && (parameters.amount > 5 ? false : true)'],
    [
      'evaluatedAt == timestamp("2026-01-01T12:00:00Z") && evaluatedAt.getHours() == 12 && evaluatedAt.getDayOfWeek() == 4',
    ],
    ['evaluatedAt - duration("12h") == timestamp("2026-01-01T00:00:00Z") && evaluatedAt.getDayOfYear() == 0'],
    ['subject == "somebody" && action == "act" && subject.matches("^some[a-z]+$") && subject.contains("body")'],
    ['int("12") == 12 && double("1.5") == 1.5 && string(3) == "3" && bool("true") && int(2.9) == 2'],
    ['{"a": 1}["a"] == 1 && [1] + [2] == [1, 2] && "a" + "b" == "ab" && parameters.big > 0'],
    ['parameters.missing > 1 || true'],
    ['"a && b" == \'a && b\' && "\\"&&" != r"\\" && (true && true)'],
  ])('hold: %s', (when) => {
    expect(ruled(when).evaluate(intent({ parameters }))).toMatchObject({ outcome: 'admitted' });
  });

  it.each([
    ['parameters.missing > 1', 'absent'],
    ['parameters.list[9] == 1', 'absent'],
    ['parameters.name > 1', 'type'],
    ['parameters.name.matches("Ä") && parameters.amount.matches("a")', 'type'],
    ['parameters.amount / 0 == 1', 'division'],
    ['parameters.big * parameters.big * parameters.big > 0', 'overflow'],
    ['int(parameters.name) == 1', 'conversion'],
    ['double(" ") == 0.0', 'conversion'],
    ['timestamp(parameters.name) < evaluatedAt', 'conversion'],
    ['parameters.nested[1] == 1', 'type'],
    ['parameters.amount', 'not-boolean'],
    ['parameters.name', 'not-boolean'],
    ['parameters.none', 'not-boolean'],
    ['parameters.list', 'not-boolean'],
  ])('that cannot be evaluated deny at their rule: %s', (when, error) => {
    const policy = policyOf(`
signals: {}
rules:
  - { id: broken, when: ${JSON.stringify(when)}, then: admit, reason: x }
  - { id: later, when: 'true', then: admit, reason: x }`);
    const evaluation = policy.evaluate(intent({ parameters }));
    const code = error === 'not-boolean' ? 'RULE_NOT_BOOLEAN' : 'RULE_ERROR';
    expect(evaluation).toMatchObject({ outcome: 'denied', rule: 'broken', reasons: [{ code, rule: 'broken' }] });
    expect(evaluation.diagnostics).toMatchObject([{ rule: 'broken', matched: false, error }]);
  });

  it('name the clause that failed, where it stands in the text', () => {
    const when =
      'true && ( parameters.amount == 3 )  &&  parameters.name == "a && b" // why\n && parameters.amount == 4';
    const [diagnostic] = ruled(when).evaluate(intent({ parameters })).diagnostics;
    expect(diagnostic?.clause).toEqual({
      text: 'parameters.name == "a && b" // why',
      offset: when.indexOf('parameters.name'),
    });
  });

  it('see nothing but their names', () => {
    for (const name of ['toString', 'constructor', '__proto__', 'process', 'executionId', 'hasOwnProperty']) {
      const { document } = parsePolicy(
        `id: p\nversion: 1.0.0\naction: act\nsignals: {}\nrules: [{ id: x, when: '${name} == 1', then: admit, reason: x }]`,
        'yaml',
      );
      expect(document).toBeUndefined();
      const evaluation = ruled(`parameters.${name} == 1 || has(parameters.${name})`).evaluate(intent());
      expect(evaluation).toMatchObject({ outcome: 'denied', reasons: [{ code: 'RULE_ERROR' }] });
    }
  });

  it('never put a value into the answer', () => {
    const secret = 'SECRET-4711';
    const policy = policyOf(`
signals: { s: { type: string, optional: true }, e: { type: enum, values: [a], optional: true }, n: { type: int, optional: true } }
rules:
  - { id: a, when: 'has(signals.s) && signals.s == "x"', then: admit, reason: x }
  - { id: b, when: 'timestamp(parameters.secret) < evaluatedAt', then: admit, reason: x }`);
    const inputs = [
      intent({ parameters: { secret }, signals: signals({ s: secret }), subject: secret }),
      intent({ parameters: { secret }, signals: signals({ e: secret, n: secret }), executionId: secret }),
      intent({ parameters: { [secret]: 1 }, signals: signals({ [secret]: secret }) }),
      intent({ action: secret }),
    ];
    for (const input of inputs) expect(JSON.stringify(policy.evaluate(input))).not.toContain(secret);
  });
});

describe('hostile input', () => {
  const policy = ruled('parameters.a == 1 || true');
  const own = {
    get a() {
      return 1;
    },
  };
  class Point {
    a = 1;
  }
  const cyclic: Record<string, unknown> = {};
  cyclic['a'] = cyclic;
  const sparse = [1, , 3]; // eslint-disable-line no-sparse-arrays -- the hole is the case
  const throwing = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('trap');
      },
    },
  );

  it.each([
    ['getter', { a: own }],
    ['class instance', { a: new Point() }],
    ['date', { a: new Date(0) }],
    ['map', { a: new Map() }],
    ['toJSON', { a: { toJSON: () => 1 } }],
    ['function', { a: () => 1 }],
    ['symbol name', { [Symbol('a')]: 1 }],
    ['bigint', { a: 1n }],
    ['undefined', { a: undefined }],
    ['not a number', { a: Number.NaN }],
    ['infinity', { a: Number.POSITIVE_INFINITY }],
    ['sparse list', { a: sparse }],
    ['list with a name', { a: Object.assign([1], { b: 2 }) }],
    ['list subclass', { a: new (class extends Array<number> {})() }],
    ['throwing proxy', { a: throwing }],
    ['own __proto__', JSON.parse('{"__proto__":{"a":1}}') as object],
    ['hidden member', Object.defineProperty({}, 'a', { value: 1, enumerable: false })],
    ['list for an object', []],
    ['null', null],
  ])('is denied: %s', (_name, parameters) => {
    expect(codesOf(policy, intent({ parameters: parameters as never }))).toEqual(['INPUT_NOT_PLAIN']);
  });

  it.each([
    ['cycle', cyclic],
    ['size', { a: 'x'.repeat(300_000) }],
    ['width', { a: Array.from({ length: 40_000 }, () => 1) }],
  ])('that is too large is denied: %s', (_name, parameters) => {
    expect(codesOf(policy, intent({ parameters: parameters as never }))).toEqual(['INPUT_TOO_LARGE']);
  });

  it.each([
    null,
    undefined,
    1,
    'x',
    [],
    {},
    { signals: { a: 1 } },
    { evaluatedAtMs: Number.NaN },
    { subject: 1 },
    { signals: { a: {} } },
  ])('of the wrong shape is denied: %j', (more) => {
    const input =
      typeof more === 'object' && more !== null && !Array.isArray(more) && Object.keys(more).length > 0
        ? { ...intent(), ...more }
        : more;
    expect(policy.evaluate(input as never)).toMatchObject({
      outcome: 'denied',
      reasons: [{ code: 'INPUT_NOT_PLAIN' }],
    });
  });

  it('with null prototypes is plain', () => {
    const parameters = Object.assign(Object.create(null) as object, { a: 1 });
    expect(codesOf(policy, intent({ parameters: parameters }))).toEqual(['RULE']);
  });

  it.each([
    '',
    '\0',
    '\u202e',
    "'; drop table--",
    '${7*7}',
    '<script>',
    '%s%n',
    '💩',
    'ﷺ',
    '../../etc/passwd',
    'NaN',
    'true',
  ])('in strings is only a string: %j', (text) => {
    const strict = ruled('signals.s == parameters.s', '{ s: { type: string } }');
    expect(strict.evaluate(intent({ parameters: { s: text }, signals: signals({ s: text }) })).outcome).toBe(
      'admitted',
    );
    expect(strict.evaluate(intent({ parameters: { s: `${text}x` }, signals: signals({ s: text }) })).outcome).toBe(
      'denied',
    );
  });

  it('of another action is denied', () => {
    expect(codesOf(policy, intent({ action: 'other' }))).toEqual(['ACTION_MISMATCH']);
  });
});

it('every reason code is spelled in upper case and has a meaning', () => {
  for (const [code, meaning] of Object.entries(REASON_CODES))
    expect([/^[A-Z_]+$/.test(code), meaning.length > 10]).toEqual([true, true]);
});
