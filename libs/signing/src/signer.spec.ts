import { createHash, createHmac } from 'node:crypto';

import { Point } from '@noble/secp256k1';
import { parseHex, toHex, utf8 } from '@writ/encoding';
import * as tiny from 'tiny-secp256k1';

import { checkedSigner } from './checked-signer.js';
import { createSigner, fastSigner, proveEqual } from './fast-signer.js';
import { opensslVerify } from './openssl-verify.js';
import { nobleSigner, type Signer } from './signer.js';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** Deterministic test material: no run differs from another. */
const seeded = (label: string, n: number): Uint8Array =>
  Uint8Array.from(createHash('sha256').update(`${label} ${n}`).digest());

/** RFC 6979 does not cover secp256k1; these vectors are those that Bitcoin libraries publish for it (SHA-256, low S). */
const PUBLISHED = [
  [
    '0000000000000000000000000000000000000000000000000000000000000001',
    'Satoshi Nakamoto',
    '934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d82442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5',
  ],
  [
    '0000000000000000000000000000000000000000000000000000000000000001',
    'All those moments will be lost in time, like tears in rain. Time to die...',
    '8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21',
  ],
  [
    'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140',
    'Satoshi Nakamoto',
    'fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d06b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5',
  ],
  [
    'f8b8af8ce3c7cca5e300d33939540c10d45ce001b8f252bfbc57ba0342904181',
    'Alan Turing',
    '7063ae83e7f62bbb171798131b4a0564b956930092b33b07b395615d9ec7e15c58dfcc1e00a35e1572f366ffe34ba0fc47db1e7189759b9fb233c5b05ab388ea',
  ],
  [
    'e91671c46231f833a6406ccbea0e3e392c76c167bac1cb013f6f1013980455c2',
    "There is a computer disease that anybody who works with computers knows about. It's a very serious disease and it interferes completely with the work. The trouble with computers is that you 'play' with them!",
    'b552edd27580141f3b2a5463048cb7cd3e047b97c9f98076c32dbdf85a68718b279fa72dd19bfae05577e06c7c0c1900c371fcd5893f7e1d56a37d30174671f6',
  ],
] as const;

describe.each([
  ['noble', (secret: Uint8Array) => Promise.resolve(nobleSigner(secret))],
  ['tiny', fastSigner],
])('signer %s', (_, open) => {
  it.each(PUBLISHED)('signs the published RFC 6979 vector of key %s over %s', async (secret, message, signature) => {
    const signer = await open(parseHex(secret));
    expect(toHex(signer.sign(utf8(message)))).toBe(signature);
  });

  it('draws the nonce that RFC 6979 section 3.2 prescribes', async () => {
    const secret = seeded('secret', 0);
    const signer = await open(secret);
    for (let n = 0; n < 100; n++) {
      const message = seeded('message', n);
      const r = Point.BASE.multiply(nonceOf(secret, message)).toAffine().x % ORDER;
      expect(toHex(signer.sign(message).subarray(0, 32))).toBe(r.toString(16).padStart(64, '0'));
    }
  });

  it('refuses to sign once closed', async () => {
    const signer = await open(seeded('secret', 1));
    signer.close();
    signer.close();
    expect(() => signer.sign(utf8('x'))).toThrow(expect.objectContaining({ code: 'SIGNER_UNAVAILABLE' }));
  });

  it('keeps a copy of the secret of its own', async () => {
    const secret = seeded('secret', 2);
    const signer = await open(secret);
    const before = signer.sign(utf8('x'));
    secret.fill(0);
    expect(signer.sign(utf8('x'))).toEqual(before);
  });

  it.each([
    ['zero', new Uint8Array(32)],
    ['the order', parseHex(ORDER.toString(16))],
    ['31 bytes', new Uint8Array(31).fill(1)],
    ['33 bytes', new Uint8Array(33).fill(1)],
    ['text', '1'.repeat(64)],
    ['nothing', undefined],
  ])('refuses a secret that is %s', async (_name, secret) => {
    await expect((async () => open(secret as Uint8Array))()).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
  });
});

