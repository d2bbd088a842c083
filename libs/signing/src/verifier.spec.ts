import { createHash } from 'node:crypto';

import { parseBase64, toBase64, utf8, type KeyId } from '@writ/encoding';
import type { SignedGrant } from '@writ/evidence';
import { leafHash } from '@writ/merkle';

import { createAttestor, type Attestor } from './attestor.js';
import { cachedVerify } from './cached-verify.js';
import { opensslVerify } from './openssl-verify.js';
import { createVerifier } from './verifier.js';

type Attestation = Awaited<ReturnType<Attestor['attest']>>[number];

const ORIGIN = 'ledger.example/test';
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const secretOf = (label: string) => Uint8Array.from(createHash('sha256').update(label).digest());
const attestorOf = (label: string) => createAttestor({ secretKey: secretOf(label), origin: ORIGIN, worker: false });

let attestor: Attestor;
let attestation: Attestation;
let grant: SignedGrant;
beforeAll(async () => {
  attestor = await attestorOf('one');
  const leaves = Array.from({ length: 7 }, (_, n) => utf8(`{"n":${n}}`));
  const attestations = await attestor.attest(leaves.map((entry) => ({ entry, leafHash: leafHash(entry) })));
  attestation = attestations[4]!;
  const grants = await Promise.all(leaves.map((payload) => attestor.grant(payload)));
  grant = grants[4]!;
});
afterAll(() => attestor.close());

const invalid = expect.objectContaining({ code: 'ATTESTATION_INVALID' });
const untrusted = expect.objectContaining({ code: 'KEY_UNKNOWN' });

