import { parseTlogProof, type VerifyEd25519 } from '@writ/checkpoint';
import { parseEntry, type Entry } from '@writ/ledger';
import { leafHash, verifyInclusion } from '@writ/merkle';

import { checkCheckpoint, type AgeLimit } from './check-checkpoint.js';
import { CheckList } from './check-list.js';
import { entryClaim, treeClaim } from './claims.js';
import type { CheckName, Report } from './report.js';
import type { TrustFile } from './trust-file.js';
import { reportOf } from './verdict.js';

export interface VerifyProofOptions {
  readonly age?: AgeLimit;
  readonly verifyEd25519?: VerifyEd25519;
}

const CHECKS: readonly CheckName[] = ['form', 'checkpoint', 'quorum', 'freshness', 'inclusion'];

/**
 * Verifies one entry's inclusion (C2SP tlog-proof, docs/spec/proof.md). `entry` are the entry's own bytes; without them
 * there is nothing whose place could be shown, and `inclusion` is skipped. Who made the entry, and what followed it, a
 * proof does not say: the verdict is `included` at most. Never throws.
 */
export function verifyTlogProof(
  text: string,
  entry: Uint8Array | undefined,
  trust: TrustFile,
  { age, verifyEd25519 }: VerifyProofOptions = {},
): Report {
  const checks = new CheckList();
  // 1. Is it a proof at all?
  const proof = checks.run('form', () => parseTlogProof(text), 'PROOF_INVALID');
  if (proof === undefined)
    return reportOf('tlog-proof', checks, { reached: null, required: 'included' }, noClaims, CHECKS);
  // 2. The tree.
  const options = {
    ...(age === undefined ? {} : { age }),
    ...(verifyEd25519 === undefined ? {} : { verifyEd25519 }),
  };
  const tree = checkCheckpoint(proof.checkpoint, trust, options, checks);
  // 3. The leaf, hashed here.
  if (tree !== undefined) {
    checks.run('inclusion', (found) => {
      if (entry === undefined) {
        found.skip('NO_ENTRY');
        return;
      }
      const { index, path } = proof;
      try {
        verifyInclusion({ leafHash: leafHash(entry), index, sizeLeaves: tree.sizeLeaves, path }, tree.rootHash);
      } catch {
        found.fail('PROOF_INVALID', { index: String(index) });
      }
    });
  }
  // 4. What it comes to.
  const asked: readonly CheckName[] = age === undefined ? CHECKS.filter((name) => name !== 'freshness') : CHECKS;
  const reached = !checks.hasFailed && asked.every((name) => checks.passed(name)) ? 'included' : null;
  const claims = (): Report['claims'] => ({
    origin: trust.origin,
    asOf: tree === undefined ? null : treeClaim(tree),
    execution: null,
    entry: entryClaim(entry === undefined ? undefined : readEntry(entry), proof.index, null),
  });
  return reportOf('tlog-proof', checks, { reached, required: 'included' }, claims, CHECKS);
}

/** A log may hold leaves that are none of ours; their place is shown all the same. */
function readEntry(bytes: Uint8Array): Entry | undefined {
  try {
    return parseEntry(bytes);
  } catch {
    return undefined;
  }
}

function noClaims(): null {
  return null;
}