describe('the fast signer beside the reference', () => {
  it('gives the same bytes for 1,000 messages under 10 keys, and all verifiers accept them', async () => {
    for (let k = 0; k < 10; k++) {
      const secret = seeded('key', k);
      const [reference, fast] = [nobleSigner(secret), await fastSigner(secret)];
      expect(fast.publicKey).toEqual(reference.publicKey);
      expect(fast.keyId).toBe(reference.keyId);
      for (let n = 0; n < 100; n++) {
        const message = seeded(`key ${k} message`, n).subarray(0, n % 33);
        const signature = fast.sign(message);
        expect(toHex(signature)).toBe(toHex(reference.sign(message)));
        expect(opensslVerify(message, signature, fast.publicKey)).toBe(true);
      }
    }
  });

  it('is what createSigner picks', async () => {
    const signer = await createSigner(seeded('key', 0));
    expect(signer.sign(utf8('x'))).toEqual(nobleSigner(seeded('key', 0)).sign(utf8('x')));
  });

  it('never shows the same r under two messages', async () => {
    const signer = await fastSigner(seeded('key', 1));
    const seen = new Set<string>();
    for (let n = 0; n < 2_000; n++) seen.add(toHex(signer.sign(seeded('r', n)).subarray(0, 32)));
    expect(seen.size).toBe(2_000);
  });

  it('may not sign when it differs by a bit, and is closed', () => {
    const secret = seeded('key', 2);
    const hedged: Signer = {
      ...nobleSigner(secret),
      sign: (message) => tiny.sign(createHash('sha256').update(message).digest(), secret, seeded('entropy', 0)),
      close: jest.fn(),
    };
    expect(() => proveEqual(hedged, secret)).toThrow(expect.objectContaining({ code: 'ATTESTATION_INVALID' }));
    expect(hedged.close).toHaveBeenCalled();
  });
});

describe('checkedSigner', () => {
  const faulty = (badFrom: number): Signer => {
    const signer = nobleSigner(seeded('key', 3));
    let signed = 0;
    return {
      keyId: signer.keyId,
      publicKey: signer.publicKey,
      close: () => signer.close(),
      sign(message) {
        const signature = signer.sign(message);
        if (signed++ >= badFrom) signature[5]! ^= 1;
        return signature;
      },
    };
  };

  it('lets no first signature out that does not verify, and signs nothing afterwards', () => {
    const signer = checkedSigner(faulty(0));
    expect(() => signer.sign(utf8('x'))).toThrow(expect.objectContaining({ code: 'ATTESTATION_INVALID' }));
    expect(() => signer.sign(utf8('x'))).toThrow(expect.objectContaining({ code: 'SIGNER_UNAVAILABLE' }));
  });

  it('finds a fault that begins later within its sample', () => {
    const signer = checkedSigner(faulty(3), 4);
    for (let n = 0; n < 4; n++) signer.sign(utf8('x'));
    expect(() => signer.sign(utf8('x'))).toThrow(expect.objectContaining({ code: 'ATTESTATION_INVALID' }));
  });
});

/** RFC 6979 section 3.2 for SHA-256 and a 256-bit order, written from the text: shares no code with any signer. */
function nonceOf(secret: Uint8Array, message: Uint8Array): bigint {
  const hmac = (key: Uint8Array, ...parts: Uint8Array[]) =>
    createHmac('sha256', key).update(Buffer.concat(parts)).digest();
  const digest = BigInt(`0x${createHash('sha256').update(message).digest('hex')}`) % ORDER;
  const reduced = Buffer.from(digest.toString(16).padStart(64, '0'), 'hex');
  let v = Buffer.alloc(32, 1);
  let k = Buffer.alloc(32, 0);
  for (const tag of [0, 1]) {
    k = hmac(k, v, Uint8Array.of(tag), secret, reduced);
    v = hmac(k, v);
  }
  for (;;) {
    v = hmac(k, v);
    const nonce = BigInt(`0x${v.toString('hex')}`);
    if (nonce > 0n && nonce < ORDER) return nonce;
    k = hmac(k, v, Uint8Array.of(0));
    v = hmac(k, v);
  }
}
