import oracle from 'canonicalize';
import fc from 'fast-check';
import { parseBase64, toBase64 } from './base64.js';
import { canonicalise, canonicalText } from './canonical.js';
import { canonicaliseOwn } from './canonical-own.js';
import { parseCanonical } from './parse-canonical.js';
import { parseHex, toHex } from './hex.js';
import { parseJson } from './parse-json.js';
import { textOf } from './utf8.js';

const isIJsonText = (text: string) =>
  !/[\ufdd0-\ufdef\ufffe\uffff]|[\ud83f\ud87f\ud8bf\ud8ff\ud93f\ud97f\ud9bf\ud9ff\uda3f\uda7f\udabf\udaff\udb3f\udb7f\udbbf\udbff][\udffe\udfff]/.test(
    text,
  );
const text = fc.string({ unit: 'binary' }).filter(isIJsonText);
const name = text.filter((candidate) => !['__proto__', 'constructor', 'prototype'].includes(candidate));
const number = fc
  .oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.maxSafeInteger(), fc.integer())
  .filter((value) => Math.abs(value) <= Number.MAX_SAFE_INTEGER || Math.abs(value) >= 1e21)
  .map((value) => (Object.is(value, -0) ? 0 : value));
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.constantFrom(null, true, false),
    number,
    text,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(name, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

describe('JSON', () => {
  test('the canonical form is that of an independent implementation', () => {
    fc.assert(
      fc.property(json, (value) => canonicalText(value) === oracle(value)),
      { numRuns: 1_000 },
    );
  });

  test('our own values have the same form, or are refused with the same code', () => {
    const odd = fc.oneof(
      json,
      fc.json().map((spelled) => JSON.parse(spelled) as unknown),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.oneof(odd, fc.array(odd), fc.dictionary(fc.string({ unit: 'binary' }), odd)), (value) => {
        const [own, careful] = [outcomeOf(() => canonicaliseOwn(value)), outcomeOf(() => canonicalise(value))];
        expect(own).toEqual(careful);
      }),
      { numRuns: 1_000 },
    );
  });

  test('parsing a canonical form gives the value back', () => {
    fc.assert(
      fc.property(json, (value) => {
        const bytes = canonicalise(value);
        expect(plain(parseCanonical(bytes))).toEqual(value);
        expect(parseJson(textOf(bytes))).toEqual(parseJson(bytes));
      }),
    );
  });

  test('the platform and we read the same value from any spelling that we accept', () => {
    fc.assert(
      fc.property(json, fc.nat(4), (value, indent) => {
        const spelled = JSON.stringify(value, null, indent);
        expect(plain(parseJson(spelled))).toEqual(JSON.parse(spelled));
      }),
    );
  });

  test('a mutated text is refused with a code, or means what the platform says', () => {
    fc.assert(
      fc.property(
        json,
        fc.nat(),
        fc.constantFrom(...Array.from('{}[]",:\\0919.eE+-tfn u\u0000\ud800')),
        (value, at, unit) => {
          const whole = canonicalText(value);
          const cut = at % (whole.length + 1);
          for (const mutant of [
            whole.slice(0, cut) + unit + whole.slice(cut),
            whole.slice(0, cut) + whole.slice(cut + 1),
          ]) {
            const ours = outcomeOf(() => plain(parseJson(mutant)));
            if (ours.code === undefined) expect(ours.value).toEqual(withoutMinusZero(JSON.parse(mutant)));
            else expect(ours.code).toMatch(/^JSON_/);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('whatever is parsed can be canonicalised, and that is stable', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string({ unit: 'binary' })), (candidate) => {
        const read = outcomeOf(() => parseJson(candidate));
        if (read.code !== undefined) return;
        const canonical = canonicalise(read.value);
        expect(canonicalise(parseCanonical(canonical))).toEqual(canonical);
      }),
    );
  });

  test('arbitrary bytes never do anything but parse or be refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const { code } = outcomeOf(() => parseJson(bytes));
        expect(String(code ?? 'JSON_')).toMatch(/^JSON_/);
      }),
    );
  });

  test('arbitrary values are refused with a code or have a form that parses', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
      withBoxedValues: true,
      withNullPrototype: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        const { code, value: bytes } = outcomeOf(() => canonicalise(value));
        if (code === undefined) expect(() => parseCanonical(bytes as Uint8Array)).not.toThrow();
        else expect(code).toMatch(/^JSON_(UNREPRESENTABLE|DEPTH)$/);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe.each([
  ['hex', toHex, parseHex, '0123456789abcdefABCDEFg /-'],
  ['base64', toBase64, parseBase64, 'ABCDYZabcdxyz0189+/=-_ \n'],
] as const)('%s', (_, encode, decode, alphabet) => {
  test('reads what it writes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(decode(encode(bytes), bytes.length)).toEqual(bytes);
      }),
    );
  });

  test('every change of one character is refused, or other bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        const spelled = encode(bytes);
        for (let at = 0; at < spelled.length; at++) {
          for (const unit of ['', ...Array.from(alphabet)]) {
            if (unit === spelled.charAt(at)) continue;
            const { code, value } = outcomeOf(() => decode(spelled.slice(0, at) + unit + spelled.slice(at + 1)));
            if (code === undefined) expect(value).not.toEqual(bytes);
            else expect(code).toMatch(/^ENCODING_/);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  test('what is read is written the same way', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from(alphabet)), maxLength: 12 }), (spelled) => {
        const { code, value } = outcomeOf(() => decode(spelled));
        if (code === undefined) expect(encode(value as Uint8Array)).toBe(spelled);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** The value, or the code of the error; an error without a code is a bug and surfaces. */
function outcomeOf(act: () => unknown): { value?: unknown; code?: string } {
  try {
    return { value: act() };
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined) throw error;
    return { code };
  }
}

/** Objects of the parser have no prototype; the oracle's have one. */
function plain(value: unknown): unknown {
  return structuredClone(value);
}

function withoutMinusZero(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMinusZero);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutMinusZero(member)]));
  }
  return Object.is(value, -0) ? 0 : value;
}
