import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { POLICY_LIMITS, POLICY_RUNTIME } from '../index.js';
import { ListUnderConstruction, Meter } from './meter.js';
import { parseExpression } from './parse-expression.js';
import { problemOfPattern, unrolledSize } from './pattern.js';
import { splitConjunction } from './split-conjunction.js';

describe('splitConjunction', () => {
  const split = (text: string): string[] => {
    const outcome = parseExpression(text);
    if (!outcome.ok) throw new Error(outcome.problem.message);
    return splitConjunction(text, outcome.root).map((span) => {
      expect(text.slice(span.offset, span.offset + span.text.length)).toBe(span.text);
      return span.text;
    });
  };

  it.each([
    ['a', ['a']],
    ['a && b', ['a', 'b']],
    [' a&&b && c ', ['a', 'b', 'c']],
    ['(a && b) && c', ['(a && b)', 'c']],
    ['a && b || c', ['a && b || c']],
    ['a || b && c', ['a || b && c']],
    ['a && (b || c)', ['a', '(b || c)']],
    ['x ? a && b : c && d', ['x ? a && b : c && d']],
    ['a && "&&" == b', ['a', '"&&" == b']],
    ["a && '\\'&&' == b", ['a', "'\\'&&' == b"]],
    ['a && r"\\" == b && c', ['a', 'r"\\" == b', 'c']],
    ['a && """x" && "y""" == b', ['a', '"""x" && "y""" == b']],
    ['a && f([b && c], {"d": e && f})', ['a', 'f([b && c], {"d": e && f})']],
    ['a // b && c\n && d', ['a // b && c', 'd']],
  ])('%s', (text, parts) => {
    expect(split(text)).toEqual(parts);
  });
});

describe('Meter', () => {
  it('stays exhausted until it is reset, whatever is charged then', () => {
    const meter = new Meter();
    meter.reset(10);
    meter.charge(10);
    expect(meter.exhausted).toBe(false);
    expect(() => meter.charge(1)).toThrow();
    expect(meter.exhausted).toBe(true);
    expect(() => meter.charge(0)).toThrow();
    meter.reset(1);
    expect([meter.exhausted, meter.left]).toEqual([false, 1]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('is exhausted by %d', (units) => {
    const meter = new Meter();
    meter.reset();
    expect(() => meter.charge(units)).toThrow();
    expect(meter.exhausted).toBe(true);
  });
});

describe('ListUnderConstruction', () => {
  it('appends to its own lists only', () => {
    const list = ListUnderConstruction.start();
    expect(ListUnderConstruction.append(list, 1n)).toBe(true);
    expect([...list]).toEqual([1n]);
    expect(ListUnderConstruction.append({}, 1n)).toBe(false);
  });
});

describe('patterns', () => {
  it.each([
    ['abc', 3],
    ['a{10}', 11],
    ['(ab){10}', 33],
    ['((a{5}){5}){5}', 200],
    ['[a-z]{2,9}', 10],
    ['\\d{3}-\\d{4}', 10],
    ['[]{}]{3}', 4],
    ['[[:alpha:]]{3}', 4],
    ['a{', 2],
  ])('unroll to no less than they compile to: %s', (pattern, least) => {
    expect(unrolledSize(pattern)).toBeGreaterThanOrEqual(least - 1);
    expect(unrolledSize(pattern)).toBeLessThanOrEqual(least * 3);
  });

  it.each([
    '(',
    'a{99}{99}',
    '(a{99}){99}',
    '\\p{L}',
    '\\PN',
    '(?=a)',
    '(a)\\1',
    'a'.repeat(POLICY_LIMITS.patternLength + 1),
  ])('are refused: %s', (pattern) => {
    expect(problemOfPattern(pattern)).toBeDefined();
  });

  it.each(['', 'a', '^INV-[0-9]{6,10}$', '(?i)abc', '[^@]+@example\\.com'])('are taken: %s', (pattern) => {
    expect(problemOfPattern(pattern)).toBeUndefined();
  });
});

it('the runtime names the versions in the manifest', () => {
  const manifest = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of ['@bufbuild/cel', '@bufbuild/re2']) {
    expect(POLICY_RUNTIME).toContain(`${name} ${manifest.dependencies[name] ?? '-'}`);
  }
});
