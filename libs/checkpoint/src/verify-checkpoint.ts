import { emptyRoot } from '@writ/merkle';
import { equalBytes } from '@writ/encoding';
import { RejectedError } from '@writ/errors';

import { parseCheckpoint, type Checkpoint, type CheckpointOptions } from './checkpoint-text.js';
import { meetsQuorum } from './quorum.js';
import { parseNote } from './signed-note.js';
import type { TrustedLog, TrustedWitness, TrustPolicy } from './trust-policy.js';
import { verifyNote, type VerifiedSigner, type VerifyNoteOptions } from './verify-note.js';

/** A checkpoint that a trusted log signed, with the cosignatures that count. */
export interface VerifiedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** The text that was signed, for those who sign or compare it. */
  readonly noteText: string;
  readonly log: TrustedLog;
  /** In the order of the policy, each witness once. */
  readonly cosignatures: readonly VerifiedCosignature[];
}

export interface VerifiedCosignature {
  readonly witness: TrustedWitness;
  /** When, by the witness' own clock; whole seconds since 1970 UTC. */
  readonly timeSeconds: number;
}

export interface VerifyCheckpointOptions extends VerifyNoteOptions, CheckpointOptions {
  /** The one log that is asked about; without it any log of the policy will do. */
  readonly origin?: string;
  /**
   * Against a log that shows an old state for ever: cosignatures of before this time, in seconds since 1970 UTC, do not
   * count for the quorum, and at least one must be left even where the quorum is `none`. A checkpoint that the log alone
   * has signed says nothing about its time, so it never passes.
   */
  readonly notBeforeSeconds?: number;
}

/**
 * Reads a note as a checkpoint and holds it to the policy, in this order: form (NOTE_INVALID, CHECKPOINT_INVALID,
 * CHECKPOINT_EXTENDED), origin (CHECKPOINT_ORIGIN), signatures (NOTE_SIGNATURE_INVALID, NOTE_UNSIGNED), quorum
 * (CHECKPOINT_QUORUM), age (CHECKPOINT_STALE). Only a key whose name is the origin signs for the log, and no cosignature stands in for it.
 */
export function verifyCheckpoint(
  note: string | Uint8Array,
  policy: TrustPolicy,
  options: VerifyCheckpointOptions = {},
): VerifiedCheckpoint {
  const signed = parseNote(note);
  const checkpoint = parseCheckpoint(signed.text, options);
  requirePlausible(checkpoint);
  const logs = logsOf(checkpoint.origin, policy, options.origin);
  const keys = [...logs, ...policy.witnesses].map(({ key }) => key);
  const signers = verifyNote(signed, keys, options);
  const log = logs.find(({ key }) => signers.some((signer) => signer.key === key));
  if (log === undefined) throw new RejectedError('NOTE_UNSIGNED', 'the log itself has not signed the checkpoint');
  const cosignatures = policy.witnesses.flatMap((witness) => cosignatureOf(witness, signers));
  if (!meetsQuorum(policy.quorum, namesOf(cosignatures))) {
    const details = { cosigned: [...namesOf(cosignatures)], witnesses: policy.witnesses.length };
    throw new RejectedError('CHECKPOINT_QUORUM', 'the cosignatures do not make the quorum', details);
  }
  requireFresh(cosignatures, policy, options.notBeforeSeconds);
  return { checkpoint, noteText: signed.text, log, cosignatures };
}

/** The empty tree has one root; a signed size 0 with another one is a log that lies about its beginning. */
function requirePlausible({ sizeLeaves, rootHash }: Checkpoint): void {
  if (sizeLeaves > 0n || equalBytes(rootHash, emptyRoot())) return;
  throw new RejectedError('CHECKPOINT_INVALID', 'a tree without leaves has the root of nothing', { field: 'rootHash' });
}

function requireFresh(
  cosignatures: readonly VerifiedCosignature[],
  policy: TrustPolicy,
  notBeforeSeconds: number | undefined,
): void {
  if (notBeforeSeconds === undefined) return;
  const fresh = cosignatures.filter(({ timeSeconds }) => timeSeconds >= notBeforeSeconds);
  if (fresh.length > 0 && meetsQuorum(policy.quorum, namesOf(fresh))) return;
  const details = { notBeforeSeconds, latestSeconds: Math.max(0, ...cosignatures.map((one) => one.timeSeconds)) };
  throw new RejectedError('CHECKPOINT_STALE', 'too few cosignatures are as young as asked for', details);
}

function namesOf(cosignatures: readonly VerifiedCosignature[]): ReadonlySet<string> {
  return new Set(cosignatures.map(({ witness }) => witness.name));
}

function logsOf(origin: string, policy: TrustPolicy, wanted: string | undefined): readonly TrustedLog[] {
  const logs = policy.logs.filter(({ key }) => key.name === origin);
  if (logs.length > 0 && (wanted === undefined || wanted === origin)) return logs;
  throw new RejectedError('CHECKPOINT_ORIGIN', 'the checkpoint is that of another log', { origin });
}

function cosignatureOf(witness: TrustedWitness, signers: readonly VerifiedSigner[]): VerifiedCosignature[] {
  const timeSeconds = signers.find(({ key }) => key === witness.key)?.timeSeconds;
  return timeSeconds === undefined ? [] : [{ witness, timeSeconds }];
}
