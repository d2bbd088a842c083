import { parseBase64, toBase64, utf8 } from '@writ/encoding';
import type { Attestation } from '@writ/ledger';

import { verifyAttestation } from './attestation.js';
import { domainMessage, rootMessage, SIGNING_DOMAINS } from './domains.js';
import { publicationMessage } from './publication.js';
import { TestKey } from './sign.fixture.js';
import { verifySignature } from './signature.js';
import { verifyLeaf, type Trust } from './signed-leaf.js';

const origin = 'ledger.example/loans';
const key = new TestKey(1);
const trust: Trust = { origin, keys: [new TestKey(2), key] };
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

function attested(size: number, index: number): Attestation {
  const entries = Array.from({ length: size }, (_, at) => `{"entry":${String(at)}}`);
  const proof = key.prove('writ/attestation/v1', origin, entries.map(utf8))[index];
  if (proof === undefined) throw new Error('no such leaf');
  return { ...proof, entry: entries[index] ?? '' };
}

const codeOf = (attestation: Attestation, by: Trust = trust): unknown => {
  try {
    verifyAttestation(attestation, by);
    return 'verified';
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

/** (r, n - s): the other signature of the same message. */
function mirrored(signature: Uint8Array): Uint8Array {
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`);
  const high = (ORDER - s).toString(16).padStart(64, '0');
  return new Uint8Array([...signature.subarray(0, 32), ...Buffer.from(high, 'hex')]);
}

describe('an attestation', () => {
  it.each([1, 2, 3, 7, 8, 33])('verifies for every leaf of a batch of %d', (size) => {
    for (const index of [0, size >> 1, size - 1]) expect(codeOf(attested(size, index))).toBe('verified');
  });

  it.each<[string, (good: Attestation) => Attestation, string]>([
    ['another entry', (good) => ({ ...good, entry: '{"entry":4}' }), 'ATTESTATION_INVALID'],
    ['another index', (good) => ({ ...good, batch: { ...good.batch, index: 2 } }), 'ATTESTATION_INVALID'],
    ['another size', (good) => ({ ...good, batch: { ...good.batch, size: 6 } }), 'ATTESTATION_INVALID'],
    [
      'a shorter path',
      (good) => ({ ...good, batch: { ...good.batch, path: good.batch.path.slice(1) } }),
      'ATTESTATION_INVALID',
    ],
    [
      'a longer path',
      (good) => ({ ...good, batch: { ...good.batch, path: [...good.batch.path, good.batch.path[0] ?? ''] } }),
      'ATTESTATION_INVALID',
    ],
    [
      'a path in another order',
      (good) => ({ ...good, batch: { ...good.batch, path: [...good.batch.path].reverse() } }),
      'ATTESTATION_INVALID',
    ],
    [
      'a mirrored signature',
      (good) => ({ ...good, signature: toBase64(mirrored(parseBase64(good.signature))) }),
      'ATTESTATION_INVALID',
    ],
    [
      'a DER signature',
      (good) => ({ ...good, signature: toBase64(new Uint8Array(70).fill(48)) }),
      'ATTESTATION_INVALID',
    ],
    ['no base64', (good) => ({ ...good, signature: '?' }), 'ATTESTATION_INVALID'],
    ['an unknown key', (good) => ({ ...good, keyId: new TestKey(3).keyId }), 'KEY_UNKNOWN'],
    ['the id of another trusted key', (good) => ({ ...good, keyId: new TestKey(2).keyId }), 'ATTESTATION_INVALID'],
  ])('is refused with %s', (_, change, code) => {
    expect(codeOf(change(attested(5, 1)))).toBe(code);
  });

  it('is worth nothing for another ledger', () => {
    expect(codeOf(attested(1, 0), { ...trust, origin: 'ledger.example/other' })).toBe('ATTESTATION_INVALID');
  });

  it('refuses every changed byte of the signature', () => {
    const good = attested(1, 0);
    const signature = parseBase64(good.signature, 64);
    for (let at = 0; at < 64; at += 5) {
      const changed = signature.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(codeOf({ ...good, signature: toBase64(changed) })).toBe('ATTESTATION_INVALID');
    }
  });
});

describe('domains', () => {
  it('have no message in common, so that a signature from one is refused in all others', () => {
    const leaf = '{"entry":0}';
    for (const signedIn of SIGNING_DOMAINS) {
      const [proof] = key.prove(signedIn, origin, [utf8(leaf)]);
      for (const readIn of SIGNING_DOMAINS) {
        const verified = verifyLeaf(readIn, leaf, proof!, trust, verifySignature);
        expect([signedIn, readIn, verified]).toEqual([signedIn, readIn, signedIn === readIn]);
      }
    }
  });

  it('hold for publications too', () => {
    const publication = {
      origin,
      tenant: 'acme',
      policyId: 'loan',
      version: '1.0.0',
      digest: `sha256:${'0'.repeat(64)}`,
    } as never;
    const message = publicationMessage(publication);
    const signature = key.sign(message);
    expect(verifySignature(message, signature, key.publicKey)).toBe(true);
    for (const domain of SIGNING_DOMAINS) {
      const body = message.subarray('writ/policy-publication/v1\n'.length + origin.length + 1);
      const other = domainMessage(domain, origin, body);
      expect(verifySignature(other, signature, key.publicKey)).toBe(domain === 'writ/policy-publication/v1');
    }
  });

  it('are all different', () => {
    // The loops here compare by value: two equal ones would look like one and the same.
    expect(new Set(SIGNING_DOMAINS).size).toBe(SIGNING_DOMAINS.length);
  });

  it('do not begin one another', () => {
    for (const a of SIGNING_DOMAINS)
      for (const b of SIGNING_DOMAINS) expect(`${a}\n`.startsWith(`${b}\n`)).toBe(a === b);
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 53])('know no batch of %p', (size) => {
    expect(() => rootMessage('writ/grant/v1', origin, size, new Uint8Array(32))).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID' }),
    );
  });

  it('take no origin that could shift a line', () => {
    expect(() => rootMessage('writ/grant/v1', 'a\nb', 1, new Uint8Array(32))).toThrow(
      expect.objectContaining({ code: 'NAME_INVALID' }),
    );
    expect(() => rootMessage('writ/grant/v1', origin, 1, new Uint8Array(31))).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID' }),
    );
  });
});

describe('verifySignature', () => {
  const message = utf8('message');
  const good = key.sign(message);

  it('accepts the low one of the two signatures', () => {
    expect(verifySignature(message, good, key.publicKey)).toBe(true);
    expect(verifySignature(message, mirrored(good), key.publicKey)).toBe(false);
  });

  it.each<[string, unknown, unknown]>([
    ['an empty signature', new Uint8Array(0), key.publicKey],
    ['65 bytes', new Uint8Array(65), key.publicKey],
    ['zeros', new Uint8Array(64), key.publicKey],
    ['ones', new Uint8Array(64).fill(255), key.publicKey],
    ['text', 'signature', key.publicKey],
    ['null', null, key.publicKey],
    ['no key', good, undefined],
    ['a point not on the curve', good, new Uint8Array(33).fill(2)],
    ['a hybrid key', good, new Uint8Array(33).fill(6)],
    ['an uncompressed key', good, new Uint8Array(65).fill(4)],
    ['another key', good, new TestKey(2).publicKey],
  ])('is false, and never throws, for %s', (_, signature, publicKey) => {
    expect(verifySignature(message, signature as Uint8Array, publicKey as Uint8Array)).toBe(false);
  });
});
