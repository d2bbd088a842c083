import { equalBytes, parseBase64, parseJson } from '@writ/encoding';
import type { RecordedEvent } from '@writ/event-store';
import { LogTree, type Hash } from '@writ/merkle';
import { z } from 'zod';

const MAX_BYTES = 1024 * 1024;
const batchSchema = z.object({
  firstIndex: z.string(),
  root: z.string(),
  refs: z.array(z.object({ leafHash: z.string() })),
});

/**
 * The head of the tree that the events of a store record, made from the leaf hashes in them and believed only where it
 * comes to the root that stands beside them. Knows no keys and looks at no signature: it tells whether two stores record
 * the same tree, and `fsck` whether it is the right one.
 */
export class RecordedHead {
  #tree = new LogTree();

  /** The next event of the store; all but `EntriesSequenced` are passed by, and so is a batch that cannot follow. */
  take(stored: Pick<RecordedEvent, 'stream' | 'type' | 'data'>): void {
    if (stored.type !== 'EntriesSequenced' || !stored.stream.startsWith('lineage-')) return;
    this.#tree = grownBy(this.#tree, stored.data) ?? this.#tree;
  }

  get sizeLeaves(): bigint {
    return this.#tree.sizeLeaves;
  }

  root(): Hash {
    return this.#tree.root();
  }
}

/** `undefined` for what is no batch, or not the next one of this tree. */
function grownBy(tree: LogTree, data: Uint8Array): LogTree | undefined {
  try {
    const { firstIndex, root, refs } = batchSchema.parse(parseJson(data, { maxBytes: MAX_BYTES }));
    if (BigInt(firstIndex) !== tree.sizeLeaves) return undefined;
    const grown = LogTree.from(tree.frontier());
    for (const { leafHash } of refs) grown.append(parseBase64(leafHash, 32));
    return equalBytes(grown.root(), parseBase64(root, 32)) ? grown : undefined;
  } catch {
    // Whoever may write to the store may have written anything; only a batch that fits is one.
    return undefined;
  }
}
