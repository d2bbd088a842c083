import { concatBytes, equalBytes, uint64be } from './bytes.js';
import { parseBase64, toBase64 } from './base64.js';
import { digestOf, formatDigest, parseDigest, sha256 } from './digest.js';
import { parseHex, toHex } from './hex.js';
import { textOf, utf8 } from './utf8.js';

function expectCode(act: () => unknown, code: string): void {
  expect(act).toThrow(expect.objectContaining({ code }));
}

const WRONG_TYPES = [undefined, null, 1, true, {}, [], ['00'], new Uint8Array(2)] as unknown as string[];
const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);

describe('hex', () => {
  test('reads what it writes', () => {
    expect(toHex(everyByte)).toBe(Buffer.from(everyByte).toString('hex'));
    expect(parseHex(toHex(everyByte))).toEqual(everyByte);
    expect(parseHex('')).toEqual(new Uint8Array(0));
    expect(parseHex('00ff', 2)).toEqual(new Uint8Array([0, 255]));
  });

  test.each(['0', 'A0', '0g', ' 00', '00 ', '0x00', 'ｆｆ', '0\u0660', '-1', '0/', '0:', '0`'])(
    'refuses %j',
    (text) => {
      expectCode(() => parseHex(text), 'ENCODING_HEX');
    },
  );

  test.each(WRONG_TYPES)('refuses the type of %p', (text) => expectCode(() => parseHex(text), 'ENCODING_HEX'));

  test('refuses another length than asked for', () => {
    expectCode(() => parseHex('00', 2), 'ENCODING_HEX');
    expectCode(() => parseHex('000000', 2), 'ENCODING_HEX');
  });
});

describe('base64 (RFC 4648 section 10)', () => {
  test.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('%j', (text, encoded) => {
    expect(toBase64(utf8(text))).toBe(encoded);
    expect(textOf(parseBase64(encoded, text.length))).toBe(text);
  });

  test('agrees with the platform on every byte and length', () => {
    for (let length = 0; length <= 256; length++) {
      const bytes = everyByte.slice(0, length);
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
      expect(parseBase64(toBase64(bytes))).toEqual(bytes);
    }
  });

  test.each([
    'Zg',
    'Zg=',
    'Zh==',
    'Zm9=',
    'Zg==\n',
    ' Zg==',
    'Zg= =',
    'Z===',
    '====',
    '=',
    'Zm9vYg==Zg==',
    'Z-_v',
    'Zm9v=',
    'Zm=v',
    'AB==',
    'Zm9€',
    'Zm9\u00ff',
  ])('refuses %j', (text) => expectCode(() => parseBase64(text), 'ENCODING_BASE64'));

  test.each(WRONG_TYPES)('refuses the type of %p', (text) => expectCode(() => parseBase64(text), 'ENCODING_BASE64'));

  test('refuses another length than asked for', () => {
    expectCode(() => parseBase64('Zg==', 2), 'ENCODING_BASE64');
    expectCode(() => parseBase64('Zm9v', 2), 'ENCODING_BASE64');
  });
});

describe('UTF-8', () => {
  test.each(['', 'a', 'é', '€', '😂', '\ufeffa', '\uffff'])('%j there and back', (text) => {
    expect(utf8(text)).toEqual(new Uint8Array(Buffer.from(text)));
    expect(textOf(utf8(text))).toBe(text);
  });

  test.each(['\ud800', 'a\udc00', '\ud800\ud800\udc00', '\udc00\ud800', '😂\ud83d'])('refuses %j', (text) => {
    expectCode(() => utf8(text), 'JSON_STRING_INVALID');
  });

  test.each([[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]])(
    'refuses the bytes %p %p %p %p',
    (...bytes) =>
      expectCode(() => textOf(Uint8Array.from(bytes.filter((byte) => byte !== undefined))), 'JSON_STRING_INVALID'),
  );

  test('refuses wrong types', () => {
    expectCode(() => utf8(1 as unknown as string), 'REQUEST_INVALID');
    expectCode(() => textOf('a' as unknown as Uint8Array), 'REQUEST_INVALID');
    expectCode(() => textOf([97] as unknown as Uint8Array), 'REQUEST_INVALID');
  });
});

describe('bytes', () => {
  test('concatBytes', () => {
    expect(concatBytes()).toEqual(new Uint8Array(0));
    expect(concatBytes(new Uint8Array([1]), new Uint8Array(0), new Uint8Array([2, 3]))).toEqual(
      new Uint8Array([1, 2, 3]),
    );
  });

  test.each([
    [[], [], true],
    [[1, 2], [1, 2], true],
    [[1, 2], [1, 3], false],
    [[1, 2], [1], false],
    [[0], [], false],
  ])('equalBytes(%p, %p) is %p', (left, right, equal) => {
    expect(equalBytes(Uint8Array.from(left), Uint8Array.from(right))).toBe(equal);
  });

  test('uint64be', () => {
    expect(toHex(uint64be(0n))).toBe('0000000000000000');
    expect(toHex(uint64be(0x0102_0304_0506_0708n))).toBe('0102030405060708');
    expect(toHex(uint64be(2n ** 64n - 1n))).toBe('ffffffffffffffff');
    for (const n of [-1n, 2n ** 64n, 1, '1', undefined]) expectCode(() => uint64be(n as bigint), 'REQUEST_INVALID');
  });
});

describe('digests', () => {
  const EMPTY = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

  test('SHA-256 of nothing, of parts, of a canonical form', () => {
    expect(formatDigest(sha256())).toBe(EMPTY);
    expect(sha256(utf8('a'), utf8('bc'))).toEqual(sha256(utf8('abc')));
    expect(digestOf({ b: 1, a: [] })).toBe(formatDigest(sha256(utf8('{"a":[],"b":1}'))));
    expect(parseDigest(EMPTY)).toEqual(sha256());
  });

  test.each([
    '',
    'sha256:',
    EMPTY.toUpperCase(),
    EMPTY.slice(7),
    EMPTY.slice(0, -2),
    `${EMPTY}00`,
    EMPTY.replace('e3', 'E3'),
    `sha512${EMPTY.slice(6)}`,
    ` ${EMPTY}`,
  ])('refuses %j', (text) => expectCode(() => parseDigest(text), 'ENCODING_HEX'));

  test('refuses wrong types and lengths', () => {
    for (const text of WRONG_TYPES) expectCode(() => parseDigest(text), 'ENCODING_HEX');
    expectCode(() => formatDigest(new Uint8Array(31)), 'REQUEST_INVALID');
    expectCode(() => formatDigest('00' as unknown as Uint8Array), 'REQUEST_INVALID');
    expectCode(() => digestOf(undefined), 'JSON_UNREPRESENTABLE');
  });
});
