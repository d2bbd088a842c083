import { FINDING_CODES, parsePolicy, type PolicyFindingCode } from '../index.js';

/** A document that has no finding; each case changes one thing. */
const GOOD = `id: sample
version: 1.0.0
action: sample.act
signals:
  score: { type: int, min: 0, max: 100 }
  colour: { type: enum, values: [red, green] }
  note: { type: string, optional: true }
  tags: { type: list, items: { type: string, maxLength: 20 }, maxItems: 1000 }
rules:
  - id: good
    when: signals.score > 50 && signals.colour == 'red'
    then: admit
    reason: good
    obligations: [{ id: tell, channel: email }]
  - id: large
    when: has(signals.note) && signals.note == 'x' && signals.tags.size() > 1
    then: escalate
    reason: large
    approval: { roles: [officer] }
  - id: rest
    when: 'true'
    then: deny
    reason: rest
tests:
  - name: good
    signals: { score: 60, colour: red, tags: [] }
    expect: { outcome: admit }
`;

interface Case {
  readonly code: PolicyFindingCode;
  readonly from: string;
  readonly to: string;
  /** `line:column` in the changed text. */
  readonly at: string;
}

const WHEN = `signals.score > 50 && signals.colour == 'red'`;
/** A case that replaces the first rule's condition; columns count from the expression's own start, 11. */
const when = (code: PolicyFindingCode, to: string, column: number): Case => ({
  code,
  from: WHEN,
  to,
  at: `11:${String(10 + column)}`,
});

