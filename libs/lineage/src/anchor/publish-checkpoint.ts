import {
  formatCheckpoint,
  formatNote,
  meetsQuorum,
  parseNote,
  verifyCheckpoint,
  type NoteSignature,
  type TrustPolicy,
} from '@writ/checkpoint';
import { utf8 } from '@writ/encoding';
import { IntegrityError, LedgerError } from '@writ/errors';
import { TileProver, verifyConsistency, type Hash, type TileReader } from '@writ/merkle';
import { opensslVerifyEd25519, type NoteSigner } from '@writ/signing';

import type { PublishedCheckpoint } from '../lineage.js';
import type { CheckpointFiles } from './checkpoint-folder.js';
import { isSameHead, type Mark } from './mark.js';
import type { PublisherLock } from './publisher-lock.js';
import type { TreeHead } from './tree-head.js';
import type { WitnessOutcome, WitnessSet } from './witness-set.js';

/** What the keeper of the tree gives the publisher. */
export interface AnchorSource {
  /**
   * The tree that may be signed: acknowledged in the lineage stream, its tiles on the disk for good. `undefined` while
   * the stream is not read to its end.
   */
  head(): TreeHead | undefined;
  readonly tiles: TileReader;
  /** As the last `CheckpointPublished` of the lineage stream tells it. */
  lastPublished(): PublishedCheckpoint | undefined;
  /** Appends `CheckpointPublished`; settles when that is acknowledged, and `lastPublished` answers with it from then on. */
  appendPublished(checkpoint: PublishedCheckpoint): Promise<void>;
}

export interface AnchorPorts {
  readonly source: AnchorSource;
  /** The checkpoint key; its name is the origin. */
  readonly signer: NoteSigner;
  readonly mark: Mark;
  readonly lock: PublisherLock;
  readonly files: CheckpointFiles;
  readonly witnesses?: WitnessSet;
}

/** What came of one round. */
export interface Anchoring {
  /** `undefined` where there was nothing to tell: no growth, and no cosignature that was not there before. */
  readonly published: PublishedCheckpoint | undefined;
  /** One for each witness that was asked. */
  readonly outcomes: readonly WitnessOutcome[];
}

const NOTHING: Anchoring = { published: undefined, outcomes: [] };

/**
 * Signs and publishes the tree as it stands, once. Called by the holder of the lock only, one call at a time. A crash at
 * any line leaves what the next publisher finds and goes on from; no line makes two heads of one size possible.
 *
 * @throws IntegrityError `MARK_MISSING`, `MARK_NOT_EXTENDED`, `CHECKPOINT_KEY_SHARED`, `KEY_MISMATCH`, `TILE_INVALID`:
 * nothing is signed until somebody has looked; UnavailableError: nothing was signed, or it was and is published the next time
 */
export async function publishCheckpoint(ports: AnchorPorts): Promise<Anchoring> {
  const { source, signer, mark, lock, files } = ports;

  // 1. The tree that is acknowledged, and what was told of it last.
  const head = source.head();
  const before = source.lastPublished();
  if (head === undefined || head.sizeLeaves === 0n) return NOTHING;
  const grown = !isSameHead(before && headOf(before), head);
  if (!grown && (ports.witnesses?.isOneDue() ?? false) === false) return NOTHING;

  // 2. It extends everything that may have been signed. The mark is read from the disk each time: memory of it could be
  // older than the file.
  lock.requireHeld();
  const marked = await mark.read();
  if (marked === undefined) {
    throw new IntegrityError('MARK_MISSING', 'the mark of the checkpoint key is gone');
  }
  requireOnlySigner(marked, before);
  await requireExtends(marked, head, source.tiles);

  // 3. The mark, on the disk before there is a signature. A crash here: the head is marked, nobody has seen it signed.
  // The tree still holds it at the next start, which signs it or one that extends it.
  if (!isSameHead(marked, head)) await mark.advance(marked, head);
  lock.requireHeld();

  // 4. The signature. Ed25519 is deterministic: signing this head again gives this note again. A crash from here to 7:
  // the signature may be known outside and stands in no event. It is of the marked head, so nothing that is signed later
  // can contradict it.
  const { name, keyId } = signer.key;
  const text = formatCheckpoint({ origin: name, sizeLeaves: head.sizeLeaves, rootHash: head.root, extensions: [] });
  const own: NoteSignature = { name, keyId, signature: await signer.sign(utf8(text)) };
  const signedNote = formatNote({ text, signatures: [own] });

  // 5. The witnesses, side by side, each within its time. None of them holds the ledger up: what is missing is told.
  const asked = await ports.witnesses?.cosign({ text, signedNote, head, prove: proverOf(source.tiles, head) });
  const kept = grown ? [] : cosignaturesOf(before, ports);
  const published = assemble(text, [own, ...merge(kept, asked?.cosignatures ?? [])], ports);
  const outcomes = asked?.outcomes ?? [];
  if (!grown && published.cosignedBy <= (before?.cosignedBy ?? 0)) return { published: undefined, outcomes };

  // 6. The files that readers are given. A crash after: they name a checkpoint that no event tells of. It is good, its
  // tiles are there, and step 7 is done by the next start, whose `lastPublished` is the one before.
  await files.write(published.sizeLeaves, published.note);

  // 7. The event. From here on receipts say `anchored`. A crash before the acknowledgement: 4 to 7 again.
  await source.appendPublished(published);
  return { published, outcomes };
}

