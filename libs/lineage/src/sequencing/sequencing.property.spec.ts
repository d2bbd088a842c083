import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';

import { InMemoryEventStore } from '@writ/event-store';
import { lineageStream, type LineageStreamState } from '@writ/ledger';
import { TileProver, type Hash } from '@writ/merkle';
import { createHash } from 'node:crypto';

import { freshId, ORIGIN, SmallLedger } from '../ledger.fixture.js';
import { MemoryTiles } from '../tiles/tile-store.js';
import { EntryIndex } from './entry-index.js';
import type { FollowerReport } from './follower-host.js';
import { LineageStream } from './lineage-stream.js';
import { localSequencer, type Sequencer, type SequencerHost } from './sequencer.js';

/** RFC 6962 section 2.1, as it is written there. */
function referenceRoot(leaves: readonly Buffer[]): string {
  const hash = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
  const mth = (from: number, to: number): Buffer => {
    const size = to - from;
    if (size === 0) return hash();
    if (size === 1) return hash(Buffer.of(0), leaves[from] ?? Buffer.of());
    let k = 1;
    while (k * 2 < size) k *= 2;
    return hash(Buffer.of(1), mth(from, from + k), mth(from + k, to));
  };
  return mth(0, leaves.length).toString('base64');
}

const base64 = (hash: Hash): string => Buffer.from(hash).toString('base64');

/** A node that sequences, with files that outlive it. */
class Node {
  readonly tiles = new MemoryTiles();
  readonly #path: string;
  readonly #ledger: SmallLedger;
  #sequencer: Sequencer | undefined;
  report: FollowerReport | undefined;
  /** The next append is done, and its answer lost. */
  loseAnswer = false;

  constructor(ledger: SmallLedger, path: string) {
    this.#ledger = ledger;
    this.#path = path;
  }

  start(publisher: boolean): void {
    const { store, attestor, pinned } = this.#ledger;
    const { clock, randomness } = this.#ledger.options();
    const stream = new LineageStream({ origin: ORIGIN, store, attestor, clock, randomness });
    const host: SequencerHost = {
      append: async ({ basedOn, data }) => {
        const outcome = await stream.appendBasedOn(basedOn, 'EntriesSequenced', data);
        if (!this.loseAnswer) return outcome;
        this.loseAnswer = false;
        throw new Error('the answer is lost');
      },
      report: (report) => (this.report = report),
      foreign: () => undefined,
      died: () => undefined,
    };
    const openIndex = () => EntryIndex.open(this.#path);
    this.#sequencer = localSequencer({ store, origin: ORIGIN, pinned, tiles: this.tiles, openIndex }, host);
    this.#sequencer.setPublisher(publisher);
  }

  async flush(): Promise<LineageStreamState> {
    do await this.#sequencer?.flush();
    while (this.report?.caughtUp !== true || this.report.fault !== undefined);
    return this.report.state;
  }

  async step(): Promise<void> {
    await this.#sequencer?.flush();
  }

  /** Ends; what was not saved is lost to the next start. */
  async stop(): Promise<void> {
    await this.#sequencer?.close();
  }
}

type Step =
  | { readonly kind: 'append'; readonly count: number; readonly tenant: string }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'flush'; readonly node: 0 | 1 }
  | { readonly kind: 'restart'; readonly node: 0 | 1 }
  | { readonly kind: 'lose answer'; readonly node: 0 | 1 }
  | { readonly kind: 'race' };

const node = fc.constantFrom<0 | 1>(0, 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      count: fc.integer({ min: 1, max: 256 }),
      tenant: fc.constantFrom('a', 'b'),
    }),
  },
  fc.record({ kind: fc.constant('foreign' as const) }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('flush' as const), node }) },
  fc.record({ kind: fc.constant('restart' as const), node }),
  fc.record({ kind: fc.constant('lose answer' as const), node }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('race' as const) }) },
);

describe('sequencing', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'writ-sequencing-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('gives the same tree however it is split, raced for, interrupted and begun again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
        const ledger = await SmallLedger.open(new InMemoryEventStore());
        const nodes = [0, 1].map((n) => new Node(ledger, join(folder, `${freshId()}-${String(n)}.db`)));
        for (const each of nodes) each.start(true);
        let foreign = 0;
        for (const action of steps) {
          switch (action.kind) {
            case 'append':
              await ledger.append(action.count, action.tenant);
              break;
            case 'foreign':
              await ledger.appendForeign(`evil${String((foreign += 1))}`);
              break;
            case 'flush':
              await nodes[action.node]?.step();
              break;
            case 'restart':
              await nodes[action.node]?.stop();
              nodes[action.node]?.start(true);
              break;
            case 'lose answer':
              (nodes[action.node] as Node).loseAnswer = true;
              break;
            case 'race':
              await Promise.all(nodes.map((each) => each.step()));
              break;
          }
        }
        // Whoever comes last sees all that was sequenced.
        const states = [await nodes[0]?.flush(), await nodes[1]?.flush(), await nodes[0]?.flush()];
        await Promise.all(nodes.map((each) => each.stop()));

        const all = await ledger.store.readAll({ maxCount: 4_096 });
        const ours = all.filter(({ stream }) => stream !== lineageStream(ORIGIN) && !stream.includes('evil'));
        const leaves = ours.map(({ metadata }) => {
          const { attestation } = JSON.parse(Buffer.from(metadata).toString()) as { attestation: { entry: string } };
          return Buffer.from(attestation.entry);
        });
        const root = referenceRoot(leaves);
        for (const state of states) {
          expect(state?.sizeLeaves).toBe(BigInt(ours.length));
          expect(base64(state?.root ?? new Uint8Array())).toBe(root);
        }
        for (const { tiles } of nodes) {
          const readTile = (level: number, index: bigint, width: number) => {
            const path = `tile/${String(level)}/${String(index).padStart(3, '0')}`;
            const bytes = tiles.read(width === 256 ? path : `${path}.p/${String(width)}`);
            if (bytes === undefined) throw new Error(`${path} of width ${String(width)} is missing`);
            return bytes;
          };
          expect(base64(await new TileProver({ readTile }, ours.length).root())).toBe(root);
        }
        // Every event has one index, in the order of the store.
        const sequenced = all.filter(({ type }) => type === 'EntriesSequenced');
        const ids = sequenced.flatMap(({ data }) =>
          (JSON.parse(Buffer.from(data).toString()) as { refs: { eventId: string }[] }).refs.map(
            ({ eventId }) => eventId,
          ),
        );
        expect(ids).toEqual(ours.map(({ eventId }) => eventId));
      }),
      { numRuns: Number(process.env['WRIT_PROPERTY_RUNS'] ?? 15) },
    );
  }, 120_000);
});