const CASES: readonly Case[] = [
  { code: 'SOURCE_TOO_LARGE', from: 'id: sample', to: `id: sample # ${'x'.repeat(262_144)}`, at: '1:1' },
  { code: 'SOURCE_SYNTAX', from: 'then: admit', to: 'then: "admit', at: '28:1' },
  { code: 'SOURCE_SYNTAX', from: GOOD, to: '', at: '1:1' },
  { code: 'SOURCE_DUPLICATE_NAME', from: 'version: 1.0.0', to: 'id: other', at: '2:1' },
  { code: 'SOURCE_NAME_FORBIDDEN', from: 'channel: email', to: '__proto__: email', at: '14:31' },
  { code: 'SOURCE_NAME_FORBIDDEN', from: 'channel: email', to: 'constructor: email', at: '14:31' },
  { code: 'SOURCE_FEATURE', from: 'reason: good', to: 'reason: &anchor good', at: '13:21' },
  { code: 'SOURCE_FEATURE', from: 'reason: good', to: 'reason: !!str good', at: '13:19' },
  { code: 'SOURCE_FEATURE', from: 'reason: good', to: 'reason: !custom good', at: '13:13' },
  { code: 'SOURCE_FEATURE', from: 'channel: email', to: '<<: { a: b }', at: '14:31' },
  { code: 'SOURCE_FEATURE', from: 'id: sample', to: 'id: sample\n---\nid: other', at: '2:1' },
  { code: 'SOURCE_FEATURE', from: 'id: sample', to: '%YAML 1.2\n---\nid: sample', at: '1:1' },
  { code: 'SOURCE_VALUE', from: 'max: 100', to: 'max: .inf', at: '5:36' },
  { code: 'SOURCE_VALUE', from: 'max: 100', to: 'max: 9007199254740993', at: '5:36' },
  { code: 'SOURCE_VALUE', from: 'channel: email', to: '1: email', at: '14:31' },
  { code: 'SOURCE_DEPTH', from: 'score: 60', to: `score: ${'['.repeat(20)}${']'.repeat(20)}`, at: '26:36' },
  { code: 'FIELD_UNKNOWN', from: 'action: sample.act', to: 'action: sample.act\ncolour: red', at: '4:1' },
  { code: 'FIELD_MISSING', from: '    reason: good\n', to: '', at: '10:5' },
  { code: 'FIELD_TYPE', from: 'reason: good', to: 'reason: 3', at: '13:13' },
  { code: 'FIELD_VALUE', from: 'version: 1.0.0', to: 'version: "1.0"', at: '2:10' },
  { code: 'FIELD_VALUE', from: 'then: admit', to: 'then: allow', at: '12:11' },
  { code: 'FIELD_VALUE', from: '  score: {', to: '  Score: {', at: '5:3' },
  { code: 'FIELD_VALUE', from: 'channel: email', to: 'channel: [email]', at: '14:40' },
  { code: 'DURATION_ORDER', from: 'tests:', to: 'reservation: { ttl: 2h, maxTtl: 1h }\ntests:', at: '24:21' },
  { code: 'SIGNAL_NAME_RESERVED', from: '  note:', to: '  in: { type: bool, maxAge: 1s }\n  note:', at: '7:3' },
  { code: 'SIGNAL_RANGE_EMPTY', from: 'min: 0', to: 'min: 101', at: '5:28' },
  { code: 'SIGNAL_VALUES_DUPLICATE', from: '[red, green]', to: '[red, red]', at: '6:39' },
  { code: 'SIGNAL_UNUSED', from: '  note:', to: '  spare: { type: bool }\n  note:', at: '7:3' },
  { code: 'RULE_ID_DUPLICATE', from: 'id: large', to: 'id: good', at: '15:9' },
  {
    code: 'RULE_CONDITION_DUPLICATE',
    from: 'id: large\n    when: has(signals.note) &&',
    to: "id: large\n    when: signals.score>50  &&  (signals.colour == 'red')\n    #",
    at: '16:11',
  },
  { code: 'RULE_UNREACHABLE', from: `when: ${WHEN}`, to: 'when: "true || signals.score > 3"', at: '15:5' },
  { code: 'RULE_NEVER_MATCHES', from: `when: ${WHEN}`, to: 'when: signals.score > 3 && 1 > 2', at: '11:11' },
  { code: 'RULE_APPROVAL_MISSING', from: '    approval: { roles: [officer] }\n', to: '', at: '17:11' },
  {
    code: 'RULE_APPROVAL_MISPLACED',
    from: 'reason: good',
    to: 'reason: good\n    approval: { roles: [officer] }',
    at: '14:5',
  },
  { code: 'OBLIGATION_DUPLICATE', from: '{ id: tell, channel: email }', to: '{ id: tell }, { id: tell }', at: '14:39' },
  {
    code: 'OBLIGATION_MISPLACED',
    from: 'reason: rest',
    to: 'reason: rest\n    obligations: [{ id: tell }]',
    at: '24:5',
  },
  { code: 'DEFAULT_MISSING', from: "when: 'true'", to: 'when: signals.score < 3', at: '9:1' },
  when('EXPRESSION_TOO_LONG', `${WHEN} || ${'true || '.repeat(600)}true`, 1),
  when('EXPRESSION_SYNTAX', 'signals.score > > 50', 15),
  when('EXPRESSION_TOO_DEEP', `${'('.repeat(70)}true${')'.repeat(70)}`, 65),
  when('EXPRESSION_TOO_LARGE', `1 in [${'1,'.repeat(1_100)}1]`, 1),
  when('EXPRESSION_NESTING', 'signals.tags.exists(a, signals.tags.exists(b, signals.tags.exists(c, c == a)))', 1),
  when('EXPRESSION_COST', 'signals.tags.exists(a, signals.tags.exists(b, a == b))', 13),
  when('EXPRESSION_FEATURE', "b'x' == b'y'", 1),
  when('EXPRESSION_FEATURE', '1u == 1u', 1),
  when('EXPRESSION_FEATURE', 'google.protobuf.Timestamp{} == evaluatedAt', 1),
  when('EXPRESSION_FEATURE', "evaluatedAt.getHours('Europe/Berlin') == 3", 12),
  when('EXPRESSION_NAME_UNKNOWN', 'signals.score > 50 || scores > 3', 23),
  when('EXPRESSION_NAME_UNKNOWN', 'type(signals.score) == int', 24),
  when('EXPRESSION_NAME_SHADOWED', 'signals.tags.exists(subject, true)', 13),
  when('EXPRESSION_SIGNAL_UNKNOWN', 'signals.scores > 50', 8),
  when('EXPRESSION_SIGNAL_UNKNOWN', "signals['scores'] > 50", 8),
  when('EXPRESSION_SIGNAL_UNGUARDED', "signals.note == 'x'", 8),
  when('EXPRESSION_FUNCTION_UNKNOWN', 'now() > evaluatedAt', 1),
  when('EXPRESSION_FUNCTION_UNKNOWN', 'signals.tags.exists(true)', 13),
  when('EXPRESSION_TYPE', "signals.score > 'high'", 15),
  when('EXPRESSION_TYPE', 'signals.score * 1.5 > 3.0', 15),
  when('EXPRESSION_TYPE', 'signals.score == true', 15),
  when('EXPRESSION_TYPE', 'signals.score.value > 3', 14),
  when('EXPRESSION_TYPE', 'signals.score && true', 8),
  when('EXPRESSION_TYPE', '99999999999999999999 > signals.score', 1),
  when('EXPRESSION_NOT_BOOLEAN', 'signals.score + 1', 15),
  when('EXPRESSION_ENUM_VALUE', "signals.colour == 'blue'", 16),
  when('EXPRESSION_ENUM_VALUE', "signals.colour in ['red', 'blue']", 27),
  when('EXPRESSION_PATTERN', 'subject.matches(action)', 17),
  when('EXPRESSION_PATTERN', "subject.matches('(')", 17),
  when('EXPRESSION_PATTERN', "subject.matches('(a{99}){99}')", 17),
  { code: 'TESTS_MISSING', from: GOOD.slice(GOOD.indexOf('tests:')), to: '', at: '1:1' },
  {
    code: 'TEST_NAME_DUPLICATE',
    from: 'expect: { outcome: admit }',
    to: 'expect: { outcome: admit }\n  - { name: good, signals: {}, expect: { outcome: deny } }',
    at: '28:13',
  },
  { code: 'TEST_RULE_UNKNOWN', from: 'outcome: admit }', to: 'outcome: admit, rule: none }', at: '27:37' },
];

