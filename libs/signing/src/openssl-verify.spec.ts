import { createHash } from 'node:crypto';

import * as secp256k1 from '@noble/secp256k1';
import { parseHex, toHex, utf8 } from '@writ/encoding';
import * as tiny from 'tiny-secp256k1';

import { opensslVerify } from './openssl-verify.js';
import { nobleSigner } from './signer.js';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const hash = (label: string) => Uint8Array.from(createHash('sha256').update(label).digest());
const scalar = (value: bigint) => parseHex(value.toString(16).padStart(64, '0'));

const signer = nobleSigner(hash('key'));
const message = utf8('a message');
const signature = signer.sign(message);
const r = signature.subarray(0, 32);
const s = BigInt(`0x${toHex(signature.subarray(32))}`);
const join = (...parts: Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));

/** What three independent implementations say; any that throws says no. */
function votes(m: Uint8Array, sig: Uint8Array, key: Uint8Array): boolean[] {
  const no = (verify: () => boolean) => {
    try {
      return verify();
    } catch {
      return false;
    }
  };
  return [
    opensslVerify(m, sig, key),
    no(() => secp256k1.verify(sig, m, key)),
    no(() => tiny.verify(createHash('sha256').update(m).digest(), key, sig, true)),
  ];
}

describe('opensslVerify', () => {
  it('agrees with noble and libsecp256k1 on good and mutated signatures', () => {
    for (let n = 0; n < 60; n++) {
      const other = nobleSigner(hash(`key ${n}`));
      const m = hash(`message ${n}`);
      const good = other.sign(m);
      expect(votes(m, good, other.publicKey)).toEqual([true, true, true]);
      const bad = Uint8Array.from(good);
      bad[(n * 7) % 64]! ^= 1 << (n % 8);
      expect(votes(m, bad, other.publicKey)).toEqual([false, false, false]);
      expect(votes(m, good, signer.publicKey)).toEqual([false, false, false]);
    }
  });

  it.each([
    ['a high S', join(r, scalar(ORDER - s))],
    ['r = 0', join(scalar(0n), scalar(s))],
    ['s = 0', join(r, scalar(0n))],
    ['r = n', join(scalar(ORDER), scalar(s))],
    ['s = n', join(r, scalar(ORDER))],
    ['r and s of ones', new Uint8Array(64).fill(0xff)],
    ['zeros', new Uint8Array(64)],
    ['63 bytes', signature.subarray(1)],
    ['65 bytes', join(signature, Uint8Array.of(0))],
    ['nothing', new Uint8Array()],
  ])('refuses a signature with %s, as the others do', (_, sig) => {
    expect(votes(message, sig, signer.publicKey)).toEqual([false, false, false]);
  });

  it('refuses every form of a key but the compressed point', () => {
    const point = secp256k1.getPublicKey(hash('key'), false);
    const hybrid = join(Uint8Array.of(6 + (point[64]! & 1)), point.subarray(1));
    const offCurve = join(Uint8Array.of(2), scalar(5n));
    const tooLarge = join(Uint8Array.of(2), new Uint8Array(32).fill(0xff));
    const otherHalf = Uint8Array.from(signer.publicKey);
    otherHalf[0]! ^= 1;
    const keys = [point, hybrid, offCurve, tooLarge, otherHalf, new Uint8Array(33), new Uint8Array(), Uint8Array.of(0)];
    for (const key of keys) expect(opensslVerify(message, signature, key)).toBe(false);
    expect(opensslVerify(message, signature, signer.publicKey)).toBe(true);
  });

  it.each([undefined, null, 'text', 7, [], {}, new Uint16Array(64)])(
    'says no to %p in any place, and never throws',
    (x) => {
      const wrong = x as Uint8Array;
      expect(opensslVerify(wrong, signature, signer.publicKey)).toBe(false);
      expect(opensslVerify(message, wrong, signer.publicKey)).toBe(false);
      expect(opensslVerify(message, signature, wrong)).toBe(false);
    },
  );

  it('stays right beyond the number of keys that it remembers', () => {
    for (let n = 0; n < 600; n++) {
      const key = Uint8Array.from([2, ...hash(`point ${n}`)]);
      expect(opensslVerify(message, signature, key)).toBe(false);
    }
    expect(opensslVerify(message, signature, signer.publicKey)).toBe(true);
  });
});
