import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatTlogProof } from '@writ/checkpoint';
import { utf8 } from '@writ/encoding';
import { encodeEntryBundle, entriesPath, growTiles, inclusionPath, leafHash, rootOf, tilePath } from '@writ/merkle';
import type { StoredEvent } from '@writ/ledger';
import { formatTrustFile } from '@writ/verifier';

import { honestCases } from './cases.js';
import {
  checkpointOf,
  firstSigner,
  historyText,
  leavesOf,
  log,
  readHistory,
  readStored,
  witnesses,
  type LoggedEvent,
} from './frozen-log.js';
import { lineageLog } from './lineage-log.js';
import { rotatedLog } from './rotated-log.js';

export const V1 = join(__dirname, 'v1');
/** Leaves of the log of tiles: two full tiles and a partial one, so that there is a second level. */
export const TILED_SIZE = 600;

export const history = (): LoggedEvent[] => readHistory(join(V1, 'history.jsonl'));
export const storedEvents = (path: string): StoredEvent[] => readStored(join(V1, path));
export const trustText = (): string => readFileSync(join(V1, 'trust.txt'), 'utf8');

/** Path below `v1` → the bytes that belong there. All but `history.jsonl` follows from it, for ever. */
export async function frozenFiles(): Promise<ReadonlyMap<string, Uint8Array>> {
  const events = history();
  const bundles = honestCases(events)
    // The same file, looked at otherwise, stands there once.
    .filter(({ entries, notBeforeMs }) => entries === undefined && notBeforeMs === undefined)
    .map(({ name, bundle }) => [`bundles/${name}.json`, bundle] as const);
  return new Map([
    ['trust.txt', utf8(trustFile())],
    ['rotated.jsonl', utf8(historyText(rotatedLog(events)))],
    ['lineage.jsonl', utf8(historyText(lineageLog(events)))],
    ...bundles,
    ...proofsOf(events),
    ...(await tiledLog()),
  ]);
}

/** Writes them where there are none; what is frozen is never written over. */
export async function writeFrozenFiles(): Promise<void> {
  for (const [path, bytes] of await frozenFiles()) {
    const file = join(V1, path);
    mkdirSync(dirname(file), { recursive: true });
    if (!existsSync(file)) writeFileSync(file, bytes);
  }
}

/** Either witness is enough. */
function trustFile(): string {
  const [w1, w2] = witnesses.map(({ key }, at) => ({ name: `w${String(at + 1)}`, key }));
  if (w1 === undefined || w2 === undefined) throw new Error('there are two witnesses');
  const members = [w1, w2].map(({ name }) => ({ kind: 'witness', name }) as const);
  return formatTrustFile({
    policy: {
      logs: [{ key: log.key }],
      witnesses: [w1, w2],
      quorum: { kind: 'group', name: 'either', threshold: 1, members },
    },
    keys: [firstSigner],
  });
}

/** The commit of loan-1 as a tlog-proof, beside its entry and the checkpoint. */
function proofsOf(events: readonly LoggedEvent[]): [string, Uint8Array][] {
  const index = events.findIndex(({ type }) => type === 'ExecutionCommitted');
  const entry = utf8(events[index]?.attestation.entry ?? '');
  const checkpoint = checkpointOf(events);
  const proof = formatTlogProof({ index: BigInt(index), path: inclusionPath(leavesOf(events), index), checkpoint });
  return [
    ['proofs/commit.tlog-proof', utf8(proof)],
    ['proofs/commit.entry', entry],
    ['proofs/checkpoint', utf8(checkpoint)],
  ];
}

async function tiledLog(): Promise<[string, Uint8Array][]> {
  const entries = Array.from({ length: TILED_SIZE }, (_, index) => utf8(`entry ${String(index)}`));
  const leaves = entries.map((entry) => leafHash(entry));
  const none = { readTile: () => Promise.reject(new Error('the first tiles need no others')) };
  const tiles = await growTiles(none, 0, leaves);
  const bundles: [string, Uint8Array][] = [0, 256, 512].map((at) => {
    const own = entries.slice(at, at + 256);
    return [`tiles/${entriesPath(at / 256, own.length)}`, encodeEntryBundle(own)];
  });
  const checkpoint = checkpointOf([], { size: TILED_SIZE, rootHash: rootOf(leaves) });
  return [
    ['tiles/checkpoint', utf8(checkpoint)],
    ...tiles.map((tile): [string, Uint8Array] => [`tiles/${tilePath(tile)}`, tile.bytes]),
    ...bundles,
  ];
}
