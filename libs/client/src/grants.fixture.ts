import { generateKeyPairSync, sign } from 'node:crypto';
import { formatInstant, toBase64, utf8, type KeyId } from '@writ/encoding';
import {
  encodeGrant,
  grantMessage,
  keyIdOf,
  parametersCommitment,
  verifySignature,
  type Grant,
  type SignedGrant,
} from '@writ/evidence';
import { holderHashOf } from '@writ/ledger';
import { leafHash, rootOf } from '@writ/merkle';
import type { Decision, EventReceipt, Receipt } from './answers.js';

/** A ledger's signing key, made for one test run. */
export interface TestKey {
  readonly keyId: KeyId;
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

export function createTestKey(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  const { x, y } = publicKey.export({ format: 'jwk' }) as { x: string; y: string };
  const odd = (Buffer.from(y, 'base64url').at(-1) as number) & 1;
  const compressed = Uint8Array.from(Buffer.concat([Buffer.from([2 + odd]), Buffer.from(x, 'base64url')]));
  const signLowS = (message: Uint8Array): Uint8Array => {
    for (;;) {
      const signature = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
      if (verifySignature(message, signature, compressed)) return signature;
    }
  };
  return { keyId: keyIdOf(compressed), publicKey: compressed, sign: signLowS };
}

export const ORIGIN = 'ledger.example/writ';
export const TENANT = 'acme';
export const HOLDER = Uint8Array.from({ length: 16 }, (_, at) => at);
export const PARAMETERS = { amount: 10 };
const SALT = toBase64(new Uint8Array(16).fill(7));
const ISSUED_AT_MS = Date.UTC(2026, 0, 1);

export function grantFor(holder: Uint8Array, changes: Partial<Grant> = {}): Grant {
  return {
    origin: ORIGIN,
    tenant: TENANT as Grant['tenant'],
    executionId: 'pay-1' as Grant['executionId'],
    action: 'payment.send',
    decisionId: '01a20956-3e4e-75c6-9660-a1dabfdbeed7' as Grant['decisionId'],
    attempt: 1,
    holderHash: holderHashOf(holder),
    parameters: parametersCommitment({ parametersSalt: SALT }, PARAMETERS),
    parametersSalt: SALT,
    issuedAtMs: ISSUED_AT_MS,
    expiresAtMs: ISSUED_AT_MS + 60_000,
    ttlMs: 60_000,
    ...changes,
  };
}

/** Signed alone, as a batch of one. */
export function signedBy(key: TestKey, grant: Grant): SignedGrant {
  const payload = encodeGrant(grant);
  const message = grantMessage(grant.origin, 1, rootOf([leafHash(payload)]));
  return {
    payload: Buffer.from(payload).toString(),
    keyId: key.keyId,
    batch: { index: 0, size: 1, path: [] },
    signature: toBase64(Uint8Array.from(key.sign(message))),
  };
}

export function receiptWith(outcome: Decision['outcome'], ...types: string[]): Receipt {
  return {
    tenant: TENANT,
    executionId: 'pay-1',
    decision: {
      decisionId: '01a20956-3e4e-75c6-9660-a1dabfdbeed7',
      outcome,
      evaluation: 1,
      policyId: 'payments',
      policyVersion: '1.0.0',
      policyDigest: '',
      rule: 'small',
      reasons: [],
      obligations: [],
      evaluatedAtMs: ISSUED_AT_MS,
    },
    events: types.map((type, at) => eventOf(type, at)),
    replayed: false,
    signalsDiffer: false,
  };
}

function eventOf(type: string, at: number): EventReceipt {
  return {
    revision: BigInt(at),
    eventId: '01a20956-3e4e-75c6-9660-a1dabfdbeed7',
    type,
    typeVersion: 1,
    recordedAtMs: ISSUED_AT_MS,
    data: JSON.stringify({ at: formatInstant(ISSUED_AT_MS) }),
    attestation: {
      entry: '',
      keyId: '0000000000000000' as KeyId,
      batch: { index: 0, size: 1, path: [] },
      signature: toBase64(utf8('')),
    },
    standing: 'recorded',
  };
}
