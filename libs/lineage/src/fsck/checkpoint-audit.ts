import { createPublicKey, verify } from 'node:crypto';
import { verifyCheckpoint, type TrustPolicy, type VerifiedCheckpoint } from '@writ/checkpoint';
import { equalBytes, toBase64 } from '@writ/encoding';
import { LedgerError } from '@writ/errors';
import type { EventStore } from '@writ/event-store';
import type { CheckpointPublished } from '@writ/ledger';
import { emptyRoot } from '@writ/merkle';
import { parseOutside, type OutsideEvent, type OutsideFile } from './outside-head.js';
import type { LineageFolder } from './lineage-folder.js';
import { Findings, type Finding } from './report.js';
import type { TreeAudit } from './tree-audit.js';

/** A head of the tree that something outside the store names, and where it was found. */
interface ClaimedHead {
  readonly path: string;
  readonly sizeLeaves: number;
  readonly root: Uint8Array;
}

export interface CheckpointState {
  /** Sizes at which an `EntriesSequenced` ended, since the last published one; size and base64 root. */
  readonly boundaries: readonly (readonly [number, string])[];
  readonly publishedSizeLeaves: number;
  readonly published: number;
}

export interface CheckpointOptions {
  readonly origin: string;
  /** Quorums are not asked for: a checkpoint that no witness has cosigned says so, and is one. */
  readonly policy: TrustPolicy;
  readonly folder: LineageFolder | undefined;
  /** The mark, and what a node has seen. */
  readonly outside: readonly OutsideFile[];
  readonly store: Pick<EventStore, 'readStream'>;
  readonly findings: Findings;
  readonly from?: CheckpointState;
}

/**
 * Holds every head of the tree that was signed or noted, in the store and outside of it, to the tree that the store
 * makes. All of them are roots of one tree, so any two of them are consistent.
 */
export class CheckpointAudit {
  readonly #origin: string;
  readonly #policy: TrustPolicy;
  readonly #inFiles: readonly Finding[];
  #findings: Findings;
  readonly #store: Pick<EventStore, 'readStream'>;
  readonly #claimed: readonly ClaimedHead[];
  readonly #seen: { readonly path: string; readonly event: OutsideEvent }[] = [];
  readonly #boundaries: Map<number, string>;
  readonly #verified = new Map<string, VerifiedCheckpoint>();
  /** Size that the file `checkpoint` names: its tree must be there whole. */
  readonly filedSizeLeaves: number;
  readonly files: number;
  published: number;
  #publishedSize: number;

