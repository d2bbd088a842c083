import { parseJson } from './parse-json.js';
import { utf8 } from './utf8.js';

/** Asserts the code, and the place where one is given. */
function expectRefused(act: () => unknown, code: string, details: Record<string, unknown> = {}): void {
  expect(act).toThrow(expect.objectContaining({ code, details: expect.objectContaining(details) }));
}

describe('parseJson accepts', () => {
  test.each([
    ['null', null],
    [' true ', true],
    ['\t\r\n false', false],
    ['"\\u00e9\\n\\"\\\\\\/\\b\\f\\r\\t"', 'é\n"\\/\b\f\r\t'],
    ['"\\ud83d\\ude02"', '😂'],
    ['"\\ud83d\ude02"', '😂'],
    ['""', ''],
    ['[]', []],
    ['[ [ ] , 1 ]', [[], 1]],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['-9007199254740991', Number.MIN_SAFE_INTEGER],
    ['-0.5e-3', -0.0005],
    ['1E+30', 1e30],
    ['1e0', 1],
    ['0e99999', 0],
    ['0.0e-99999', 0],
    ['5e-324', 5e-324],
  ])('%j', (text, value) => {
    expect(parseJson(text)).toEqual(value);
    expect(parseJson(utf8WithLoneHalves(text))).toEqual(value);
  });

  test('objects without a prototype, in the order of the text', () => {
    const value = parseJson('{"b":1,"a":{"toString":2,"":3}}') as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(Object.keys(value)).toEqual(['b', 'a']);
    expect(value['toString']).toBeUndefined();
    expect(Object.entries(value['a'] as object)).toEqual([
      ['toString', 2],
      ['', 3],
    ]);
  });

  test('minus zero as zero', () => {
    expect(Object.is(parseJson('-0'), 0)).toBe(true);
    expect(Object.is(parseJson('-0.0e5'), 0)).toBe(true);
  });

  test('names that only look alike', () => {
    expect(Object.keys(parseJson('{"é":1,"e\\u0301":2,"E":3,"proto":4}') as object)).toHaveLength(4);
  });
});

/** Half of a pair written raw has no UTF-8 of its own: keep such a text a string. */
function utf8WithLoneHalves(text: string): string | Uint8Array {
  return /[\ud800-\udfff]/.test(text) ? text : utf8(text);
}

