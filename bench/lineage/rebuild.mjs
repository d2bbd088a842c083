/**
 * The tree made again from the store alone: leaves a second, by one core, with entry bundles and index, and what of that
 * hash tiles alone take. First a ledger is written and sequenced, which tells how fast that goes too. Prints JSON.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { InMemoryEventStore } from '../../libs/event-store/dist/index.js';
import {
  encodeMetadata,
  lineageStream,
  parseEventData,
  prepareAll,
  refusalsStream,
} from '../../libs/ledger/dist/index.js';
import { keysOfLedger } from './keys-of-ledger.mjs';
import { EntryIndex } from '../../libs/lineage/dist/sequencing/entry-index.js';
import { LineageStream } from '../../libs/lineage/dist/sequencing/lineage-stream.js';
import { localSequencer } from '../../libs/lineage/dist/sequencing/sequencer.js';
import { TreeWriter } from '../../libs/lineage/dist/sequencing/tree-writer.js';
import { TileFolder } from '../../libs/lineage/dist/tiles/tile-folder.js';
import { MemoryTiles } from '../../libs/lineage/dist/tiles/tile-store.js';
import { systemRandomness } from '../../libs/instance/dist/randomness.js';
import { createAttestor, installOpensslSha256 } from '../../libs/signing/dist/index.js';
import { round } from '../figures.mjs';
import { processorNanoseconds } from './cpu-time.mjs';

const { values } = parseArgs({
  options: { path: { type: 'string', default: tmpdir() }, leaves: { type: 'string' } },
});
installOpensslSha256();
const ORIGIN = 'ledger.bench/tree';
const wanted = Number(values.leaves);
const folder = mkdtempSync(join(values.path, 'writ-bench-rebuild-'));
const store = new InMemoryEventStore();
const randomness = systemRandomness();
const attestor = await createAttestor({ secretKey: Uint8Array.from(randomBytes(32)), origin: ORIGIN, worker: false });
const pinned = [{ keyId: attestor.keyId, publicKey: attestor.publicKey }];
await keysOfLedger({ store, attestor, randomness, origin: ORIGIN });
for (let n = 0; n < wanted / 256; n += 1) await appendStream(`bench${n}`);

const sequencing = await follow(new MemoryTiles(), ':memory:', true);
const rebuilt = await follow(new TileFolder(join(folder, 'tree')), join(folder, 'index.db'), false);
if (!Buffer.from(rebuilt.root).equals(sequencing.root)) throw new Error('void: the roots differ');
const hashTiles = await hashTilesAlone();
rmSync(folder, { recursive: true });
await attestor.close();
console.log(
  JSON.stringify({
    leaves: Number(rebuilt.sizeLeaves),
    sequencedPerSecond: sequencing.perSecond,
    rebuiltPerSecond: rebuilt.perSecond,
    hashTilesPerSecond: hashTiles,
  }),
);

/** 256 events on a stream of their own, attested in one batch. */
async function appendStream(tenant) {
  const stream = refusalsStream(tenant);
  const streamSalt = Uint8Array.from(randomBytes(16));
  const data = { stream: 'execution-bench.x', revision: '1', reason: createHash('sha256').digest('hex') };
  const prepared = prepareAll(
    Array.from({ length: 256 }, () => ({ type: 'ForeignEventFound', data })),
    {
      stream,
      streamSalt,
      firstRevision: 0n,
      recordedAtMs: Date.now(),
      identify: () => ({ eventId: randomness.eventId(), nonce: Uint8Array.from(randomBytes(16)) }),
    },
  );
  const attestations = await attestor.attest(prepared);
  const events = prepared.map(({ event, type, typeVersion, data: bytes }, at) => ({
    eventId: event.eventId,
    type,
    typeVersion,
    data: bytes,
    metadata: encodeMetadata({ attestation: attestations[at], ...(at === 0 ? { streamSalt } : {}) }),
  }));
  await store.append(stream, 'no_stream', events);
}

/** From nothing to the end of the ledger. */
async function follow(tiles, index, publisher) {
  const stream = new LineageStream({ origin: ORIGIN, store, attestor, randomness, clock: { nowMs: Date.now } });
  let report;
  const start = processorNanoseconds();
  const sequencer = localSequencer(
    { store, origin: ORIGIN, pinned, tiles, openIndex: () => EntryIndex.open(index) },
    {
      append: ({ basedOn, data }) => stream.appendBasedOn(basedOn, 'EntriesSequenced', data),
      report: (latest) => (report = latest),
      foreign: (found) => {
        throw new Error(`void: ${found.error.message}`);
      },
      died: () => undefined,
    },
  );
  sequencer.setPublisher(publisher);
  await sequencer.flush();
  const seconds = (processorNanoseconds() - start) / 1e9;
  await sequencer.close();
  if (report.fault !== undefined) throw new Error(`void: ${report.fault.message}`);
  const { sizeLeaves, root } = report.state;
  return { sizeLeaves, root, perSecond: round(Number(sizeLeaves) / seconds) };
}

/** The lineage stream alone: parse, hash, write tiles; no entries to write and none to find. */
async function hashTilesAlone() {
  const writer = new TreeWriter(new TileFolder(join(folder, 'hashes')), EntryIndex.open(':memory:'));
  const recorded = await store.readStream(lineageStream(ORIGIN));
  const start = processorNanoseconds();
  for (const { type, typeVersion, data, eventId, revision } of recorded) {
    const { fact } = parseEventData(type, typeVersion, data);
    if (type !== 'EntriesSequenced') continue;
    await writer.apply({ ...fact, eventId, revision, recordedAtMs: 0, dataDigest: '' }, []);
  }
  const seconds = (processorNanoseconds() - start) / 1e9;
  writer.close();
  return round(Number(writer.state.sizeLeaves) / seconds);
}
