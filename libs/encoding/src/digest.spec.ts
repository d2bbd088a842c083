import { createHash } from 'node:crypto';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import {
  formatDigest,
  installSha256,
  sha256,
  sha256Digest,
  sha256DigestOfText,
  sha256OfText,
  type Sha256,
} from './digest.js';
import { toHex } from './hex.js';
import { utf8 } from './utf8.js';

const opensslSha256: Sha256 = (input) => createHash('sha256').update(input).digest();

describe('another implementation of SHA-256', () => {
  afterEach(() => installSha256(nobleSha256));

  it('gives the same hashes at every length around a block', () => {
    const inputs = Array.from({ length: 200 }, (_, length) => new Uint8Array(length).fill(length));
    const before = inputs.map((input) => toHex(sha256(input)));
    installSha256(opensslSha256);
    expect(inputs.map((input) => toHex(sha256(input)))).toEqual(before);
  });

  it.each<[string, Sha256]>([
    ['another function', (input) => createHash('sha512').update(input).digest().subarray(0, 32)],
    ['a constant', () => new Uint8Array(32)],
    ['one that is right on the empty message alone', (input) => (input.length === 0 ? nobleSha256(input) : input)],
  ])('is refused when it is %s', (_, candidate) => {
    expect(() => installSha256(candidate)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
    expect(toHex(sha256(new Uint8Array(3)))).toBe(toHex(nobleSha256(new Uint8Array(3))));
  });
});

describe('hashes in other forms', () => {
  afterEach(() => installSha256(nobleSha256));

  it.each([0, 1, 100, 2_729, 2_730, 2_731, 8_192, 20_000])('are the same for a text of %i characters', (length) => {
    for (const unit of ['a', '\u00e4', '\u20ac', '\ud83d\ude00']) {
      const text = unit.repeat(Math.ceil(length / unit.length));
      const prefix = Uint8Array.of(2, 255);
      const expected = sha256(prefix, utf8(text));
      expect(sha256OfText(prefix, text)).toEqual(expected);
      expect(sha256DigestOfText(prefix, text)).toBe(formatDigest(expected));
      expect(sha256Digest(prefix, utf8(text))).toBe(formatDigest(expected));
    }
  });

  it('come from the implementation that was put in place, which is proven too', () => {
    const opensslHex = (input: Uint8Array): string => createHash('sha256').update(input).digest('hex');
    installSha256(opensslSha256, opensslHex);
    expect(sha256DigestOfText(new Uint8Array(0), 'abc')).toBe(`sha256:${opensslHex(utf8('abc'))}`);
    const upperCase = (input: Uint8Array): string => opensslHex(input).toUpperCase();
    expect(() => installSha256(opensslSha256, upperCase)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });
});
