import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { textOf, utf8, type EventId } from '@writ/encoding';
import { ED25519_TYPE, formatCheckpoint, formatNote, verifierKey, type VerifierKey } from '@writ/checkpoint';
import { IntegrityError, RejectedError, UnavailableError } from '@writ/errors';
import type { EventStore } from '@writ/event-store';
import { parseMetadata } from '@writ/ledger';
import type { Lineage, LineageStatus, LocatedEntry, PublishedCheckpoint, Standing } from '@writ/lineage';
import { encodeEntryBundle, inclusionPath, leafHash, rootOf, TILE_WIDTH, type Hash } from '@writ/merkle';

/** PKCS #8 of an Ed25519 secret of 32 equal bytes. */
const SECRET_KEY = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 3)]),
  format: 'der',
  type: 'pkcs8',
});
const PUBLIC_KEY = createPublicKey(SECRET_KEY).export({ format: 'der', type: 'spki' }).subarray(-32);

interface Leaf extends LocatedEntry {
  readonly entry: Uint8Array;
}

/**
 * A lineage that does nothing by itself: tests say when the store is sequenced, and when a checkpoint is published.
 * Every hash is computed from the leaves, by the definition.
 */
export class TestLineage implements Lineage {
  /** Streams of which events were lost. */
  readonly lost = new Set<string>();
  /** Thrown by `requireWritable`. */
  rolledBack: Error | undefined;
  readonly logKey: VerifierKey;
  readonly #store: EventStore;
  readonly #origin: string;
  readonly #leaves: Leaf[] = [];
  readonly #checkpoints: PublishedCheckpoint[] = [];
  #position: bigint | undefined;

  constructor(store: EventStore, origin: string) {
    this.#store = store;
    this.#origin = origin;
    this.logKey = verifierKey(origin, ED25519_TYPE, new Uint8Array(PUBLIC_KEY));
  }

