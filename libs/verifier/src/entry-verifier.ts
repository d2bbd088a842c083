import { formatDigest, parseBase64, sha256, utf8 } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import {
  attestationMessage,
  verifySignature,
  type Attestation,
  type BundleEvent,
  type BundleStream,
  type VerifySignature,
} from '@writ/evidence';
import { leafHashOf, parseEntry } from '@writ/ledger';
import { rootFromInclusion, type Hash, type Inclusion } from '@writ/merkle';

import type { VerifierOptions } from './bundle-verifier.js';
import { checkCheckpoint, type AgeLimit, type CheckedTree, type CheckpointOptions } from './check-checkpoint.js';
import type { CheckCode } from './check-codes.js';
import { codeOfStanding, readKeys } from './check-keys.js';
import { CheckList, Findings } from './check-list.js';
import { checkContiguity } from './check-streams.js';
import { pinnedHistory, type KeyHistory } from './key-history.js';
import { openStream } from './opened-stream.js';
import { SharedInclusion } from './shared-inclusion.js';
import type { TrustFile } from './trust-file.js';

/** What shows one entry under a checkpoint; an event of a bundle is one. */
export type ProvenEntry = Pick<BundleEvent, 'attestation' | 'index' | 'path' | 'data'>;

/** Verifies entries of one tree in bulk: what they share is looked at once. */
export interface EntryVerifier {
  /**
   * `null` where a key that counts at that index signed the entry, the entry is in the tree at that index, and the data,
   * where given, are those of the entry. Else why not. Never throws.
   */
  verify(proven: ProvenEntry): CheckCode | null;
}

export interface EntryVerifierOptions extends VerifierOptions {
  readonly age?: AgeLimit;
  /** The key stream as a bundle holds it; without it only pinned keys count, from the first leaf on. */
  readonly keys?: BundleStream;
}

/** Each keeps about 150 bytes for two nodes of every leaf that was met. */
const MAX_BATCHES = 1_024;
const CHECKPOINT_CHECKS = ['checkpoint', 'quorum', 'freshness'] as const;

/**
 * For the entries under one checkpoint. Throws PROOF_INVALID, with `details.because`, unless the checkpoint is one of the
 * trust file's log, cosigned and as young as asked for, and the key stream, where given, is lawful and in this tree.
 */
export function createEntryVerifier(
  note: string,
  trust: TrustFile,
  { age, keys, verifySignature: verify = verifySignature, verifyEd25519 }: EntryVerifierOptions = {},
): EntryVerifier {
  const tree = requireTree(note, trust, {
    ...(age === undefined ? {} : { age }),
    ...(verifyEd25519 === undefined ? {} : { verifyEd25519 }),
  });
  const inclusion = new SharedInclusion(tree.sizeLeaves, tree.rootHash);
  const history = keys === undefined ? pinnedHistory(trust.keys) : requireKeys(keys, trust, inclusion, verify);
  return new Entries(trust.origin, inclusion, verify, history);
}

class Entries implements EntryVerifier {
  readonly #origin: string;
  readonly #inclusion: SharedInclusion;
  readonly #verify: VerifySignature;
  readonly #history: KeyHistory;
  /** Batches whose signature verified, by key, size and signature. */
  readonly #batches = new Map<string, SharedInclusion>();

  constructor(origin: string, inclusion: SharedInclusion, verify: VerifySignature, history: KeyHistory) {
    this.#origin = origin;
    this.#inclusion = inclusion;
    this.#verify = verify;
    this.#history = history;
  }

