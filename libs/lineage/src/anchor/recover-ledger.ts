import { rename } from 'node:fs/promises';

import { equalBytes, parseBase64, toBase64 } from '@writ/encoding';
import { IntegrityError, RejectedError, UnavailableError } from '@writ/errors';
import type { RecordedEvent } from '@writ/event-store';
import {
  evolveLineage,
  isLineageEvent,
  lineageStream,
  NO_LINEAGE,
  passForeignRevision,
  type Actor,
  type LedgerEvent,
  type LineageStreamState,
} from '@writ/ledger';
import { LogTree, type Hash } from '@writ/merkle';

import type { LineageOnDisk, LineageOptions } from '../node/lineage-options.js';
import { LineageStream, type StreamEnd } from '../sequencing/lineage-stream.js';
import { batchOf, type UnsequencedEntry } from '../sequencing/sequenced-batch.js';
import { isForeign, TrustedEntries } from '../sequencing/trusted-entries.js';
import { CheckpointFolder } from './checkpoint-folder.js';
import { headOfCheckpoint } from './published-head.js';
import { isSameHead, MarkFile } from './mark.js';
import { requireExtends } from './publish-checkpoint.js';
import { tryPublisherLock } from './publisher-lock.js';
import { readPlan, removePlan, writePlan, type RecoveryPlan } from './recovery-plan.js';
import { SeenHeads, type SeenEvent } from './seen-heads.js';
import { openSurvivingTree, type SurvivingTree } from './surviving-tree.js';
import type { TreeHead } from './tree-head.js';

export interface RecoverOptions extends Pick<
  LineageOptions,
  'origin' | 'store' | 'pinned' | 'attestor' | 'signer' | 'clock' | 'randomness'
> {
  readonly onDisk: Pick<LineageOnDisk, 'lineageDir' | 'markDir' | 'seenFile'>;
  /** Whose word it is. */
  readonly actor: Actor;
  readonly reason: string;
  /** Signed notes of this log that are known from elsewhere (witnesses, receipts): they must not be contradicted either. */
  readonly checkpoints?: readonly string[];
}

export type Recovery =
  /** The store holds all that is known outside of it. */
  | { readonly kind: 'nothing_to_recover'; readonly sizeLeaves: bigint }
  | {
      readonly kind: 'recovered';
      readonly keptSizeLeaves: bigint;
      readonly knownSizeLeaves: bigint;
      /** No grant is ever given in these again. */
      readonly lostStreams: readonly string[];
      /** Leaves that were given an index and neither signed nor kept: their indices are given again. */
      readonly forgottenLeaves: bigint;
      /** There was none; the head that is known is taken for the last that was signed. */
      readonly madeMark: boolean;
    };

/** Names of 200 bytes, in an event of half a megabyte. */
const MAX_STREAMS_OF_EVENT = 1_000;
const NONCE_BYTES = 16;
const HASH_BYTES = 32;
const PAGE = 64;

/**
 * An operator's word that the store is to be gone on with although more is known of it than it holds (it was restored from
 * a backup), or although the mark is gone. The tree goes on behind every head that may have been signed: leaves whose events are
 * lost keep their places, from the tiles that survived, so no signed head is contradicted. docs/decisions/0007-recovery.md
 * says what this can promise and what not. Nothing else may run on this ledger meanwhile.
 *
 * @throws UnavailableError `PUBLISHER_UNAVAILABLE` while a node publishes; IntegrityError `MARK_NOT_EXTENDED` where what
 * survived does not lead to the head that was signed: then nothing can go on under this key; `LINEAGE_INVALID`
 */
export async function recoverLedger(options: RecoverOptions): Promise<Recovery> {
  requireReason(options.reason);
  const { markDir, lineageDir } = options.onDisk;
  // 1. Nobody else signs or sequences.
  const lock = tryPublisherLock(markDir);
  if (lock === undefined) {
    throw new UnavailableError('PUBLISHER_UNAVAILABLE', 'a node publishes; stop all nodes of this ledger first');
  }
  let surviving: SurvivingTree | undefined;
  try {
    // 2. What was signed, as far as it is known here, and what survived of the tree.
    const mark = new MarkFile(markDir, options.signer.vkey);
    const marked = await mark.read();
    const signed = await signedHeads(options, marked);
    surviving = await openSurvivingTree(lineageDir);
    const lostSeen = await lostOfSeen(options);
    const begun = await readPlan(markDir);

    // 3. What the store kept of it. It must be of this history, up to where it ends.
    const kept = await readKept(options, signed);
    const isSound = marked !== undefined && marked.sizeLeaves <= kept.state.sizeLeaves && lostSeen.length === 0;
    if (isSound && begun === undefined && (surviving?.sizeLeaves ?? 0n) <= kept.state.sizeLeaves) {
      return { kind: 'nothing_to_recover', sizeLeaves: kept.state.sizeLeaves };
    }
    const plan = begun ?? (await planOf(options, kept.state, surviving, lostSeen));
    await requireKeepsPromises(plan, kept, signed, surviving);
    const batches = batchesOf(options, plan, kept);

    // 4. What is about to be done, on the disk. A crash from here on: the same command again ends it, and until then no
    // node signs or writes, for the tree is still smaller than the mark, or this node has seen more.
    await writePlan(markDir, plan);

    // 5. The lineage: that it was recovered, and the leaves that it lacks.
    await appendRecovery(options, plan, kept.state, batches);

    // 6. The mark, where there was none. What was seen is put aside: it is the evidence of what was lost.
    if (marked === undefined) await mark.advance(undefined, plan.known);
    const seenSize = await putSeenAside(options);
    await removePlan(markDir);
    return {
      kind: 'recovered',
      keptSizeLeaves: kept.state.sizeLeaves,
      knownSizeLeaves: plan.known.sizeLeaves,
      lostStreams: plan.lostStreams,
      forgottenLeaves: seenSize > plan.known.sizeLeaves ? seenSize - plan.known.sizeLeaves : 0n,
      madeMark: marked === undefined,
    };
  } finally {
    surviving?.close();
    lock.close();
  }
}