describe('findings', () => {
  it('are none on a good document', () => {
    expect(parsePolicy(GOOD, 'yaml').findings).toEqual([]);
  });

  it.each(CASES.map((entry) => [entry.code, entry.to.slice(0, 48), entry] as const))(
    '%s: %s',
    (_code, _to, { code, from, to, at }) => {
      expect(GOOD).toContain(from);
      const { document, findings } = parsePolicy(
        GOOD.replace(from, () => to),
        'yaml',
      );
      const found = findings.map((finding) => `${finding.code} ${String(finding.line)}:${String(finding.column)}`);
      expect(found).toContain(`${code} ${at}`);
      const { severity } = FINDING_CODES[code];
      expect(findings.find((finding) => finding.code === code)?.severity).toBe(severity);
      expect(document === undefined).toBe(findings.some((finding) => finding.severity === 'error'));
    },
  );

  it('have a case for every code', () => {
    expect([...new Set(CASES.map(({ code }) => code))].sort()).toEqual(Object.keys(FINDING_CODES).sort());
  });

  it('tell all that is wrong, in the order of the text', () => {
    const text = GOOD.replace('version: 1.0.0', 'version: one').replace('then: admit', 'then: allow');
    expect(parsePolicy(text, 'yaml').findings.map(({ line, path }) => [line, path])).toEqual([
      [2, 'version'],
      [12, 'rules[0].then'],
    ]);
  });

  it.each([
    "when: 'has(signals.note) && signals.note == ''x'' && signals.scores > 1'",
    'when: "has(signals.note) && signals.note == \\"x\\" && signals.scores > 1"',
    'when: "has(signals.note) && signals.note == \\u0022x\\u0022 && signals.scores > 1"',
  ])('count columns past the escapes of a quoted expression: %s', (to) => {
    const text = GOOD.replace(`when: ${WHEN}`, () => to);
    const [unknown] = parsePolicy(text, 'yaml').findings.filter(({ code }) => code === 'EXPRESSION_SIGNAL_UNKNOWN');
    const line = text.split('\n')[(unknown?.line ?? 0) - 1] ?? '';
    expect(line.slice((unknown?.column ?? 0) - 1)).toMatch(/^\.scores/);
  });

  it('count lines inside a block expression', () => {
    const { findings } = parsePolicy(
      GOOD.replace(`when: ${WHEN}`, 'when: |\n      signals.score > 1 &&\n      signals.scores > 1'),
      'yaml',
    );
    expect(findings.map(({ code, line, column }) => [code, line, column])).toContainEqual([
      'EXPRESSION_SIGNAL_UNKNOWN',
      13,
      14,
    ]);
  });
});