  /** Gives every event that is in the store an index. */
  async sequence(): Promise<void> {
    for (;;) {
      const after = this.#position === undefined ? {} : { after: this.#position };
      const page = await this.#store.readAll({ ...after, maxCount: 1_000 });
      for (const stored of page) {
        const entry = utf8(parseMetadata(stored.metadata).attestation.entry);
        const index = BigInt(this.#leaves.length);
        const { stream, revision } = stored;
        this.#leaves.push({
          index,
          eventId: stored.eventId as EventId,
          stream,
          revision,
          leafHash: leafHash(entry),
          entry,
        });
        this.#position = stored.position;
      }
      if (page.length === 0) return;
    }
  }

  /** Sequences, and publishes a checkpoint over all of it. */
  async anchor(cosignedBy = 0): Promise<PublishedCheckpoint> {
    await this.sequence();
    const hashes = this.#leaves.map((leaf) => leaf.leafHash);
    const root = rootOf(hashes);
    const sizeLeaves = BigInt(hashes.length);
    const text = formatCheckpoint({ origin: this.#origin, sizeLeaves, rootHash: root, extensions: [] });
    const { name, keyId } = this.logKey;
    const signature = new Uint8Array(sign(null, utf8(text), SECRET_KEY));
    const checkpoint = {
      sizeLeaves,
      root,
      cosignedBy,
      note: formatNote({ text, signatures: [{ name, keyId, signature }] }),
    };
    this.#checkpoints.push(checkpoint);
    return checkpoint;
  }

  async status(): Promise<LineageStatus> {
    return {
      role: 'publisher',
      sizeLeaves: BigInt(this.#leaves.length),
      checkpointSizeLeaves: this.#checkpoints.at(-1)?.sizeLeaves ?? 0n,
      cosignedBy: this.#checkpoints.at(-1)?.cosignedBy ?? 0,
      behind: 0,
    };
  }

  async standings(eventIds: readonly EventId[]): Promise<readonly Standing[]> {
    return eventIds.map((eventId) => this.#standing(eventId));
  }

  async awaitStanding(
    eventIds: readonly EventId[],
    wanted: 'sequenced' | 'anchored',
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<readonly Standing[]> {
    const endMs = performance.now() + timeoutMs;
    const enough = ({ kind }: Standing): boolean => kind === wanted || kind === 'anchored';
    for (;;) {
      const standings = await this.standings(eventIds);
      if (standings.every(enough) || performance.now() >= endMs || signal?.aborted === true) return standings;
      await new Promise((wake) => setTimeout(wake, 5));
    }
  }

  async checkpoint(sizeLeaves?: bigint): Promise<PublishedCheckpoint> {
    const found =
      sizeLeaves === undefined
        ? this.#checkpoints.at(-1)
        : this.#checkpoints.find((checkpoint) => checkpoint.sizeLeaves === sizeLeaves);
    if (found === undefined) throw new RejectedError('CHECKPOINT_UNKNOWN', 'no such checkpoint', {});
    return found;
  }

  async indexOf(eventId: EventId): Promise<bigint> {
    const standing = this.#standing(eventId);
    if (standing.kind === 'recorded') throw new UnavailableError('NOT_SEQUENCED_YET', 'no index yet', {});
    return standing.index;
  }

  async entryAt(index: bigint): Promise<LocatedEntry> {
    const leaf = this.#leaves[Number(index)];
    if (leaf === undefined) throw new RejectedError('ENTRY_NOT_FOUND', 'no such leaf', {});
    return leaf;
  }

  async inclusion(index: bigint, sizeLeaves: bigint): Promise<readonly Hash[]> {
    return inclusionPath(this.#hashes(sizeLeaves), Number(index));
  }

  async consistency(oldSizeLeaves: bigint, newSizeLeaves: bigint): Promise<readonly Hash[]> {
    return subproof(Number(oldSizeLeaves), this.#hashes(newSizeLeaves), true);
  }

  async tile(level: number, index: bigint, width: number): Promise<Uint8Array | undefined> {
    const leavesPerHash = TILE_WIDTH ** level;
    const begin = Number(index) * TILE_WIDTH * leavesPerHash;
    if (begin + width * leavesPerHash > this.#leaves.length) return undefined;
    const hashes = Array.from({ length: width }, (_, at) => {
      const from = begin + at * leavesPerHash;
      return rootOf(this.#hashes(BigInt(from + leavesPerHash)).slice(from));
    });
    return Uint8Array.from(Buffer.concat(hashes));
  }

  /** Keeps whole bundles only, and the narrow end of the tree. */
  async entries(index: bigint, width: number): Promise<Uint8Array | undefined> {
    const begin = Number(index) * TILE_WIDTH;
    const kept = this.#leaves.slice(begin, begin + TILE_WIDTH);
    return kept.length === width ? encodeEntryBundle(kept.map(({ entry }) => entry)) : undefined;
  }

  requireWritable(): void {
    if (this.rolledBack !== undefined) throw this.rolledBack;
  }

  requireIntact(stream: string): void {
    if (this.lost.has(stream)) throw new IntegrityError('EXECUTION_LOST', 'events were lost', { stream });
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  /** For assertions: the entry at a place. */
  entryText(index: bigint): string {
    return textOf(this.#leaves[Number(index)]!.entry);
  }

  #hashes(sizeLeaves: bigint): Hash[] {
    return this.#leaves.slice(0, Number(sizeLeaves)).map((leaf) => leaf.leafHash);
  }

  #standing(eventId: EventId): Standing {
    const leaf = this.#leaves.find((candidate) => candidate.eventId === eventId);
    if (leaf === undefined) return { kind: 'recorded' };
    const { index } = leaf;
    const latest = this.#checkpoints.at(-1);
    if (latest === undefined || latest.sizeLeaves <= index) return { kind: 'sequenced', index };
    return { kind: 'anchored', index, sizeLeaves: latest.sizeLeaves, cosignedBy: latest.cosignedBy };
  }
}

/** RFC 6962 section 2.1.2, word for word. */
function subproof(oldSize: number, leaves: readonly Hash[], isWhole: boolean): Hash[] {
  if (oldSize === leaves.length) return isWhole ? [] : [rootOf(leaves)];
  const split = 2 ** (32 - Math.clz32(leaves.length - 1) - 1);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  if (oldSize <= split) return [...subproof(oldSize, left, isWhole), rootOf(right)];
  return [...subproof(oldSize - split, right, false), rootOf(left)];
}
