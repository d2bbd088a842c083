import { createHash } from 'node:crypto';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { installSha256, sha256, type Sha256 } from './digest.js';
import { toHex } from './hex.js';

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
