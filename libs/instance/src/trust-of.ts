import { parseTrustPolicy, type TrustPolicy } from '@writ/checkpoint';
import { readPublicHalf } from '@writ/signing';
import type { TrustFile } from '@writ/verifier';
import { readCheckpointKey, readWitnessFile } from './anchor-files.js';
import type { Settings } from './settings.js';

/**
 * What others pin of this ledger: the public halves of its key files, and the witnesses and the quorum that its
 * operator has configured. Opens no store.
 * @throws RejectedError `KEY_FILE_INVALID`, `TRUST_POLICY_INVALID`, `CONFIGURATION_INVALID` (the witness file cannot be read)
 */
export async function trustOf(
  settings: Pick<Settings, 'origin' | 'keyFile' | 'checkpointKeyFile' | 'witnessFile'>,
): Promise<TrustFile> {
  // The first key of the ledger: its successors are reached from it.
  const { keyId, publicKey } = await readPublicHalf(settings.keyFile);
  const { key } = await readCheckpointKey(settings);
  const { witnesses, quorum } = witnessesOf(settings.witnessFile);
  return { origin: settings.origin, policy: { logs: [{ key }], witnesses, quorum }, keys: [{ keyId, publicKey }] };
}

function witnessesOf(path: string | undefined): Pick<TrustPolicy, 'witnesses' | 'quorum'> {
  return path === undefined ? { witnesses: [], quorum: { kind: 'none' } } : parseTrustPolicy(readWitnessFile(path));
}
