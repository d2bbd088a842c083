import { createHash, hash } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { installSha256 } from '@writ/encoding';
import { LedgerError } from '@writ/errors';
import type { RecordedEvent } from '@writ/event-store';
import { checkSqliteStore, openSqliteEventStore } from '@writ/event-store-sqlite';
import type { VerifySignature } from '@writ/evidence';
import { fsck, type FsckReport } from '@writ/lineage';
import { opensslVerify } from '@writ/signing';
import type { TrustFile } from '@writ/verifier';
import { diceOf, seed, tell } from '../harness/seed.js';
import { beginLedger, trustIn } from './ledger.js';

/** All bytes instead of some, going on where the last run stopped (`npm run sweep`): the file that remembers how far. */
const SWEEP = process.env['WRIT_SWEEP_FILE'];
const STORE_FLIPS = Number(process.env['WRIT_STORE_FLIPS'] ?? 3_500);
const TILE_FLIPS = Number(process.env['WRIT_TILE_FLIPS'] ?? 1_500);
/** Events of the ledger: enough for several tiles of every kind is too slow for a flip of every byte. */
const EXECUTIONS = 20;
const PAGE = 4_096;

installSha256((input) => hash('sha256', input, 'buffer'));

/** Thousands of checks of nearly the same: what verified once verifies. */
const verified = new Set<string>();
const verify: VerifySignature = (message, signature, publicKey) => {
  const name = Buffer.concat([publicKey, signature, message]).toString('latin1');
  if (verified.has(name)) return true;
  if (!opensslVerify(message, signature, publicKey)) return false;
  verified.add(name);
  return true;
};

interface Flip {
  readonly file: string;
  readonly offset: number;
  readonly bit: number;
}