/** Every head that may have been told to anybody: nothing that is signed from now on contradicts one. */
async function signedHeads(
  { onDisk, signer, checkpoints = [] }: RecoverOptions,
  marked: TreeHead | undefined,
): Promise<readonly TreeHead[]> {
  const latest = await new CheckpointFolder(onDisk.lineageDir).latest();
  const published = latest === undefined ? undefined : headOfCheckpoint(latest, signer.key);
  const held = checkpoints.map((note) => headOfCheckpoint(note, signer.key) ?? refuseCheckpoint());
  return [marked, published, ...held].filter((head) => head !== undefined);
}

/** What the store has of the lineage. */
interface Kept {
  readonly state: LineageStreamState;
  readonly tree: LogTree;
  /** By size, the roots that it has where something was signed. */
  readonly roots: ReadonlyMap<bigint, Hash>;
}

/** The lineage stream to its end; events that nobody of ours attested say nothing. */
async function readKept({ store, origin, pinned }: RecoverOptions, signed: readonly TreeHead[]): Promise<Kept> {
  const trusted = new TrustedEntries(store, origin, pinned);
  await trusted.followKeys();
  const tree = new LogTree();
  const sizes = new Set(signed.map(({ sizeLeaves }) => sizeLeaves));
  const roots = new Map<bigint, Hash>([[0n, tree.root()]]);
  let state = NO_LINEAGE;
  for (;;) {
    const fromRevision = state.lastRevision + 1n;
    const page = await store.readStream(lineageStream(origin), { fromRevision, maxCount: PAGE });
    for (const stored of page) {
      const event = await openedEvent(trusted, stored, state.sizeLeaves);
      if (event === undefined || !isLineageEvent(event)) {
        state = passForeignRevision(state, stored.revision);
        continue;
      }
      state = evolveLineage(state, event);
      if (event.type !== 'EntriesSequenced') continue;
      for (const { leafHash } of event.data.refs) {
        tree.append(parseBase64(leafHash, HASH_BYTES));
        if (sizes.has(tree.sizeLeaves)) roots.set(tree.sizeLeaves, tree.root());
      }
    }
    if (page.length < PAGE) break;
  }
  if (equalBytes(tree.root(), state.root)) return { state, tree, roots };
  throw new IntegrityError('LINEAGE_INVALID', 'the lineage names a root that is not that of its leaves', {});
}

async function openedEvent(
  trusted: TrustedEntries,
  stored: RecordedEvent,
  sizeLeaves: bigint,
): Promise<LedgerEvent | undefined> {
  try {
    return await trusted.lineageEventOf(stored, sizeLeaves);
  } catch (error) {
    if (isForeign(error)) return undefined;
    throw error;
  }
}

/** What this node has seen in the store and the store does not hold. */
async function lostOfSeen({ onDisk, origin, store }: RecoverOptions): Promise<readonly SeenEvent[]> {
  const seen = await SeenHeads.open({ file: onDisk.seenFile, origin, store });
  return seen.missing();
}

async function planOf(
  { origin, store }: RecoverOptions,
  kept: LineageStreamState,
  surviving: SurvivingTree | undefined,
  lostSeen: readonly SeenEvent[],
): Promise<RecoveryPlan> {
  const isLonger = surviving !== undefined && surviving.sizeLeaves > kept.sizeLeaves;
  const known: TreeHead = isLonger ? surviving : kept;
  const leaves = isLonger ? await surviving.leavesFrom(kept.sizeLeaves) : [];
  const own = lineageStream(origin);
  const lost = new Set(lostSeen.map(({ stream }) => stream).filter((stream) => stream !== own));
  for (const { stream, revision, eventId } of leaves) {
    if (lost.has(stream)) continue;
    // An event can be there and have lost only its index: the backup was made in between.
    const [stored] = await store.readStream(stream, { fromRevision: revision, maxCount: 1 });
    if (stored?.eventId !== eventId) lost.add(stream);
  }
  const { sizeLeaves, root } = known;
  return { known: { sizeLeaves, root }, firstIndex: kept.sizeLeaves, leaves, lostStreams: [...lost].sort() };
}

