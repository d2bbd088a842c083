import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import {
  COSIGNATURE_V1_TYPE,
  cosignatureMessage,
  ED25519_TYPE,
  encodeCosignature,
  formatCheckpoint,
  formatNote,
  formatTlogProof,
  formatTrustPolicy,
  formatVerifierKey,
  verifierKey,
  verifyCheckpoint,
  type VerifierKey,
} from '@writ/checkpoint';
import { toBase64, toHex, utf8 } from '@writ/encoding';
import {
  encodeEntryBundle,
  entriesPath,
  growTiles,
  inclusionPath,
  leafHash,
  rootOf,
  tilePath,
  TileProver,
  verifyConsistency,
  verifyInclusion,
} from '@writ/merkle';

/** Inputs of the worked examples in docs/spec/checkpoint.md and docs/spec/proof.md. */
const origin = 'ledger.example/loans';
const entries = Array.from({ length: 5 }, (_, index) => utf8(`entry ${String(index)}`));
const timeSeconds = 1_767_225_600; // 2026-01-01T00:00:00Z
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

interface KeyPair {
  readonly key: VerifierKey;
  readonly secret: KeyObject;
}

function keyPair(name: string, byte: number, type: number): KeyPair {
  const der = Buffer.concat([PKCS8_PREFIX, Buffer.alloc(32, byte)]);
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' });
  return { key: verifierKey(name, type, new Uint8Array(spki.subarray(-32))), secret };
}

const signed = ({ secret }: KeyPair, message: Uint8Array): Uint8Array => new Uint8Array(sign(null, message, secret));

/** Name of an example → its text. */
export async function lineageExamples(): Promise<ReadonlyMap<string, string>> {
  const leaves = entries.map((entry) => leafHash(entry));
  const rootHash = rootOf(leaves);
  const tiles = await growTiles(
    { readTile: () => Promise.reject(new Error('a first tile needs no other')) },
    0,
    leaves,
  );
  const prover = new TileProver({ readTile: async () => tiles[0]?.bytes ?? new Uint8Array(0) }, leaves.length);
  const inclusion = { leafHash: leafHash(utf8('entry 1')), index: 1n, sizeLeaves: 5n, path: inclusionPath(leaves, 1) };
  verifyInclusion(inclusion, rootHash);
  const consistency = {
    oldSizeLeaves: 3n,
    oldRootHash: rootOf(leaves.slice(0, 3)),
    newSizeLeaves: 5n,
    newRootHash: rootHash,
    path: await prover.consistency(3),
  };
  verifyConsistency(consistency);
  const { note, cosignature, policy } = cosignedCheckpoint(rootHash);
  return new Map([
    ['checkpoint-policy', policy.trimEnd()],
    ['checkpoint-note', note.trimEnd()],
    ['checkpoint-cosignature', cosignature],
    [
      'proof-tree',
      lines([
        ['leaf hashes', leaves],
        ['root of 3', [consistency.oldRootHash]],
        ['root of 5', [rootHash]],
      ]),
    ],
    [
      'proof-tiles',
      lines([
        ...tiles.map((tile) => [tilePath(tile), [tile.bytes]] as const),
        [entriesPath(0, entries.length), [encodeEntryBundle(entries)]],
      ]),
    ],
    ['proof-inclusion', lines([['path of index 1 in 5', inclusion.path]])],
    ['proof-consistency', lines([['path from 3 to 5', consistency.path]])],
    ['tlog-proof', formatTlogProof({ index: inclusion.index, path: inclusion.path, checkpoint: note }).trimEnd()],
  ]);
}

function cosignedCheckpoint(rootHash: Uint8Array): { note: string; cosignature: string; policy: string } {
  const log = keyPair(origin, 0x01, ED25519_TYPE);
  const witness = keyPair('witness.example/w1', 0x0b, COSIGNATURE_V1_TYPE);
  const text = formatCheckpoint({ origin, sizeLeaves: 5n, rootHash, extensions: [] });
  const message = cosignatureMessage(timeSeconds, text);
  const note = formatNote({
    text,
    signatures: [
      { name: log.key.name, keyId: log.key.keyId, signature: signed(log, utf8(text)) },
      {
        name: witness.key.name,
        keyId: witness.key.keyId,
        signature: encodeCosignature({ timeSeconds, signature64: signed(witness, message) }),
      },
    ],
  });
  const policy = {
    logs: [{ key: log.key }],
    witnesses: [{ name: 'w1', key: witness.key }],
    quorum: { kind: 'witness', name: 'w1' },
  } as const;
  verifyCheckpoint(note, policy, { origin });
  const cosignature = [
    `vkey of the witness\n  ${formatVerifierKey(witness.key)}`,
    `signed by the witness, as hex\n  ${toHex(message)}`,
    `its signature after the key id\n  ${toBase64(encodeCosignature({ timeSeconds, signature64: signed(witness, message) }))}`,
  ].join('\n');
  return { note, cosignature, policy: formatTrustPolicy(policy) };
}

function lines(named: readonly (readonly [string, readonly Uint8Array[]])[]): string {
  return named.map(([name, values]) => [name, ...values.map((value) => `  ${toHex(value)}`)].join('\n')).join('\n');
}
