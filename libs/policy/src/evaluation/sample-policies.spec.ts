import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { compilePolicy, diffPolicies, parsePolicy, runTests, type PolicyDocument } from '../index.js';

const FOLDER = join(__dirname, '../../../../docs/policies');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

function load(file: string, change: (text: string) => string = (text) => text): PolicyDocument {
  const { document, findings } = parsePolicy(change(readFileSync(join(FOLDER, file), 'utf8')), 'yaml');
  if (document === undefined) throw new Error(JSON.stringify(findings));
  return document;
}

describe('sample policies', () => {
  it('are there', () => {
    expect(FILES).toEqual(expect.arrayContaining(['agent-tool.yaml', 'loan-approval.yaml', 'payment.yaml']));
  });

  it.each(FILES)('%s has no finding, and its tests pass', (file) => {
    expect(parsePolicy(readFileSync(join(FOLDER, file), 'utf8'), 'yaml').findings).toEqual([]);
    const document = load(file);
    const outcomes = runTests(compilePolicy(document));
    expect(outcomes.filter(({ passed }) => !passed)).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(4);
    expect(document.id).toBe(file.replace('.yaml', ''));
    const reached = new Set(outcomes.map(({ actual }) => actual.rule));
    expect(document.rules.map(({ id }) => id).filter((id) => !reached.has(id))).toEqual([]);
  });
});

describe('runTests', () => {
  it('tells what a failing test expected and got', () => {
    const document = load('loan-approval.yaml', (text) =>
      text.replace('outcome: admit, rule: prime }', 'outcome: admit, rule: large }'),
    );
    expect(runTests(compilePolicy(document))[0]).toEqual({
      name: 'seed example',
      passed: false,
      expected: { outcome: 'admit', rule: 'large' },
      actual: { outcome: 'admit', rule: 'prime', codes: ['RULE'] },
    });
  });
});

describe('diffPolicies', () => {
  const before = load('loan-approval.yaml');

  it('finds nothing between a document and another layout of it', () => {
    const json = parsePolicy(
      parsePolicy(readFileSync(join(FOLDER, 'loan-approval.yaml'), 'utf8'), 'yaml').canonical ?? '',
      'json',
    ).document;
    if (json === undefined) throw new Error('the canonical text is refused');
    expect(diffPolicies(before, json)).toEqual({
      same: true,
      settings: [],
      signals: [],
      rules: [],
      tests: [],
      outcomes: [],
    });
  });

  it('takes a default that is spelled out for no change', () => {
    const bare = load('loan-approval.yaml', (text) => text.replace(/^admission:.*\n/m, ''));
    expect(diffPolicies(before, bare).same).toBe(true);
  });

  it('names changed rules, signals, settings and test outcomes', () => {
    const after = load('loan-approval.yaml', (text) =>
      text
        .replace('version: 1.0.3', 'version: 1.1.0')
        .replace('max: 850', 'max: 900')
        .replace('>= 700', '>= 680')
        .replace('id: otherwise', 'id: rest')
        .replace('rule: otherwise', 'rule: rest')
        .replace('maxTtl: 1h', 'maxTtl: 2h'),
    );
    expect(diffPolicies(before, after)).toEqual({
      same: false,
      settings: [
        { name: 'version', before: '1.0.3', after: '1.1.0' },
        { name: 'reservation.maxTtlMs', before: 3_600_000, after: 7_200_000 },
      ],
      signals: [{ name: 'credit_score', change: 'changed', fields: ['shape'] }],
      rules: [
        { name: 'otherwise', change: 'removed', fields: [] },
        { name: 'prime', change: 'changed', fields: ['when'] },
        { name: 'rest', change: 'added', fields: [] },
      ],
      tests: [{ name: 'low score', change: 'changed', fields: ['expect'] }],
      outcomes: [
        {
          name: 'low score',
          before: { outcome: 'deny', rule: 'otherwise', codes: ['RULE'] },
          after: { outcome: 'admit', rule: 'prime', codes: ['RULE'] },
        },
      ],
    });
  });

  it('tells when rules change places', () => {
    const prime = before.rules[0];
    const large = before.rules[1];
    if (prime === undefined || large === undefined) throw new Error('the sample has lost its rules');
    const after: PolicyDocument = { ...before, rules: [large, prime, ...before.rules.slice(2)] };
    expect(diffPolicies(before, after).rules).toEqual([
      { name: 'large', change: 'moved', fields: [] },
      { name: 'prime', change: 'moved', fields: [] },
    ]);
  });
});
