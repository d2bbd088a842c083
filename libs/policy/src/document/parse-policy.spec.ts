import { canonicalText, digestOf, type JsonValue } from '@writ/encoding';
import { compilePolicy, parsePolicy, policyJsonSchema } from '../index.js';

const YAML = `
id: sample
version: 1.0.0
action: sample.act
signals: { score: { type: int }, share: { type: double, min: 0.5 } }
rules:
  - { id: good, when: 'signals.score > 50 && signals.share > 1.0', then: admit, reason: "gr\\u00fcn" }
tests: [{ name: good, signals: { score: 60, share: 2 }, expect: { outcome: admit } }]
`;
const DATA = {
  id: 'sample',
  version: '1.0.0',
  action: 'sample.act',
  signals: { score: { type: 'int' }, share: { type: 'double', min: 0.5 } },
  rules: [{ id: 'good', when: 'signals.score > 50 && signals.share > 1.0', then: 'admit', reason: 'grün' }],
  tests: [{ name: 'good', signals: { score: 60, share: 2 }, expect: { outcome: 'admit' } }],
} satisfies JsonValue;

describe('parsePolicy', () => {
  it('gives YAML and JSON that say the same one digest, which is that of the data', () => {
    const yaml = parsePolicy(YAML, 'yaml');
    const json = parsePolicy(JSON.stringify(DATA, null, 2), 'json');
    expect(yaml.digest).toBe(digestOf(DATA));
    expect(json.digest).toBe(yaml.digest);
    expect(yaml.canonical).toBe(canonicalText(DATA));
    expect(json.document).toEqual(yaml.document);
  });

  it('reads its own canonical text back to the same document', () => {
    const yaml = parsePolicy(YAML, 'auto');
    const again = parsePolicy(yaml.canonical ?? '', 'auto');
    expect(again).toMatchObject({ digest: yaml.digest, canonical: yaml.canonical, document: yaml.document });
  });

  it('writes the defaults down', () => {
    const { document } = parsePolicy(YAML, 'yaml');
    expect(document).toMatchObject({
      admission: { ttlMs: 3_600_000, maxEvaluations: 3 },
      reservation: { ttlMs: 300_000, maxTtlMs: 3_600_000, effect: 'once', maxAttempts: 3 },
      signals: [
        { name: 'score', shape: { type: 'int' }, optional: false },
        { name: 'share', shape: { type: 'double', min: 0.5 }, optional: false },
      ],
      rules: [{ obligations: [] }],
    });
  });

  it('changes the digest when a default is spelled out', () => {
    const spelled = parsePolicy(`${YAML}admission: { ttl: 1h }\n`, 'yaml');
    expect(spelled.digest).toBeDefined();
    expect(spelled.digest).not.toBe(parsePolicy(YAML, 'yaml').digest);
  });

  it.each([
    '',
    ' ',
    '\0',
    '{',
    '[]',
    '"x"',
    '- a',
    '? a\n: b',
    '{}',
    'null',
    '\ud800',
    '\u2028',
    '&a [*a]',
    '!!binary aGk=',
    '%TAG ! x\n---\na',
  ])('never throws: %j', (text) => {
    for (const format of ['yaml', 'json', 'auto'] as const) {
      const { document, findings } = parsePolicy(text, format);
      expect(document).toBeUndefined();
      expect(findings.length).toBeGreaterThan(0);
      for (const { line, column } of findings) expect(Math.min(line, column)).toBeGreaterThanOrEqual(1);
    }
  });

  it('places findings in JSON', () => {
    const text = JSON.stringify(DATA, null, 2).replace('signals.share', 'signals.shares');
    const { findings } = parsePolicy(text, 'json');
    const unknown = findings.find(({ code }) => code === 'EXPRESSION_SIGNAL_UNKNOWN');
    const line = text.split('\n')[(unknown?.line ?? 0) - 1] ?? '';
    expect(line.slice((unknown?.column ?? 0) - 1)).toMatch(/^\.shares/);
    expect(unknown?.path).toBe('rules[0].when');
  });

  it.each([
    ['{"id":"a","id":"b"}', 'SOURCE_DUPLICATE_NAME', 11],
    ['{"a":{"__proto__":1}}', 'SOURCE_NAME_FORBIDDEN', 7],
    ['{"a":9007199254740993}', 'SOURCE_VALUE', 6],
    [`{"a":${'['.repeat(20)}${']'.repeat(20)}}`, 'SOURCE_DEPTH', 21],
    ['{"a":01}', 'SOURCE_SYNTAX', 6],
  ])('refuses what is not strict JSON: %s', (text, code, column) => {
    expect(parsePolicy(text, 'json').findings).toMatchObject([{ code, severity: 'error', line: 1, column }]);
  });

  it.each([
    ['names', (index: number) => `a${String(index)}: 1\n`],
    ['repeated names', () => 'a: 1\n'],
    ['errors', () => '}\n'],
    ['anchors', (index: number) => `- &a${String(index)} x\n`],
  ])('reads a document full of %s in linear time, and tells a bounded number of findings', (_name, line) => {
    const text = Array.from({ length: 20_000 }, (_, index) => line(index)).join('');
    const started = performance.now();
    const { document, findings } = parsePolicy(text, 'yaml');
    // Quadratic reading took from 27 s to 6 min.
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(document).toBeUndefined();
    expect(findings.length).toBeLessThanOrEqual(200);
  });

  it('leaves no trace on prototypes', () => {
    parsePolicy('{"__proto__":{"polluted":1}}', 'json');
    parsePolicy('__proto__: { polluted: 1 }\nconstructor: { prototype: { polluted: 1 } }', 'yaml');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('compilePolicy', () => {
  it('reads everything from the source that the digest covers', () => {
    const { document, digest } = parsePolicy(YAML, 'yaml');
    if (document === undefined) throw new Error('the sample is refused');
    const forged = { ...document, rules: document.rules.map((rule) => ({ ...rule, when: 'true' })) };
    const compiled = compilePolicy(forged);
    expect(compiled.digest).toBe(digest);
    expect(compiled.document.rules[0]?.when).toBe(DATA.rules[0]?.when);
  });

  it('refuses a source with errors, and lists them', () => {
    const { document } = parsePolicy(YAML, 'yaml');
    if (document === undefined) throw new Error('the sample is refused');
    const broken = { ...document, source: { ...document.source, version: 'one' } };
    let thrown: unknown;
    try {
      compilePolicy(broken);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      code: 'POLICY_INVALID',
      details: { findings: [{ code: 'FIELD_VALUE', path: 'version' }] },
    });
  });
});

describe('policyJsonSchema', () => {
  it('describes the document', () => {
    expect(policyJsonSchema()).toMatchObject({
      type: 'object',
      required: expect.arrayContaining(['id', 'rules']) as unknown,
    });
  });
});
