import { runInNewContext } from 'node:vm';
import { canonicalise, canonicalText } from './canonical.js';
import { canonicalTextOfOwn } from './canonical-own.js';
import { parseCanonical, parseOftenCanonical } from './parse-canonical.js';
import { parseJson } from './parse-json.js';
import { textOf, utf8 } from './utf8.js';

function expectRefused(act: () => unknown, code: string, details: Record<string, unknown> = {}): void {
  expect(act).toThrow(expect.objectContaining({ code, details: expect.objectContaining(details) }));
}

describe('canonicalise', () => {
  test.each<[unknown, string]>([
    [null, 'null'],
    [true, 'true'],
    [false, 'false'],
    [0, '0'],
    [-0, '0'],
    [1e30, '1e+30'],
    [1e-7, '1e-7'],
    [0.000001, '0.000001'],
    [1e21, '1e+21'],
    [9007199254740991, '9007199254740991'],
    ['', '""'],
    [
      '\u0000\u0008\u0009\u000a\u000c\u000d\u001f"\\/\u007f\u2028é😂',
      '"\\u0000\\b\\t\\n\\f\\r\\u001f\\"\\\\/\u007f\u2028é😂"',
    ],
    [[], '[]'],
    [{}, '{}'],
    [[1, [2, {}], 'a'], '[1,[2,{}],"a"]'],
    [{ b: 1, a: 2, A: 3, 10: 4, 9: 5, '': 6 }, '{"":6,"10":4,"9":5,"A":3,"a":2,"b":1}'],
    [{ '\ufb33': 1, '\ud83d\ude02': 2, '\u0080': 3 }, '{"\u0080":3,"😂":2,"\ufb33":1}'],
    [Object.assign(Object.create(null) as object, { a: 1 }), '{"a":1}'],
    [{ toJSON: 'just data', 'a"b': 1 }, '{"a\\"b":1,"toJSON":"just data"}'],
  ])('%p', (value, text) => {
    expect(canonicalText(value)).toBe(text);
    expect(textOf(canonicalise(value))).toBe(text);
  });

  test('takes plain objects and arrays of another realm', () => {
    expect(canonicalText(runInNewContext('({ a: [1, { b: null }] })'))).toBe('{"a":[1,{"b":null}]}');
  });

  test('takes the same object twice where that is no cycle', () => {
    const shared = { a: [1] };
    expect(canonicalText([shared, shared, { shared }])).toBe('[{"a":[1]},{"a":[1]},{"shared":{"a":[1]}}]');
  });

  test('leaves its argument as it was, also when frozen', () => {
    const value = Object.freeze({ b: Object.freeze([2, 1]), a: 1 });
    expect(canonicalText(value)).toBe('{"a":1,"b":[2,1]}');
    expect(Object.keys(value)).toEqual(['b', 'a']);
  });
});

class Money {
  readonly amount = 1;
}
class Numbers extends Array<number> {}

function cyclic(): unknown {
  const inner: Record<string, unknown> = {};
  const outer = { inner: [inner] };
  inner['outer'] = outer;
  return outer;
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** A thunk per row, so that no row is touched by the printing of its title. */
const UNREPRESENTABLE: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  'a function': () => () => 1,
  'a symbol': () => Symbol('a'),
  'a bigint': () => 1n,
  NaN: () => Number.NaN,
  Infinity: () => Infinity,
  '-Infinity': () => -Infinity,
  'an integer beyond 2^53 - 1': () => 2 ** 53,
  'a negative one': () => -(2 ** 53),
  'the largest double below 1e21': () => 999999999999999900000,
  'a lone surrogate': () => 'a\ud800',
  'halves in the wrong order': () => '\udc00\ud800',
  'a noncharacter': () => '\uffff',
  'an astral noncharacter': () => '\u{1fffe}',
  'a Date': () => new Date(0),
  'a Map': () => new Map([['a', 1]]),
  'a Set': () => new Set([1]),
  'a RegExp': () => /a/,
  'a boxed string': () => new String('a'),
  'a boxed number': () => new Number(1),
  bytes: () => new Uint8Array(2),
  'an Error': () => new Error('a'),
  'a Promise': () => Promise.resolve(1),
  'an instance of a class': () => new Money(),
  'a subclass of Array': () => Numbers.from([1, 2]),
  'an array with another prototype': () => Object.setPrototypeOf([1], { extra: 1 }) as unknown,
  'an array without a prototype': () => Object.setPrototypeOf([1], null) as unknown,
  'an object with another prototype': () => Object.create({ inherited: 1 }) as unknown,
  'an object whose prototype has none': () => Object.create(Object.create(null) as object) as unknown,
  'a getter': () => ({
    get a() {
      throw new Error('must not run');
    },
  }),
  'a getter in an array': () => Object.defineProperty([1], 0, { get: () => 1, enumerable: true }),
  toJSON: () => ({ toJSON: () => 1 }),
  'a symbol name': () => ({ a: 1, [Symbol('b')]: 2 }),
  'a hidden property': () => Object.defineProperty({ a: 1 }, 'b', { value: 2, enumerable: false }),
  'a sparse array': () => [1, , 3], // eslint-disable-line no-sparse-arrays -- the case itself
  'a very long sparse array': () => new Array(4_294_967_295),
  'an array with a property': () => Object.assign([1], { a: 1 }),
  'an array with a hole and a property': () => Object.assign(new Array(1), { a: 1 }),
  'an undefined item': () => [undefined],
  'a cycle': cyclic,
  'a revoked proxy': revoked,
  'a proxy that throws': () =>
    new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('trap');
        },
      },
    ),
  __proto__as_a_name: () => JSON.parse('{"__proto__":1}') as unknown,
  'constructor as a name': () => ({ constructor: 1 }),
  'prototype as a name': () => ({ prototype: 1 }),
  'a lone surrogate as a name': () => ({ '\ud800': 1 }),
};