describe('createVerifier', () => {
  it('accepts what was signed, again and again', () => {
    const verifier = createVerifier([attestor], { origin: ORIGIN });
    for (let n = 0; n < 3; n++) {
      verifier.verifyAttestation(attestation);
      verifier.verifyGrant(grant);
    }
  });

  it('verifies each batch once, and every leaf always', () => {
    const verify = jest.fn(opensslVerify);
    const verifier = createVerifier([attestor], { origin: ORIGIN, verify });
    for (let n = 0; n < 5; n++) verifier.verifyAttestation(attestation);
    expect(verify).toHaveBeenCalledTimes(1);
    expect(() => verifier.verifyAttestation({ ...attestation, entry: '{"n":5}' })).toThrow(invalid);
    expect(verify).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['another entry', (a: Attestation) => ({ ...a, entry: '{"n":3}' })],
    ['a space more', (a: Attestation) => ({ ...a, entry: `${a.entry} ` })],
    ['another index', (a: Attestation) => ({ ...a, batch: { ...a.batch, index: 5 } })],
    ['an index beyond the batch', (a: Attestation) => ({ ...a, batch: { ...a.batch, index: 7 } })],
    ['a negative index', (a: Attestation) => ({ ...a, batch: { ...a.batch, index: -1 } })],
    ['half an index', (a: Attestation) => ({ ...a, batch: { ...a.batch, index: 4.5 } })],
    ['a larger batch', (a: Attestation) => ({ ...a, batch: { ...a.batch, size: 8 } })],
    ['a smaller batch', (a: Attestation) => ({ ...a, batch: { ...a.batch, size: 5 } })],
    ['an empty batch', (a: Attestation) => ({ ...a, batch: { index: 0, size: 0, path: [] } })],
    ['no path', (a: Attestation) => ({ ...a, batch: { ...a.batch, path: [] } })],
    ['a shorter path', (a: Attestation) => ({ ...a, batch: { ...a.batch, path: a.batch.path.slice(1) } })],
    ['a longer path', (a: Attestation) => ({ ...a, batch: { ...a.batch, path: [...a.batch.path, a.batch.path[0]!] } })],
    [
      'a path in another order',
      (a: Attestation) => ({ ...a, batch: { ...a.batch, path: [...a.batch.path].reverse() } }),
    ],
    ['a batch of its own', (a: Attestation) => ({ ...a, batch: { index: 0, size: 1, path: [] } })],
    ['base64 without padding', (a: Attestation) => ({ ...a, signature: a.signature.replace(/=+$/, '') })],
    ['an empty signature', (a: Attestation) => ({ ...a, signature: '' })],
    ['a high S', (a: Attestation) => ({ ...a, signature: highS(a.signature) })],
    ['r and s exchanged', (a: Attestation) => ({ ...a, signature: exchanged(a.signature) })],
    ["the grant's signature", (a: Attestation) => ({ ...a, signature: grant.signature })],
    ['no batch at all', (a: Attestation) => ({ ...a, batch: undefined as never })],
    ['no path list', (a: Attestation) => ({ ...a, batch: { ...a.batch, path: undefined as never } })],
  ])('refuses %s', (_, mutate) => {
    const verifier = createVerifier([attestor], { origin: ORIGIN });
    expect(() => verifier.verifyAttestation(mutate(attestation))).toThrow(invalid);
    // Nor after the good one is remembered.
    verifier.verifyAttestation(attestation);
    expect(() => verifier.verifyAttestation(mutate(attestation))).toThrow(invalid);
  });

  it('refuses every flipped bit of signature and path', () => {
    const verifier = createVerifier([attestor], { origin: ORIGIN });
    verifier.verifyAttestation(attestation);
    for (let bit = 0; bit < 512; bit += 3) {
      const signature = flipped(attestation.signature, bit);
      expect(() => verifier.verifyAttestation({ ...attestation, signature })).toThrow(invalid);
    }
    for (const [at, node] of attestation.batch.path.entries()) {
      for (let bit = 0; bit < 256; bit += 16) {
        const path = attestation.batch.path.map((other, n) => (n === at ? flipped(node, bit) : other));
        expect(() => verifier.verifyAttestation({ ...attestation, batch: { ...attestation.batch, path } })).toThrow(
          invalid,
        );
      }
    }
  });

  it('keeps domains apart, both ways', () => {
    const verifier = createVerifier([attestor], { origin: ORIGIN });
    const { payload, ...proof } = grant;
    expect(() => verifier.verifyAttestation({ entry: payload, ...proof })).toThrow(invalid);
    const { entry, ...other } = attestation;
    expect(() => verifier.verifyGrant({ payload: entry, ...other })).toThrow(
      expect.objectContaining({ code: 'SIGNATURE_INVALID' }),
    );
  });

  it('keeps origins apart', () => {
    const verifier = createVerifier([attestor], { origin: 'ledger.example/other' });
    expect(() => verifier.verifyAttestation(attestation)).toThrow(invalid);
  });

  it('trusts the keys that it was given, and no other', async () => {
    const other = await attestorOf('two');
    try {
      expect(() => createVerifier([other], { origin: ORIGIN }).verifyAttestation(attestation)).toThrow(untrusted);
      expect(() => createVerifier([], { origin: ORIGIN }).verifyGrant(grant)).toThrow(untrusted);
      createVerifier([other, attestor], { origin: ORIGIN }).verifyAttestation(attestation);
      const claimed = { ...attestation, keyId: other.keyId };
      const both = createVerifier([other, attestor], { origin: ORIGIN });
      both.verifyAttestation(attestation);
      expect(() => both.verifyAttestation(claimed)).toThrow(invalid);
    } finally {
      await other.close();
    }
  });

  it('takes no key under an id that is not its own', () => {
    const keyId = '0123456789abcdef' as KeyId;
    const borrowed = { keyId, publicKey: attestor.publicKey };
    expect(() => createVerifier([borrowed], { origin: ORIGIN })).toThrow(
      expect.objectContaining({ code: 'KEY_MISMATCH' }),
    );
  });
});

describe('cachedVerify', () => {
  const key = new Uint8Array(33).fill(2);
  const signature = new Uint8Array(64).fill(1);
  const message = (n: number) => Uint8Array.of(n);

  it('remembers no failure', () => {
    const verify = jest.fn().mockReturnValueOnce(false).mockReturnValue(true);
    const cached = cachedVerify(verify, 10);
    expect([1, 2, 3].map(() => cached(message(1), signature, key))).toEqual([false, true, true]);
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it('holds no more than its capacity, and lets go of the least recently used', () => {
    const verify = jest.fn().mockReturnValue(true);
    const cached = cachedVerify(verify, 3);
    for (const n of [1, 2, 3, 1, 4, 1, 3, 4]) cached(message(n), signature, key);
    expect(verify).toHaveBeenCalledTimes(4);
    cached(message(2), signature, key);
    expect(verify).toHaveBeenCalledTimes(5);
  });
});

function flipped(base64: string, bit: number): string {
  const bytes = parseBase64(base64);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return toBase64(bytes);
}

function highS(signature: string): string {
  const bytes = Buffer.from(signature, 'base64');
  const s = ORDER - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  return Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]).toString(
    'base64',
  );
}

function exchanged(signature: string): string {
  const bytes = Buffer.from(signature, 'base64');
  return Buffer.concat([bytes.subarray(32), bytes.subarray(0, 32)]).toString('base64');
}
