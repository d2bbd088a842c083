import { parseDuration } from './duration.js';
import { formatInstant, parseInstant } from './instant.js';
import {
  isUuid,
  parseDecisionId,
  parseEventId,
  parseExecutionId,
  parseKeyId,
  parsePolicyId,
  parseTenant,
} from './names.js';

function expectCode(act: () => unknown, code: string, details: Record<string, unknown> = {}): void {
  expect(act).toThrow(expect.objectContaining({ code, details: expect.objectContaining(details) }));
}

const V7 = '01939c5e-8d2a-7bbb-8b7c-1234567890ab';
const WRONG_TYPES = [undefined, null, 1, true, {}, ['a'], new String('a')];

const PARSERS = {
  tenant: {
    parse: parseTenant,
    good: ['a', '_', '0', 'bank_1', 'a'.repeat(32)],
    bad: ['A', 'a-b', 'a.b', 'a'.repeat(33)],
  },
  executionId: {
    parse: parseExecutionId,
    good: ['A', 'loan-1:2.3_x', '.', 'a'.repeat(128)],
    bad: ['a/b', 'a@b', 'a%20', 'a'.repeat(129)],
  },
  policyId: {
    parse: parsePolicyId,
    good: ['a', '0', 'loan-approval', 'a'.repeat(64)],
    bad: ['-a', 'A', 'a_b', 'a.b', 'a'.repeat(65)],
  },
  eventId: {
    parse: parseEventId,
    good: [V7],
    bad: [V7.toUpperCase(), V7.replace('-7', '-4'), V7.replace('-8b', '-0b'), `{${V7}}`, V7.replaceAll('-', '')],
  },
  decisionId: { parse: parseDecisionId, good: [V7], bad: [V7.replace('-7', '-1'), V7.slice(1), `${V7}0`] },
  keyId: {
    parse: parseKeyId,
    good: ['a', 'Key-1', 'sha256:0a', 'a'.repeat(128)],
    bad: ['-a', 'a b', 'a+b', 'a/b', 'a'.repeat(129)],
  },
};

describe.each(Object.entries(PARSERS))('%s', (name, { parse, good, bad }) => {
  test.each(good)('is %j', (text) => {
    expect(parse(text)).toBe(text);
  });

  test.each([...bad, '', ' ', `${good[0]!}\n`, ` ${good[0]!}`, `${good[0]!}\u0000`, 'é', 'ａ', '../a'])(
    'is not %j',
    (text) => {
      expectCode(() => parse(text), 'NAME_INVALID', { name });
    },
  );

  test.each(WRONG_TYPES)('is not of the type of %p', (value) => {
    expectCode(() => parse(value), 'NAME_INVALID', { name });
  });
});

test('a refused name is told with its pattern, truncated and printable', () => {
  expectCode(() => parseTenant(`É\n${'x'.repeat(500)}`), 'NAME_INVALID', {
    value: `??${'x'.repeat(62)}...`,
    pattern: '^[a-z0-9_]{1,32}$',
  });
  expectCode(() => parseTenant(null), 'NAME_INVALID', { value: 'a null' });
});

test('isUuid takes every version, in lower case only', () => {
  expect(isUuid(V7)).toBe(true);
  expect(isUuid(V7.replace('-7', '-4'))).toBe(true);
  for (const value of [V7.toUpperCase(), `${V7}\n`, '', ...WRONG_TYPES]) expect(isUuid(value)).toBe(false);
});

describe('instants', () => {
  test.each([
    [0, '1970-01-01T00:00:00.000Z'],
    [Date.UTC(2026, 10, 23, 16, 5, 42, 123), '2026-11-23T16:05:42.123Z'],
    [Date.UTC(2024, 1, 29), '2024-02-29T00:00:00.000Z'],
    [-1, '1969-12-31T23:59:59.999Z'],
    [-62_167_219_200_000, '0000-01-01T00:00:00.000Z'],
    [253_402_300_799_999, '9999-12-31T23:59:59.999Z'],
  ])('%p is %s', (ms, text) => {
    expect(formatInstant(ms)).toBe(text);
    expect(parseInstant(text)).toBe(ms);
  });

  test.each([
    '2026-02-30T00:00:00.000Z',
    '2025-02-29T00:00:00.000Z',
    '2026-13-01T00:00:00.000Z',
    '2026-00-01T00:00:00.000Z',
    '2026-01-00T00:00:00.000Z',
    '2026-01-01T24:00:00.000Z',
    '2026-01-01T23:59:60.000Z',
    '2026-01-01T00:60:00.000Z',
    '2026-01-01T00:00:00Z',
    '2026-01-01T00:00:00.00Z',
    '2026-01-01T00:00:00.0000Z',
    '2026-01-01T00:00:00.000+00:00',
    '2026-01-01T00:00:00.000',
    '2026-01-01t00:00:00.000z',
    '2026-01-01 00:00:00.000Z',
    '+002026-01-01T00:00:00.000Z',
    '2026-01-01T00:00:00.000Z\n',
    '２026-01-01T00:00:00.000Z',
    '',
    '0',
  ])('refuses %j', (text) => expectCode(() => parseInstant(text), 'REQUEST_INVALID'));

  test.each(WRONG_TYPES)('refuses the type of %p', (value) => {
    expectCode(() => parseInstant(value as string), 'REQUEST_INVALID');
  });

  test.each([Number.NaN, Infinity, 0.5, 253_402_300_800_000, -62_167_219_200_001, '0', 0n, undefined])(
    'has none for %p',
    (ms) => {
      expectCode(() => formatInstant(ms as number), 'REQUEST_INVALID');
    },
  );
});

describe('durations', () => {
  test.each([
    ['0s', 0],
    ['250ms', 250],
    ['300s', 300_000],
    ['15m', 900_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['104249991d', 9_007_199_222_400_000],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    '',
    '1',
    's',
    '1 s',
    '-1s',
    '+1s',
    '1.5h',
    '01s',
    '1S',
    '1w',
    '1h30m',
    '1s\n',
    '104249992d',
    '999999999999999d',
    '1e3s',
    '١s',
  ])('refuses %j', (text) => expectCode(() => parseDuration(text), 'REQUEST_INVALID'));

  test.each(WRONG_TYPES)('refuses the type of %p', (value) => {
    expectCode(() => parseDuration(value as string), 'REQUEST_INVALID');
  });
});