/** Every signed head is one of the tree that is gone on from: in what the store kept of it, or in what survived. */
async function requireKeepsPromises(
  { known }: RecoveryPlan,
  kept: Kept,
  signed: readonly TreeHead[],
  surviving: SurvivingTree | undefined,
): Promise<void> {
  const isLonger = known.sizeLeaves > kept.state.sizeLeaves;
  const isSurviving = surviving !== undefined && isSameHead(surviving, known);
  if (isLonger && isSurviving) await requireExtends(kept.state, known, surviving.tiles);
  for (const head of signed) {
    const root = kept.roots.get(head.sizeLeaves);
    if (root !== undefined && equalBytes(root, head.root)) continue;
    const isBeyond = head.sizeLeaves > kept.state.sizeLeaves && head.sizeLeaves <= known.sizeLeaves;
    if (isBeyond && isSurviving) await requireExtends(head, known, surviving.tiles);
    // A recovery that was begun has asked this already, before a node made the tiles anew.
    else if (!isBeyond) refuseSigned(head, known);
  }
}

function refuseSigned(signed: TreeHead, known: TreeHead): never {
  throw new IntegrityError(
    'MARK_NOT_EXTENDED',
    'what survived is not, or does not reach, a head that was signed; this log cannot go on under its key',
    { signedSizeLeaves: String(signed.sizeLeaves), knownSizeLeaves: String(known.sizeLeaves) },
  );
}

interface RecoveredBatch {
  readonly data: Uint8Array;
}

function batchesOf(
  { origin, randomness }: RecoverOptions,
  plan: RecoveryPlan,
  { state, tree: keptTree }: Kept,
): readonly RecoveredBatch[] {
  const batches: RecoveredBatch[] = [];
  // Those that a try before this one appended are in the store.
  const entries = plan.leaves.slice(Number(state.sizeLeaves - plan.firstIndex));
  let waiting: readonly UnsequencedEntry[] = entries.map((leaf) => ({
    ...leaf,
    // No place in this store; and the place is a hint only.
    position: state.through ?? 0n,
    entry: new Uint8Array(0),
  }));
  const tree = LogTree.from(keptTree.frontier());
  while (waiting.length > 0) {
    const batch = batchOf(origin, tree.frontier(), waiting, randomness.bytes(NONCE_BYTES));
    for (const { leafHash } of batch.entries) tree.append(leafHash);
    batches.push({ data: batch.data });
    waiting = waiting.slice(batch.entries.length);
  }
  if (tree.sizeLeaves === plan.known.sizeLeaves && equalBytes(tree.root(), plan.known.root)) return batches;
  throw new IntegrityError('LINEAGE_INVALID', 'the leaves that survived do not make the tree that is known', {
    sizeLeaves: String(tree.sizeLeaves),
    knownSizeLeaves: String(plan.known.sizeLeaves),
  });
}

async function appendRecovery(
  options: RecoverOptions,
  plan: RecoveryPlan,
  kept: LineageStreamState,
  batches: readonly RecoveredBatch[],
): Promise<void> {
  const { origin, actor, reason } = options;
  const stream = new LineageStream(options);
  const heads = {
    knownSize: String(plan.known.sizeLeaves),
    knownRoot: toBase64(plan.known.root),
    keptSize: String(kept.sizeLeaves),
    keptRoot: toBase64(kept.root),
  };
  let end: StreamEnd | undefined;
  for (const unknown of partsOf(plan.lostStreams)) {
    end = await stream.appendFact({ type: 'LedgerRecovered', data: { origin, actor, reason, ...heads, unknown } });
  }
  for (const { data } of batches) {
    if (end === undefined) break;
    const appended = await stream.appendBasedOn(end, 'EntriesSequenced', data);
    if (appended.kind === 'lost_race') {
      throw new UnavailableError('CONTENTION', 'another node writes to this ledger; stop it and recover again');
    }
    end = appended;
  }
}

/** At least one part. */
function partsOf(streams: readonly string[]): readonly (readonly string[])[] {
  const count = Math.max(1, Math.ceil(streams.length / MAX_STREAMS_OF_EVENT));
  return Array.from({ length: count }, (_, at) =>
    streams.slice(at * MAX_STREAMS_OF_EVENT, (at + 1) * MAX_STREAMS_OF_EVENT),
  );
}

/** Leaves of the tree that this node had seen. The file is kept under another name. */
async function putSeenAside({ onDisk, origin, store, clock }: RecoverOptions): Promise<bigint> {
  const { seenFile } = onDisk;
  const seen = await SeenHeads.open({ file: seenFile, origin, store });
  const size = seen.head?.sizeLeaves ?? 0n;
  try {
    // A crash before: the recovery is done again, and finds only this left to do.
    await rename(seenFile, `${seenFile}.lost-${String(clock.nowMs())}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return size;
}

function refuseCheckpoint(): never {
  throw new RejectedError('REQUEST_INVALID', 'what was given is no checkpoint of this log', { field: 'checkpoints' });
}

function requireReason(reason: string): void {
  if (reason.trim() !== '') return;
  throw new RejectedError('REQUEST_INVALID', 'a recovery needs a reason', { field: 'reason' });
}
