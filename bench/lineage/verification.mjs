/**
 * Offline verification of entries under one checkpoint, one core: with attestations in batches of 64 that share their
 * signature, and with a signature each, beside bare OpenSSL verifications of the same signatures. Prints JSON.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import { parseArgs } from 'node:util';
import { formatCheckpoint, formatNote, verifierKey } from '../../libs/checkpoint/dist/index.js';
import { parseBase64, toBase64 } from '../../libs/encoding/dist/index.js';
import { attestationMessage } from '../../libs/evidence/dist/index.js';
import { entryOf } from '../../libs/ledger/dist/index.js';
import { inclusionPaths, rootOf } from '../../libs/merkle/dist/index.js';
import { createSigner, installOpensslSha256, opensslVerify } from '../../libs/signing/dist/index.js';
import { createEntryVerifier } from '../../libs/verifier/dist/index.js';
import { median, ratio, round } from '../figures.mjs';
import { processorNanoseconds } from './cpu-time.mjs';

const { values } = parseArgs({
  options: { shared: { type: 'string' }, single: { type: 'string' }, rounds: { type: 'string', default: '5' } },
});
installOpensslSha256();
const ORIGIN = 'ledger.bench/tree';
const signer = await createSigner(new Uint8Array(32).fill(7));
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const logKey = verifierKey(ORIGIN, 1, Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }).subarray(12)));
const trust = {
  origin: ORIGIN,
  policy: { logs: [{ key: logKey }], witnesses: [], quorum: { kind: 'none' } },
  keys: [{ keyId: signer.keyId, publicKey: signer.publicKey }],
};

/** `count` entries, each with its path, attested in batches of `batchSize`, under one checkpoint. */
function evidence(count, batchSize) {
  const entries = Array.from({ length: count }, (_, n) =>
    entryOf({
      streamRef: `sha256:${'a'.repeat(64)}`,
      revision: BigInt(n),
      eventId: `019b76da-a800-7000-8000-${n.toString(16).padStart(12, '0')}`,
      type: 'DecisionAdmitted',
      typeVersion: 1,
      recordedAtMs: 1_767_225_600_000 + n,
      dataDigest: `sha256:${'b'.repeat(64)}`,
    }),
  );
  const leaves = entries.map(({ leafHash }) => leafHash);
  const paths = inclusionPaths(leaves);
  const text = formatCheckpoint({
    origin: ORIGIN,
    sizeLeaves: BigInt(count),
    rootHash: rootOf(leaves),
    extensions: [],
  });
  const signature = Uint8Array.from(sign(null, Buffer.from(text), privateKey));
  const note = formatNote({ text, signatures: [{ name: ORIGIN, keyId: logKey.keyId, signature }] });
  const proven = [];
  const signed = [];
  for (let first = 0; first < count; first += batchSize) {
    const batch = leaves.slice(first, first + batchSize);
    const message = attestationMessage(ORIGIN, batch.length, rootOf(batch));
    const over = toBase64(signer.sign(message));
    signed.push({ message, signature: parseBase64(over, 64) });
    const inBatch = inclusionPaths(batch);
    batch.forEach((_, at) => {
      const place = { index: at, size: batch.length, path: inBatch[at].map(toBase64) };
      const { text: entry } = entries[first + at];
      const attestation = { entry, keyId: signer.keyId, batch: place, signature: over };
      proven.push({ attestation, index: BigInt(first + at), path: paths[first + at] });
    });
  }
  return { note, proven, signed };
}

/** Entries verified a second of processor time, by a verifier that begins with nothing. */
function verifiedPerSecond({ note, proven }) {
  const verifier = createEntryVerifier(note, trust, { verifySignature: opensslVerify });
  const start = processorNanoseconds();
  for (const each of proven) if (verifier.verify(each) !== null) throw new Error('void: an entry does not verify');
  return (proven.length / (processorNanoseconds() - start)) * 1e9;
}

function barePerSecond({ signed }) {
  const start = processorNanoseconds();
  for (const { message, signature } of signed) {
    if (!opensslVerify(message, signature, signer.publicKey)) throw new Error('void: a signature does not verify');
  }
  return (signed.length / (processorNanoseconds() - start)) * 1e9;
}

const shared = evidence(Number(values.shared), 64);
const single = evidence(Number(values.single), 1);
const rounds = [];
for (let n = 0; n < Number(values.rounds) + 1; n += 1) {
  rounds.push({ shared: verifiedPerSecond(shared), single: verifiedPerSecond(single), bare: barePerSecond(single) });
}
const of = (name) => median(rounds.slice(1).map((each) => each[name]));
console.log(
  JSON.stringify({
    inBatchesOf64PerSecond: round(of('shared')),
    oneSignatureEachPerSecond: round(of('single')),
    bareOpensslPerSecond: round(of('bare')),
    oneEachToBare: ratio(of('single'), of('bare')),
  }),
);
