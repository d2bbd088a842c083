import { getPublicKey, hashes, sign } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { utf8 } from '@writ/encoding';
import { leafHash } from '@writ/merkle';
import { formatCheckpoint } from './checkpoint-text.js';
import { cosignatureMessage, encodeCosignature } from './cosignature.js';
import { formatNote, type NoteSignature } from './signed-note.js';
import { COSIGNATURE_V1_TYPE, ED25519_TYPE, verifierKey, type VerifierKey } from './verifier-key.js';

hashes.sha512 = sha512;

/** A key pair of which nothing is secret. */
export interface TestKey {
  readonly key: VerifierKey;
  sign(message: Uint8Array): Uint8Array;
}

export function testKey(name: string, seed: number, type = ED25519_TYPE): TestKey {
  const secret = new Uint8Array(32).fill(seed);
  return { key: verifierKey(name, type, getPublicKey(secret)), sign: (message) => sign(message, secret) };
}

export const witnessKey = (name: string, seed: number): TestKey => testKey(name, seed, COSIGNATURE_V1_TYPE);

export function signatureOf({ key, sign: signWith }: TestKey, text: string): NoteSignature {
  return { name: key.name, keyId: key.keyId, signature: signWith(utf8(text)) };
}

export function cosignatureBy({ key, sign: signWith }: TestKey, text: string, timeSeconds: number): NoteSignature {
  const signature64 = signWith(cosignatureMessage(timeSeconds, text));
  return { name: key.name, keyId: key.keyId, signature: encodeCosignature({ timeSeconds, signature64 }) };
}

export const ORIGIN = 'ledger.example/loans';
export const log = testKey(ORIGIN, 1);
export const witnesses = [
  witnessKey('witness.example/w1', 11),
  witnessKey('witness.example/w2', 12),
  witnessKey('witness.example/w3', 13),
];
export const TIME = 1_767_225_600;

export const checkpointText = formatCheckpoint({
  origin: ORIGIN,
  sizeLeaves: 1n,
  rootHash: leafHash(utf8('entry 0')),
  extensions: [],
});

/** The checkpoint signed by the log and cosigned by the first `count` witnesses. */
export function cosigned(count: number, text = checkpointText): string {
  const lines = witnesses.slice(0, count).map((witness) => cosignatureBy(witness, text, TIME));
  return formatNote({ text, signatures: [signatureOf(log, text), ...lines] });
}

/** The code of the error that `act` throws, or `undefined` when it returns. */
export function codeOf(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
}