  verify({ attestation, index, path, data }: ProvenEntry): CheckCode | null {
    try {
      const bytes = utf8(attestation.entry);
      const { dataDigest } = parseEntry(bytes);
      if (data !== undefined && formatDigest(sha256(utf8(data))) !== dataDigest) return 'FOREIGN_EVENT';
      const code = codeOfStanding(this.#history.standingAt(attestation.keyId, index));
      if (code !== undefined) return code;
      const leafHash = leafHashOf(bytes);
      if (!this.#isAttested(attestation, leafHash)) return 'ATTESTATION_INVALID';
      return isIncluded(this.#inclusion, { leafHash, index, path }) ? null : 'PROOF_INVALID';
    } catch {
      return 'FOREIGN_EVENT';
    }
  }

  /** Entries of one batch share its root, whose signature is verified once. */
  #isAttested({ keyId, batch, signature }: Attestation, leafHash: Hash): boolean {
    const { index, size } = batch;
    const path = pathOf(batch.path);
    if (path === undefined) return false;
    const name = `${keyId} ${size} ${signature}`;
    const known = this.#batches.get(name);
    if (known !== undefined) return isIncluded(known, { leafHash, index: BigInt(index), path });
    const root = this.#signedRoot({ keyId, signature }, { leafHash, index, sizeLeaves: size, path });
    if (root === undefined) return false;
    const [oldest] = this.#batches.keys();
    if (this.#batches.size >= MAX_BATCHES && oldest !== undefined) this.#batches.delete(oldest);
    this.#batches.set(name, new SharedInclusion(BigInt(size), root, 4 * size));
    return true;
  }

  #signedRoot({ keyId, signature }: Pick<Attestation, 'keyId' | 'signature'>, inclusion: Inclusion): Hash | undefined {
    const publicKey = this.#history.publicKeyOf(keyId);
    if (publicKey === undefined) return undefined;
    try {
      const root = rootFromInclusion(inclusion);
      const message = attestationMessage(this.#origin, Number(inclusion.sizeLeaves), root);
      return this.#verify(message, parseBase64(signature, 64), publicKey) ? root : undefined;
    } catch {
      return undefined;
    }
  }
}

function pathOf(texts: readonly string[]): readonly Hash[] | undefined {
  try {
    return texts.map((text) => parseBase64(text, 32));
  } catch {
    return undefined;
  }
}

function isIncluded(
  inclusion: SharedInclusion,
  { leafHash, index, path }: Pick<ProvenEntry, 'index' | 'path'> & { readonly leafHash: Hash },
): boolean {
  try {
    inclusion.verify(leafHash, index, path);
    return true;
  } catch {
    return false;
  }
}

function requireTree(note: string, trust: TrustFile, options: CheckpointOptions): CheckedTree {
  const checks = new CheckList();
  const tree = checkCheckpoint(note, trust, options, checks);
  const asked = CHECKPOINT_CHECKS.filter((name) => name !== 'freshness' || options.age !== undefined);
  if (tree !== undefined && asked.every((name) => checks.passed(name))) return tree;
  const failed = checks.inOrder(asked).find(({ status }) => status === 'failed');
  return refuse('the checkpoint does not verify', failed?.code ?? 'NOTE_INVALID');
}

/** The keys that count, by a key stream that is itself under this checkpoint. */
function requireKeys(
  keys: BundleStream,
  trust: TrustFile,
  inclusion: SharedInclusion,
  verify: VerifySignature,
): KeyHistory {
  const found = new Findings();
  const stream = openStream(keys, found);
  const read = readKeys(stream, trust);
  read.report(found);
  checkContiguity(stream, found);
  // Whether its signers count the fold has told: it also knows keys that this reader has not pinned.
  const signed = new Entries(trust.origin, inclusion, verify, {
    publicKeyOf: (keyId) => read.history.publicKeyOf(keyId),
    standingAt: () => 'valid',
  });
  const codes = keys.events.map((event) => signed.verify(event)).filter((code) => code !== null);
  const { status, code } = found.asCheck('keys');
  if (status === 'passed' && codes.length === 0) return read.history;
  return refuse('the key stream does not verify', code ?? codes[0] ?? 'EVENT_INVALID');
}

function refuse(message: string, because: CheckCode): never {
  throw new RejectedError('PROOF_INVALID', message, { because });
}
