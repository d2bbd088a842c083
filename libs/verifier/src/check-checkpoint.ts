import {
  meetsQuorum,
  parseCheckpoint,
  parseNote,
  verifyCheckpoint,
  type Checkpoint,
  type VerifiedCosignature,
  type VerifyEd25519,
} from '@writ/checkpoint';
import { RejectedError } from '@writ/errors';

import type { CheckList } from './check-list.js';
import type { TrustFile } from './trust-file.js';

/** How old a checkpoint may be. The verifier has no clock of its own. */
export interface AgeLimit {
  readonly nowMs: number;
  readonly maxAgeMs: number;
}

export interface CheckpointOptions {
  readonly age?: AgeLimit;
  readonly verifyEd25519?: VerifyEd25519;
}

/** The tree that all else is told of. */
export interface CheckedTree {
  readonly sizeLeaves: bigint;
  readonly rootHash: Uint8Array;
  readonly cosignatures: readonly VerifiedCosignature[];
}

/**
 * `checkpoint`, `quorum` and `freshness`: the log of the trust file signed this tree, enough of its witnesses saw it,
 * and not too long ago. What is returned is read from the note, whether or not it passed: the checks that follow tell
 * whether everything fits this tree, the verdict needs both.
 */
export function checkCheckpoint(
  note: string,
  trust: TrustFile,
  options: CheckpointOptions,
  checks: CheckList,
): CheckedTree | undefined {
  const { policy, origin } = trust;
  const plugged = options.verifyEd25519 === undefined ? {} : { verifyEd25519: options.verifyEd25519 };
  const verified = checks.run('checkpoint', () => {
    // The quorum is a check of its own.
    const signed = verifyCheckpoint(note, { ...policy, quorum: { kind: 'none' } }, { origin, ...plugged });
    if (signed.checkpoint.sizeLeaves === 0n)
      throw new RejectedError('CHECKPOINT_INVALID', 'an empty tree holds nothing');
    return signed;
  });
  const cosignatures = verified?.cosignatures ?? [];
  if (verified !== undefined) {
    checks.run('quorum', (found) => {
      if (!meetsQuorum(policy.quorum, namesOf(cosignatures))) found.fail('CHECKPOINT_QUORUM');
    });
    checkFreshness(cosignatures, trust, options.age, checks);
  }
  const read = verified?.checkpoint ?? readOnly(note);
  return read === undefined ? undefined : { sizeLeaves: read.sizeLeaves, rootHash: read.rootHash, cosignatures };
}

/** Only a witness tells the time: what the log alone has signed could be of any day. */
function checkFreshness(
  cosignatures: readonly VerifiedCosignature[],
  { policy }: TrustFile,
  age: AgeLimit | undefined,
  checks: CheckList,
): void {
  checks.run('freshness', (found) => {
    if (age === undefined) {
      found.skip('NOT_ASKED');
      return;
    }
    const young = cosignatures.filter(({ timeSeconds }) => timeSeconds * 1_000 >= age.nowMs - age.maxAgeMs);
    if (young.length === 0 || !meetsQuorum(policy.quorum, namesOf(young))) found.fail('CHECKPOINT_STALE');
  });
}

function readOnly(note: string): Checkpoint | undefined {
  try {
    return parseCheckpoint(parseNote(note).text);
  } catch {
    return undefined;
  }
}

function namesOf(cosignatures: readonly VerifiedCosignature[]): ReadonlySet<string> {
  return new Set(cosignatures.map(({ witness }) => witness.name));
}