/**
 * A head is marked before it is signed, and signed before an event tells of it. So a checkpoint in the store that is beyond
 * the mark was signed by somebody with another mark: a copy of this one, or an empty one. Two marks hold nobody back.
 * @throws IntegrityError `CHECKPOINT_KEY_SHARED`
 */
export function requireOnlySigner(marked: TreeHead, published: TreeHead | undefined): void {
  if (published === undefined || published.sizeLeaves <= marked.sizeLeaves) return;
  throw new IntegrityError(
    'CHECKPOINT_KEY_SHARED',
    'a checkpoint beyond our mark is published: another node signs with this key, or the mark is an old copy',
    { markedSizeLeaves: String(marked.sizeLeaves), publishedSizeLeaves: String(published.sizeLeaves) },
  );
}

/**
 * Returns where the tree of `head` begins with the tree of `marked`.
 * @throws IntegrityError `MARK_NOT_EXTENDED`; as the reader of tiles
 */
export async function requireExtends(marked: TreeHead, head: TreeHead, tiles: TileReader): Promise<void> {
  const sizes = { markedSizeLeaves: String(marked.sizeLeaves), sizeLeaves: String(head.sizeLeaves) };
  if (marked.sizeLeaves === 0n) return;
  if (marked.sizeLeaves > head.sizeLeaves) {
    throw new IntegrityError('MARK_NOT_EXTENDED', 'the tree is smaller than the one that was last signed', sizes);
  }
  try {
    verifyConsistency({
      oldSizeLeaves: marked.sizeLeaves,
      oldRootHash: marked.root,
      newSizeLeaves: head.sizeLeaves,
      newRootHash: head.root,
      path: await proverOf(tiles, head)(marked.sizeLeaves),
    });
  } catch (cause) {
    if (!(cause instanceof LedgerError) || cause.code !== 'PROOF_INVALID') throw cause;
    throw new IntegrityError('MARK_NOT_EXTENDED', 'the tree does not extend the one that was last signed', sizes, {
      cause,
    });
  }
}

/** Consistency paths to one head. */
function proverOf(tiles: TileReader, head: TreeHead): (oldSizeLeaves: bigint) => Promise<readonly Hash[]> {
  const prover = new TileProver(tiles, head.sizeLeaves);
  return async (oldSizeLeaves) => prover.consistency(oldSizeLeaves);
}

function headOf({ sizeLeaves, root }: PublishedCheckpoint): TreeHead {
  return { sizeLeaves, root };
}

/** The note, held to the rules that its readers will hold it to: a signer that is broken is found here. */
function assemble(text: string, signatures: readonly NoteSignature[], ports: AnchorPorts): PublishedCheckpoint {
  const note = formatNote({ text, signatures });
  const { checkpoint, cosignatures } = verifyCheckpoint(note, policyOf(ports), {
    verifyEd25519: opensslVerifyEd25519,
    origin: ports.signer.key.name,
  });
  return { sizeLeaves: checkpoint.sizeLeaves, root: checkpoint.rootHash, note, cosignedBy: cosignatures.length };
}

/** `true` where the cosignatures of a published checkpoint make the quorum of our witnesses. */
export function isQuorumMet(published: PublishedCheckpoint | undefined, ports: AnchorPorts): boolean {
  const policy = ports.witnesses?.policy;
  if (policy === undefined) return true;
  if (published === undefined) return policy.quorum.kind === 'none';
  const { cosignatures } = verifyCheckpoint(published.note, policyOf(ports), { verifyEd25519: opensslVerifyEd25519 });
  return meetsQuorum(policy.quorum, new Set(cosignatures.map(({ witness }) => witness.name)));
}

/** Our own log and all our witnesses, without a quorum: anchoring goes on without one, and says so. */
function policyOf({ signer, witnesses }: AnchorPorts): TrustPolicy {
  return { logs: [{ key: signer.key }], witnesses: witnesses?.policy.witnesses ?? [], quorum: { kind: 'none' } };
}

/** What the witnesses that we still ask said of the same tree before. */
function cosignaturesOf(before: PublishedCheckpoint | undefined, ports: AnchorPorts): readonly NoteSignature[] {
  if (before === undefined) return [];
  const keys = ports.witnesses?.policy.witnesses.map(({ key }) => key) ?? [];
  return parseNote(before.note).signatures.filter((line) =>
    keys.some(({ name, keyId }) => name === line.name && keyId === line.keyId),
  );
}

/** One line of a key: a fresh one stands in for an older one. */
function merge(kept: readonly NoteSignature[], fresh: readonly NoteSignature[]): readonly NoteSignature[] {
  const isFresh = ({ name, keyId }: NoteSignature): boolean =>
    fresh.some((line) => line.name === name && line.keyId === keyId);
  return [...kept.filter((line) => !isFresh(line)), ...fresh];
}