describe('parseJson refuses', () => {
  test.each([
    ['', { offset: 0, line: 1, column: 1 }],
    ['  ', { offset: 2 }],
    ['nul', { offset: 0 }],
    ['nulll', { offset: 4 }],
    ['truE', { offset: 0 }],
    ['[1,\n 2,]', { offset: 7, line: 2, column: 4 }],
    ['{"a":1\n\n,}', { line: 3, column: 2 }],
    ['{"a" 1}', { offset: 5 }],
    ['{"a":1 "b":2}', { offset: 7 }],
    ['{a:1}', { offset: 1 }],
    ['[1 2]', { offset: 3 }],
    ['[1', { offset: 2 }],
    ['{"a"', { offset: 4 }],
    ['{', { offset: 1 }],
    ['1 2', { offset: 2 }],
    ['01', { offset: 0 }],
    ['-01', { offset: 0 }],
    ['-', { offset: 0 }],
    ['1.', { offset: 2 }],
    ['.5', { offset: 0 }],
    ['+1', { offset: 0 }],
    ['1e', { offset: 2 }],
    ['1e+', { offset: 3 }],
    ['NaN', { offset: 0 }],
    ["'a'", { offset: 0 }],
    ['"a', { offset: 2 }],
    ['"a\nb"', { offset: 2 }],
    ['"\u0000"', { offset: 1 }],
    ['"\\x41"', { offset: 1 }],
    ['"\\u12G4"', { offset: 1 }],
    ['"\\u12', { offset: 1 }],
    ['"\\', { offset: 1 }],
    ['\ufeff{}', { offset: 0 }],
    ['1\u00a0', { offset: 1 }],
    ['/* */1', { offset: 0 }],
  ])('syntax %j', (text, place) => {
    expectRefused(() => parseJson(text), 'JSON_SYNTAX', place);
  });

  test.each([
    ['{"a":1,"b":2,"a":1}', 'a', 13],
    ['{"a":1,"\\u0061":2}', 'a', 7],
    ['[{"":1,"":2}]', '', 7],
    ['{"0":1,"0":2}', '0', 7],
  ])('the name that stands twice in %j', (text, name, offset) => {
    expectRefused(() => parseJson(text), 'JSON_DUPLICATE_NAME', { name, offset });
  });

  test.each(['__proto__', 'constructor', 'prototype', '\\u005f_proto__'])('the name %j', (name) => {
    expectRefused(() => parseJson(`{"a":[{"${name}":{"polluted":true}}]}`), 'JSON_NAME_FORBIDDEN', { offset: 7 });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test.each([
    '9007199254740992',
    '-9007199254740992',
    '9007199254740993.0',
    '9007199254740992e0',
    '1e20',
    `1${'0'.repeat(25)}`,
    `-1${'0'.repeat(400)}`,
    '1e309',
    '-1e309',
    '1e-400',
    '-0.00001e-400',
  ])('the number %s', (text) => {
    expectRefused(() => parseJson(`[${text}]`), 'JSON_NUMBER_RANGE', { offset: 1 });
  });

  test.each([
    '\\ud800',
    '\ud800',
    '\\udc00',
    '\\udc00\\ud800',
    '\\ud800x',
    '\\uffff',
    '\ufffe',
    '\ufdd0',
    '\\ud83f\\udfff',
  ])('the string %j, as value and as name', (text) => {
    expectRefused(() => parseJson(`["${text}"]`), 'JSON_STRING_INVALID', { offset: 1 });
    expectRefused(() => parseJson(`{"${text}":1}`), 'JSON_STRING_INVALID', { offset: 1 });
  });

  test('bytes that are not UTF-8, with the place of the first bad byte', () => {
    const text = utf8('{"é":\n"abc"}');
    text[9] = 0xff;
    expectRefused(() => parseJson(text), 'JSON_STRING_INVALID', { offset: 8, line: 2, column: 3 });
    expectRefused(() => parseJson(new Uint8Array([0x22, 0xe2, 0x82])), 'JSON_STRING_INVALID', { offset: 1 });
  });

  test.each([[undefined], [null], [1], [{}], [['1']], [new Uint16Array(2)]])('the argument %p', (text) => {
    expectRefused(() => parseJson(text as unknown as string), 'REQUEST_INVALID');
  });
});

describe('limits', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  const members = (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);

  test('depth 32 is accepted and 33 refused, unless the caller says otherwise', () => {
    expect(() => parseJson(nested(32))).not.toThrow();
    expect(() => parseJson(members(32))).not.toThrow();
    expectRefused(() => parseJson(nested(33)), 'JSON_DEPTH', { offset: 32 });
    expectRefused(() => parseJson(members(33)), 'JSON_DEPTH');
    expect(() => parseJson(nested(128), { maxDepth: 128 })).not.toThrow();
    expect(parseJson('1', { maxDepth: 0 })).toBe(1);
    expectRefused(() => parseJson('[]', { maxDepth: 0 }), 'JSON_DEPTH');
  });

  test.each([-1, 129, 1.5, Number.NaN])('no depth of %p', (maxDepth) => {
    expectRefused(() => parseJson('1', { maxDepth }), 'REQUEST_INVALID', { field: 'maxDepth' });
  });

  test('size counts UTF-8 bytes, in strings as in bytes', () => {
    for (const text of ['"aaaa"', '"éé"', '"😂"', '"€a"']) {
      expect(utf8(text)).toHaveLength(6);
      for (const form of [text, utf8(text)]) {
        expect(() => parseJson(form, { maxBytes: 6 })).not.toThrow();
        expectRefused(() => parseJson(form, { maxBytes: 5 }), 'JSON_SIZE', { maxBytes: 5 });
      }
    }
    expectRefused(() => parseJson('"\ud800"', { maxBytes: 4 }), 'JSON_SIZE');
    expectRefused(() => parseJson(' '.repeat(1_048_577)), 'JSON_SIZE', { maxBytes: 1_048_576 });
  });

  test('an excerpt of a name keeps errors small and printable', () => {
    const name = `${'\u0007'.repeat(2)}${'x'.repeat(500)}`;
    const text = JSON.stringify(name);
    expectRefused(() => parseJson(`{${text}:1,${text}:2}`), 'JSON_DUPLICATE_NAME', { name: `??${'x'.repeat(62)}...` });
  });

  test.each([
    ['members', (n: number) => `{${Array.from({ length: n }, (_, i) => `"k${String(i)}":1`).join()}}`],
    ['items', (n: number) => `[${'0,'.repeat(n)}0]`],
    ['escapes', (n: number) => `"${'\\n'.repeat(n)}"`],
    ['digits', (n: number) => `0.${'1'.repeat(n)}`],
    ['lines before an error', (n: number) => `${'\n'.repeat(n)}x`],
  ])('time grows with the size of %s, not with its square', (_, textOfSize) => {
    const msOf = (n: number) => {
      const text = textOfSize(n);
      const start = performance.now();
      try {
        parseJson(text);
      } catch {
        // The last row measures the way to its error.
      }
      return performance.now() - start;
    };
    msOf(5_000);
    const small = Math.min(msOf(5_000), msOf(5_000), msOf(5_000));
    const large = Math.min(msOf(50_000), msOf(50_000), msOf(50_000));
    // A square would give 100; machines are noisy.
    expect(large).toBeLessThan(Math.max(small, 0.2) * 60);
  });
});
