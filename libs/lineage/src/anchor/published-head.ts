import { verifyCheckpoint, type VerifierKey } from '@writ/checkpoint';
import { LedgerError } from '@writ/errors';
import { opensslVerifyEd25519 } from '@writ/signing';

import type { TreeHead } from './tree-head.js';

/** The tree of a checkpoint that our own key signed; `undefined` for any other text. */
export function headOfCheckpoint(note: string, key: VerifierKey): TreeHead | undefined {
  try {
    const policy = { logs: [{ key }], witnesses: [], quorum: { kind: 'none' } as const };
    const { sizeLeaves, rootHash } = verifyCheckpoint(note, policy, { verifyEd25519: opensslVerifyEd25519 }).checkpoint;
    return { sizeLeaves, root: rootHash };
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}