describe('canonicalise refuses', () => {
  test.each(Object.keys(UNREPRESENTABLE))('%s, alone and inside', (what) => {
    const make = UNREPRESENTABLE[what]!;
    expectRefused(() => canonicalise(make()), 'JSON_UNREPRESENTABLE');
    expectRefused(() => canonicalise({ a: [1, make()] }), 'JSON_UNREPRESENTABLE');
    expectRefused(() => canonicalise([{ z: make() }]), 'JSON_UNREPRESENTABLE');
  });

  test('with a pointer to the place', () => {
    expectRefused(() => canonicalise({ a: [0, { 'b/~': undefined }] }), 'JSON_UNREPRESENTABLE', { path: '/a/1/b~1~0' });
    expectRefused(() => canonicalise({ a: [0, new Date(0)] }), 'JSON_UNREPRESENTABLE', { path: '/a/1' });
    expectRefused(() => canonicalise(undefined), 'JSON_UNREPRESENTABLE', { path: '' });
    expectRefused(() => canonicalise(cyclic()), 'JSON_UNREPRESENTABLE', { path: '/inner/0/outer' });
  });

  test('a sibling does not count as an ancestor when a place is told', () => {
    expectRefused(() => canonicalise([{ a: { b: 1 } }, { c: Number.NaN }]), 'JSON_UNREPRESENTABLE', { path: '/1/c' });
  });

  test('what is nested deeper than 32, unless the caller says otherwise', () => {
    const nested = (depth: number): unknown =>
      depth === 0 ? 1 : depth % 2 === 0 ? [nested(depth - 1)] : { a: nested(depth - 1) };
    expect(() => canonicalise(nested(32))).not.toThrow();
    expectRefused(() => canonicalise(nested(33)), 'JSON_DEPTH');
    expect(() => canonicalise(nested(128), { maxDepth: 128 })).not.toThrow();
    expectRefused(() => canonicalise(nested(129), { maxDepth: 128 }), 'JSON_DEPTH');
    expectRefused(() => canonicalise(1, { maxDepth: 129 }), 'REQUEST_INVALID', { field: 'maxDepth' });
  });
});

describe('parseCanonical', () => {
  test.each(['{"a":1,"b":[true,null,"é"]}', '1e+30', '""', '{"\u0080":3,"😂":2,"\ufb33":1}'])('reads %j', (text) => {
    expect(canonicalText(parseCanonical(utf8(text)))).toBe(text);
  });

  test.each([
    '{"b":1,"a":2}',
    ' 1',
    '1 ',
    '[1, 2]',
    '1.0',
    '1E30',
    '1e30',
    '-0',
    '"\\u0041"',
    '"\\/"',
    '{"\ufb33":1,"😂":2}',
  ])('refuses %j, which has another canonical form', (text) =>
    expectRefused(() => parseCanonical(utf8(text)), 'JSON_NOT_CANONICAL'),
  );

  test('refuses what is not JSON, and text in place of bytes', () => {
    expectRefused(() => parseCanonical(utf8('{')), 'JSON_SYNTAX');
    expectRefused(() => parseCanonical('1' as unknown as Uint8Array), 'JSON_NOT_CANONICAL');
  });

  test('takes the depth of the caller', () => {
    const bytes = utf8('['.repeat(40) + ']'.repeat(40));
    expectRefused(() => parseCanonical(bytes), 'JSON_DEPTH');
    expect(() => parseCanonical(bytes, { maxDepth: 40 })).not.toThrow();
  });
});

describe('the form of our own values', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

  test('is refused with the same code and place', () => {
    const refused = [
      Number.NaN,
      2 ** 53,
      undefined,
      1n,
      { a: [1, '\ud800'] },
      { a: { '\ufffe': 1 } },
      JSON.parse('{"a":{"__proto__":1}}') as unknown,
      nested(33),
    ];
    const errorOf = (work: () => unknown): unknown => {
      try {
        return work();
      } catch (error) {
        const { code, details } = error as { code: string; details: unknown };
        return { code, details };
      }
    };
    for (const value of refused) {
      const own = errorOf(() => canonicalTextOfOwn(value));
      expect(own).toEqual(errorOf(() => canonicalText(value)));
      expect(own).toHaveProperty('code');
    }
    expect(canonicalTextOfOwn(nested(32))).toBe(canonicalText(nested(32)));
  });

  test('has its names in order, whatever the order was', () => {
    expect(canonicalTextOfOwn({ b: 1, a: { '\u20ac': 1, '\ud83d\ude00': 2, ä: 3 }, '': [] })).toBe(
      canonicalText({ b: 1, a: { '\u20ac': 1, '\ud83d\ude00': 2, ä: 3 }, '': [] }),
    );
  });
});

describe('parseOftenCanonical', () => {
  test.each(['null', '{"a":[1,{"b":"\u00e9"}]}', ' {"b":1, "a":2}', '"\\u0041"', '1.0'])(
    'reads %s as parseJson does',
    (text) => {
      expect(parseOftenCanonical(utf8(text))).toEqual(parseJson(text));
    },
  );

  test.each([
    '',
    '{"a":1,"a":2}',
    '{"__proto__":1}',
    '"\\ud800"',
    '9007199254740993',
    '[1,]',
    '{"a":{"constructor":1}}',
  ])('refuses %s as parseJson does', (text) => {
    const codeOf = (work: () => unknown): unknown => {
      try {
        return work();
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const code = codeOf(() => parseOftenCanonical(utf8(text)));
    expect(code).toBe(codeOf(() => parseJson(text)));
    expect(code).toMatch(/^JSON_/);
  });
});