describe('one bit of a ledger that was changed behind its back', () => {
  const folder = SWEEP === undefined ? mkdtempSync(join(tmpdir(), 'writ-flips-')) : `${SWEEP}.ledger`;
  const path = join(folder, 'ledger.db');
  const lineageDir = join(folder, 'lineage');
  let trust: TrustFile;
  /** What bundles are made of, as it was. */
  let exported: string;
  let events: readonly RecordedEvent[] = [];

  beforeAll(async () => {
    if (!existsSync(path)) {
      const ledger = await beginLedger(folder);
      for (let round = 0; round < 4; round++) {
        await ledger.execute(EXECUTIONS / 4);
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      await ledger.instance.close();
    }
    trust = await trustIn(folder);
    const store = await openSqliteEventStore({ path, mode: 'existing', readOnly: true });
    events = await store.readAll({ maxCount: PAGE });
    exported = await exportOf(store, events);
    await store.close();
    expect(await checkWhole()).toMatchObject({ verdict: 'sound', notYetSequenced: 0 });
  }, 60_000);

  afterAll(() => {
    if (SWEEP === undefined) rmSync(folder, { recursive: true });
  });

  it('is found in the store, or changes nothing that is exported', async () => {
    const overlooked: Flip[] = [];
    let found = 0;
    const begun = Date.now();
    for (const flip of flipsOf([path], STORE_FLIPS)) {
      flipBit(flip);
      try {
        if (await isFoundInStore()) found += 1;
        else if (!(await exportsTheSame())) overlooked.push(flip);
      } finally {
        flipBit(flip);
      }
      remember(flip);
    }
    tell('byte flips, store', { found, seconds: Math.round((Date.now() - begun) / 1_000) });
    expect(overlooked).toStrictEqual([]);
    expect(found).toBeGreaterThan(0);
  }, 1_000_000_000);

  it('is found in the folder of tiles and checkpoints, or is beside what is served', async () => {
    const overlooked: Flip[] = [];
    const files = filesBelow(lineageDir);
    const reading = storeOf(events);
    let found = 0;
    const begun = Date.now();
    for (const flip of flipsOf(files, TILE_FLIPS)) {
      flipBit(flip);
      try {
        const report = await fsck({ store: reading, trust, lineageDir, verify });
        if (report.verdict === 'faults') found += 1;
        // The index holds pages that nothing is in, and what the sequencer goes on from.
        else if (!flip.file.includes('index.db')) overlooked.push(flip);
      } finally {
        flipBit(flip);
      }
      remember(flip);
    }
    tell('byte flips, tiles', { found, files: files.length, seconds: Math.round((Date.now() - begun) / 1_000) });
    expect(overlooked.map((flip) => ({ ...flip, file: relative(folder, flip.file) }))).toStrictEqual([]);
    expect(found).toBeGreaterThan(0);
  }, 1_000_000_000);

  async function checkWhole(): Promise<FsckReport> {
    const store = await openSqliteEventStore({ path, mode: 'existing', readOnly: true });
    try {
      return await fsck({
        ...{ store, trust, lineageDir, verify },
        ...{ markDir: join(folder, 'mark'), stateDir: join(folder, 'state') },
      });
    } finally {
      await store.close();
    }
  }

  /** The check of the events first, because it is cheaper; then that of the pages below them. */
  async function isFoundInStore(): Promise<boolean> {
    try {
      if ((await checkWhole()).verdict === 'faults') return true;
      if (await exportsTheSame()) return false;
      await checkSqliteStore(path);
      return false;
    } catch (error) {
      if (error instanceof LedgerError) return true;
      throw error;
    }
  }

  async function exportsTheSame(): Promise<boolean> {
    const store = await openSqliteEventStore({ path, mode: 'existing', readOnly: true });
    try {
      return (await exportOf(store, await store.readAll({ maxCount: PAGE }))) === exported;
    } finally {
      await store.close();
    }
  }
});

/** Everything that evidence is made of, by both ways of reading. Tracing ids are not exported. */
async function exportOf(
  store: { readStream(stream: string): Promise<readonly RecordedEvent[]> },
  events: readonly RecordedEvent[],
): Promise<string> {
  const digest = createHash('sha256');
  const add = ({ stream, revision, eventId, type, typeVersion, data, metadata }: RecordedEvent): void => {
    const { trace: _trace, ...shown } = JSON.parse(Buffer.from(metadata).toString()) as Record<string, unknown>;
    digest.update(JSON.stringify([stream, String(revision), eventId, type, typeVersion, shown])).update(data);
  };
  events.forEach(add);
  for (const stream of new Set(events.map((event) => event.stream))) (await store.readStream(stream)).forEach(add);
  return digest.digest('hex');
}

/** The same events out of memory: what is flipped is elsewhere. */
function storeOf(events: readonly RecordedEvent[]) {
  return {
    readAll: async ({ after = 0n, maxCount }: { after?: bigint; maxCount: number }) =>
      events.filter(({ position }) => position > after).slice(0, maxCount),
    readStream: async (stream: string, { fromRevision = 0n, maxCount = PAGE } = {}) =>
      events.filter((event) => event.stream === stream && event.revision >= fromRevision).slice(0, maxCount),
  };
}

function flipBit({ file, offset, bit }: Flip): void {
  const handle = openSync(file, 'r+');
  try {
    const byte = Buffer.alloc(1);
    readSync(handle, byte, 0, 1, offset);
    byte[0] = (byte[0] ?? 0) ^ (1 << bit);
    writeSync(handle, byte, 0, 1, offset);
  } finally {
    closeSync(handle);
  }
}

/** `count` places drawn by the seed; or every byte, without those that a sweep has done. */
function* flipsOf(files: readonly string[], count: number): Generator<Flip> {
  const dice = diceOf(seed);
  const sizes = files.map((file) => statSync(file).size);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (SWEEP === undefined) {
    for (let drawn = 0; drawn < count; drawn++) yield placed(files, sizes, dice.below(total), dice.below(8));
    return;
  }
  const done = new Set(existsSync(SWEEP) ? readFileSync(SWEEP, 'utf8').split('\n') : []);
  for (let at = 0; at < total; at++) {
    // The bit follows from the place, so that a sweep that goes on makes the same flips.
    const flip = placed(files, sizes, at, at % 8);
    if (!done.has(nameOf(flip))) yield flip;
  }
}

function placed(files: readonly string[], sizes: readonly number[], at: number, bit: number): Flip {
  let offset = at;
  for (const [i, file] of files.entries()) {
    const size = sizes[i] ?? 0;
    if (offset < size) return { file, offset, bit };
    offset -= size;
  }
  throw new RangeError('no such byte');
}

function nameOf({ file, offset }: Flip): string {
  return `${file} ${offset}`;
}

function remember(flip: Flip): void {
  if (SWEEP !== undefined) appendFileSync(SWEEP, `${nameOf(flip)}\n`);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return /-(?:wal|shm)$/.test(entry.name) ? [] : [path];
  });
}
