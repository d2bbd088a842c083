import { parseCheckpoint, parseNote, verifyCheckpoint } from '@writ/checkpoint';
import { concatBytes, utf8 } from '@writ/encoding';
import { leafHash, rootOf, type Hash, type TileReader } from '@writ/merkle';
import { NoteKey } from '@writ/signing';

import type { PublishedCheckpoint } from '../lineage.js';
import { CheckpointMemory } from './checkpoint-folder.js';
import { MemoryMark } from './mark.js';
import type { AnchorPorts, AnchorSource } from './publish-checkpoint.js';
import { processLock } from './publisher-lock.js';
import type { TreeHead } from './tree-head.js';

export const ORIGIN = 'ledger.example/loans';
export const logKey = new NoteKey('checkpoint', ORIGIN, new Uint8Array(32).fill(1), 0);

/** A tree in memory, from which heads and tiles of any size come. */
export class TestTree {
  readonly leaves: readonly Hash[];
  readonly #heads = new Map<number, TreeHead>();

  constructor(count: number, prefix = 'entry') {
    this.leaves = Array.from({ length: count }, (_, at) => leafHash(utf8(`${prefix} ${String(at)}`)));
  }

  head(size: number): TreeHead {
    const known = this.#heads.get(size) ?? { sizeLeaves: BigInt(size), root: rootOf(this.leaves.slice(0, size)) };
    this.#heads.set(size, known);
    return known;
  }

  readonly tiles: TileReader = {
    readTile: (level, index, width) => {
      const span = 256 ** level;
      const first = Number(index) * 256;
      const hashes = Array.from({ length: width }, (_, at) =>
        rootOf(this.leaves.slice((first + at) * span, (first + at + 1) * span)),
      );
      return concatBytes(...hashes);
    },
  };
}

/** The lineage stream, as far as publishing sees it. */
export class TestSource implements AnchorSource {
  readonly published: PublishedCheckpoint[] = [];
  #head: TreeHead | undefined;
  tree: TestTree;

  constructor(tree: TestTree) {
    this.tree = tree;
  }

  grow(size: number): void {
    this.#head = this.tree.head(size);
  }

  head(): TreeHead | undefined {
    return this.#head;
  }

  get tiles(): TileReader {
    return this.tree.tiles;
  }

  lastPublished(): PublishedCheckpoint | undefined {
    return this.published.at(-1);
  }

  appendPublished(checkpoint: PublishedCheckpoint): Promise<void> {
    this.published.push(checkpoint);
    return Promise.resolve();
  }
}

export interface TestPorts extends AnchorPorts {
  readonly source: TestSource;
  readonly mark: MemoryMark;
  readonly files: CheckpointMemory;
}

export function testPorts(tree: TestTree): TestPorts {
  return {
    source: new TestSource(tree),
    signer: logKey,
    mark: new MemoryMark(),
    lock: processLock(),
    files: new CheckpointMemory(),
  };
}

/** Size and root of a note that our log signed. */
export function headOfNote(note: string): TreeHead {
  verifyCheckpoint(note, { logs: [{ key: logKey.key }], witnesses: [], quorum: { kind: 'none' } });
  const { sizeLeaves, rootHash } = parseCheckpoint(parseNote(note).text);
  return { sizeLeaves, root: rootHash };
}

/** The code of what `act` rejects with, or `undefined`. */
export async function codeOf(act: Promise<unknown>): Promise<unknown> {
  try {
    await act;
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
}
