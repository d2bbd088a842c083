import { createPublicKey, verify as opensslVerify } from 'node:crypto';
import { getPublicKey, Point, sign, utils, verify as nobleVerify } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { isStrictPublicKey, isStrictSignature, strictly, verifyEd25519, type VerifyEd25519 } from './ed25519.js';
import './notes.fixture.js';

const L = Point.CURVE().n;
const P = Point.CURVE().p;
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** OpenSSL's own verdict, without our checks. */
const openssl: VerifyEd25519 = (message, signature, publicKey) => {
  try {
    const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' });
    return opensslVerify(null, message, key, signature);
  } catch {
    return false;
  }
};

const littleEndian = (number: bigint): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, at) => Number((number >> BigInt(8 * at)) & 255n));
const numberOf = (bytes: Uint8Array): bigint => [...bytes].reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** A point of order 8, from a known encoding, and its multiples: all points of small order. */
const order8 = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', false);
const torsion = Array.from({ length: 8 }, (_, at) => order8.multiply(BigInt(at), false));
/** The second encodings: y + p where that fits in 255 bits, and the sign bit where x is 0. */
const nonCanonical = [0n, 1n, 2n, 3n, 18n].flatMap((y) => {
  const bytes = littleEndian(y + P);
  return [bytes, withSign(bytes)];
});
const encodings = [
  ...torsion.map((point) => point.toBytes()),
  ...nonCanonical,
  withSign(littleEndian(1n)),
  withSign(littleEndian(P - 1n)),
];

function withSign(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[31]! |= 0x80;
  return copy;
}

/** Signs with a key and a nonce that may carry a residue of small order; what it satisfies is for the verifier to say. */
function craft(message: Uint8Array, residueOfKey: Point, residueOfNonce: Point, secret: bigint, nonce: bigint) {
  const A = Point.BASE.multiply(secret, false).add(residueOfKey).toBytes();
  const R = Point.BASE.multiply(nonce, false).add(residueOfNonce).toBytes();
  const k = numberOf(sha512(join(R, A, message))) % L;
  return { publicKey: A, signature: join(R, littleEndian((nonce + k * secret) % L)) };
}

test('there are eight points of small order, and none passes as a key or as a nonce', () => {
  expect(new Set(torsion.map((point) => point.toHex())).size).toBe(8);
  for (const encoded of encodings) {
    expect(isStrictPublicKey(encoded)).toBe(false);
    expect(isStrictSignature(join(encoded, littleEndian(1n)))).toBe(false);
  }
});

test('S is below the group order, all lengths are exact', () => {
  const R = Point.BASE.toBytes();
  expect(isStrictSignature(join(R, littleEndian(L - 1n)))).toBe(true);
  expect(isStrictSignature(join(R, littleEndian(L)))).toBe(false);
  expect(isStrictSignature(join(R, littleEndian(1n), Uint8Array.of(0)))).toBe(false);
  expect(isStrictSignature(R)).toBe(false);
  expect(isStrictPublicKey(R.slice(1))).toBe(false);
  expect(isStrictPublicKey(R)).toBe(true);
});

test('edge encodings get one verdict from noble and from OpenSSL, and it is no', () => {
  const message = new Uint8Array([1]);
  const scalars = [0n, 1n, L - 1n, L, L + 1n, 2n ** 256n - 1n].map(littleEndian);
  const points = [...encodings, Point.BASE.toBytes()];
  for (const publicKey of points) {
    for (const R of points) {
      for (const S of scalars) {
        const signature = join(R, S);
        expect(verifyEd25519(message, signature, publicKey)).toBe(false);
        expect(strictly(openssl)(message, signature, publicKey)).toBe(false);
      }
    }
  }
});

test('residues of small order: one verdict from noble and from OpenSSL, for each pair of residues', () => {
  let accepted = 0;
  let laxer = 0;
  for (const [at, residueOfKey] of torsion.entries()) {
    for (const residueOfNonce of torsion) {
      for (let round = 0; round < 2; round++) {
        const message = Uint8Array.of(at, round);
        const { publicKey, signature } = craft(message, residueOfKey, residueOfNonce, 12345n + BigInt(round), 6789n);
        const verdict = verifyEd25519(message, signature, publicKey);
        expect(strictly(openssl)(message, signature, publicKey)).toBe(verdict);
        if (verdict) accepted += 1;
        // noble's own strict mode multiplies by the cofactor: the residue vanishes.
        else if (nobleVerify(signature, message, publicKey, { zip215: false })) laxer += 1;
      }
    }
  }
  expect(accepted).toBeGreaterThan(0);
  expect(laxer).toBeGreaterThan(0);
});

test('honest signatures pass, and with any bit flipped all implementations refuse', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ maxLength: 64 }),
      fc.nat(767),
      (secret, message, bit) => {
        const publicKey = getPublicKey(secret);
        const signature = sign(message, secret);
        expect(verifyEd25519(message, signature, publicKey)).toBe(true);
        expect(strictly(openssl)(message, signature, publicKey)).toBe(true);
        const changed = join(signature, publicKey);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        const [otherSignature, otherKey] = [changed.slice(0, 64), changed.slice(64)];
        expect(verifyEd25519(message, otherSignature, otherKey)).toBe(false);
        expect(strictly(openssl)(message, otherSignature, otherKey)).toBe(false);
        expect(nobleVerify(otherSignature, message, otherKey, { zip215: false })).toBe(false);
      },
    ),
    { numRuns: 60 },
  );
});

test('the worked values of RFC 8032 section 7.1', () => {
  const secret = new Uint8Array(Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex'));
  const publicKey = utils.getExtendedPublicKey(secret).pointBytes;
  expect(Buffer.from(publicKey).toString('hex')).toBe(
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  );
  const signature = Buffer.from(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    'hex',
  );
  expect(verifyEd25519(Uint8Array.of(0x72), new Uint8Array(signature), publicKey)).toBe(true);
});