  constructor({ origin, policy, folder, outside, store, findings, from }: CheckpointOptions) {
    this.#store = store;
    this.#origin = origin;
    this.#policy = { ...policy, quorum: { kind: 'none' } };
    this.#boundaries = new Map(from?.boundaries ?? [[0, toBase64(emptyRoot())]]);
    this.#publishedSize = from?.publishedSizeLeaves ?? 0;
    this.published = from?.published ?? 0;
    const names = folder?.checkpoints() ?? [];
    const inFiles = new Findings();
    this.#findings = inFiles;
    const filed = names.flatMap((name) => this.#readFile(name, folder?.read(name)));
    this.files = names.length;
    this.filedSizeLeaves = filed.find(({ path }) => path === 'checkpoint')?.sizeLeaves ?? 0;
    this.#claimed = [...filed, ...outside.flatMap((file) => this.#readOutside(file))];
    // Told at the end: a check that goes on reads the files again, and would tell it again.
    this.#inFiles = inFiles.result().findings;
    this.#findings = findings;
  }

  /** Sizes whose roots will be asked for. */
  wantedSizes(): ReadonlySet<number> {
    return new Set(this.#claimed.map(({ sizeLeaves }) => sizeLeaves));
  }

  /** The largest that verified. */
  get checkpointSizeLeaves(): number {
    return Math.max(this.#publishedSize, this.filedSizeLeaves);
  }

  state(): CheckpointState {
    const boundaries = [...this.#boundaries];
    return { boundaries, publishedSizeLeaves: this.#publishedSize, published: this.published };
  }

  /** An `EntriesSequenced` ended here. */
  sequenced(tree: TreeAudit): void {
    this.#boundaries.set(tree.sizeLeaves, toBase64(tree.root()));
  }

  takePublished(event: CheckpointPublished, place: { readonly stream: string; readonly revision: string }): void {
    this.published += 1;
    const size = Number(event.treeSize);
    const verified = this.#verify(event.checkpoint, { ...place, index: event.treeSize });
    if (verified === undefined) return;
    const { sizeLeaves, rootHash } = verified.checkpoint;
    if (sizeLeaves !== BigInt(size) || toBase64(rootHash) !== event.root) {
      this.#find('the event names another head than its note', { ...place, index: event.treeSize });
    } else if (this.#boundaries.get(size) !== event.root) {
      this.#find('its root is not that of the tree of its size', { ...place, index: event.treeSize });
    } else {
      this.#publishedSize = Math.max(this.#publishedSize, size);
    }
    // No later one is of an earlier tree.
    for (const boundary of this.#boundaries.keys()) if (boundary < size) this.#boundaries.delete(boundary);
  }

  /** The tree is as large as the store makes it. */
  async end(tree: TreeAudit): Promise<void> {
    for (const { path, event } of this.#seen) await this.#requireStored(path, event);
    for (const finding of this.#inFiles) this.#findings.add(finding);
    for (const { path, sizeLeaves, root } of this.#claimed) {
      if (sizeLeaves > tree.sizeLeaves) {
        this.#findings.add({
          kind: 'rolled_back',
          code: 'LEDGER_ROLLED_BACK',
          message: `it knows of ${sizeLeaves} leaves, and the store has ${tree.sizeLeaves}`,
          path,
          index: String(tree.sizeLeaves),
        });
        continue;
      }
      const own = tree.rootAt(sizeLeaves);
      if (own !== undefined && equalBytes(own, root)) continue;
      this.#find('its root is not that of the tree of its size', { path, index: String(sizeLeaves) });
    }
  }

  #readFile(path: string, bytes: Uint8Array | undefined): ClaimedHead[] {
    if (bytes === undefined) return [];
    const verified = this.#verify(bytes, { path });
    if (verified === undefined) return [];
    const { sizeLeaves, rootHash } = verified.checkpoint;
    const [, named] = path.split('/');
    if (named !== undefined && named !== String(sizeLeaves)) this.#find('the note is of another size', { path });
    return [{ path, sizeLeaves: Number(sizeLeaves), root: rootHash }];
  }

  #readOutside(file: OutsideFile): ClaimedHead[] {
    const { path } = file;
    const told = parseOutside(file, this.#origin);
    if (told === undefined) this.#find('it cannot be read, or is of another ledger', { path });
    for (const event of told?.events ?? []) this.#seen.push({ path, event });
    return told?.tree === undefined ? [] : [{ path, ...told.tree }];
  }

  /** What was seen once is there for ever, or the store is an older one. */
  async #requireStored(path: string, { stream, revision, eventId }: OutsideEvent): Promise<void> {
    const [found] = await this.#store.readStream(stream, { fromRevision: BigInt(revision), maxCount: 1 });
    if (found?.eventId === eventId && found.revision === BigInt(revision)) return;
    const message = 'it knows of an event that the store does not have';
    const place = { path, stream, revision, eventId };
    this.#findings.add({ kind: 'rolled_back', code: 'LEDGER_ROLLED_BACK', message, ...place });
  }

  #verify(note: string | Uint8Array, place: Partial<FindingPlace>): VerifiedCheckpoint | undefined {
    const text = typeof note === 'string' ? note : Buffer.from(note).toString('latin1');
    const known = this.#verified.get(text);
    if (known !== undefined) return known;
    try {
      const verified = verifyCheckpoint(note, this.#policy, { origin: this.#origin, verifyEd25519 });
      // Each stands in the store and in up to two files; what is remembered is bounded all the same.
      if (this.#verified.size >= MAX_VERIFIED) this.#verified.clear();
      this.#verified.set(text, verified);
      return verified;
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      this.#findings.add({ kind: 'checkpoint', code: error.code, message: error.message, ...place });
      return undefined;
    }
  }

  #find(message: string, place: Partial<FindingPlace>): void {
    this.#findings.add({ kind: 'checkpoint', code: 'CHECKPOINT_INVALID', message, ...place });
  }
}

interface FindingPlace {
  readonly path: string;
  readonly stream: string;
  readonly revision: string;
  readonly index: string;
}

const MAX_VERIFIED = 10_000;

/** OpenSSL's; the shape of key and signature is checked before it is called (`@writ/checkpoint`). */
function verifyEd25519(message: Uint8Array, signature64: Uint8Array, publicKey32: Uint8Array): boolean {
  const x = Buffer.from(publicKey32).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, message, key, signature64);
}
