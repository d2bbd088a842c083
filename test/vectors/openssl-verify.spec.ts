import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { verifySignature } from '@writ/evidence';
import { opensslVerify } from '@writ/signing';

import { describeVectors } from './published.js';

interface WycheproofFile {
  readonly numberOfTests: number;
  readonly testGroups: readonly {
    readonly publicKey: { readonly uncompressed: string };
    readonly tests: readonly {
      readonly tcId: number;
      readonly msg: string;
      readonly sig: string;
      readonly result: 'valid' | 'invalid';
    }[];
  }[];
}

const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

describeVectors('wycheproof', (folder) => {
  it('IEEE P1363 signatures: 180 as labelled, and the 72 valid ones with a high S are refused', () => {
    let asLabelled = 0;
    let highS = 0;
    forEachCase(join(folder, 'ecdsa_secp256k1_sha256_p1363_test.json'), (message, signature, key, label) => {
      const accepted = bothSay(message, signature, key);
      if (accepted === label) asLabelled += 1;
      else if (label && isHighS(signature)) highS += 1;
      else throw new Error('neither as labelled nor a high S');
    });
    expect([asLabelled, highS]).toEqual([180, 72]);
  });

  it('the Bitcoin file, DER taken apart strictly: all 463 as labelled', () => {
    let asLabelled = 0;
    forEachCase(join(folder, 'ecdsa_secp256k1_sha256_bitcoin_test.json'), (message, der, key, label) => {
      const signature = compactOf(der);
      if ((signature !== undefined && bothSay(message, signature, key)) === label) asLabelled += 1;
    });
    expect(asLabelled).toBe(463);
  });
});

/** OpenSSL with our rules, and the reference of `@writ/evidence`: they must agree on every case. */
function bothSay(message: Uint8Array, signature: Uint8Array, key: Uint8Array): boolean {
  const ours = opensslVerify(message, signature, key);
  expect(ours).toBe(verifySignature(message, signature, key));
  return ours;
}

function forEachCase(
  path: string,
  check: (message: Uint8Array, signature: Uint8Array, key: Uint8Array, label: boolean) => void,
): void {
  const file = JSON.parse(readFileSync(path, 'utf8')) as WycheproofFile;
  let seen = 0;
  for (const group of file.testGroups) {
    const key = compressed(hex(group.publicKey.uncompressed));
    for (const test of group.tests) {
      check(hex(test.msg), hex(test.sig), key, test.result === 'valid');
      seen += 1;
    }
  }
  expect(seen).toBe(file.numberOfTests);
}

function compressed(point: Uint8Array): Uint8Array {
  return Uint8Array.from([2 + (point[64]! & 1), ...point.subarray(1, 33)]);
}

function isHighS(signature: Uint8Array): boolean {
  return signature.length === 64 && BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`) > HALF_ORDER;
}

/** `r ‖ s` of a DER signature in its one correct form; `undefined` for any other (X.690 section 10). */
function compactOf(der: Uint8Array): Uint8Array | undefined {
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length > 72) return undefined;
  const first = integerAt(der, 2);
  const second = first && integerAt(der, first.end);
  if (first === undefined || second?.end !== der.length) return undefined;
  return Uint8Array.from([...first.bytes, ...second.bytes]);
}

function integerAt(der: Uint8Array, at: number): { bytes: Uint8Array; end: number } | undefined {
  const length = der[at + 1] ?? 0;
  const end = at + 2 + length;
  const value = der.subarray(at + 2, end);
  const negative = ((value[0] ?? 0) & 0x80) !== 0;
  const padded = length > 1 && value[0] === 0 && ((value[1] ?? 0) & 0x80) === 0;
  if (der[at] !== 2 || length === 0 || end > der.length || negative || padded) return undefined;
  const magnitude = value[0] === 0 ? value.subarray(1) : value;
  if (magnitude.length > 32) return undefined;
  const bytes = new Uint8Array(32);
  bytes.set(magnitude, 32 - magnitude.length);
  return { bytes, end };
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}
