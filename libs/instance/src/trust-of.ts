import { readFile } from 'node:fs/promises';
import { parseTrustPolicy, type TrustPolicy } from '@writ/checkpoint';
import { LedgerError, RejectedError } from '@writ/errors';
import { readNoteKeyFile, readPublicHalf } from '@writ/signing';
import type { TrustFile } from '@writ/verifier';
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
  const checkpoint = await readNoteKeyFile(settings.checkpointKeyFile, 'checkpoint');
  const { key } = checkpoint;
  if (key.name !== settings.origin) {
    throw new RejectedError('KEY_FILE_INVALID', 'the checkpoint key is that of another ledger', {
      path: settings.checkpointKeyFile,
      origin: settings.origin,
      keyName: key.name,
    });
  }
  const { witnesses, quorum } = await witnessesOf(settings.witnessFile);
  return { origin: settings.origin, policy: { logs: [{ key }], witnesses, quorum }, keys: [{ keyId, publicKey }] };
}

async function witnessesOf(path: string | undefined): Promise<Pick<TrustPolicy, 'witnesses' | 'quorum'>> {
  if (path === undefined) return { witnesses: [], quorum: { kind: 'none' } };
  try {
    return parseTrustPolicy(await readFile(path, 'utf8'));
  } catch (cause) {
    if (cause instanceof LedgerError) throw cause;
    throw new RejectedError('CONFIGURATION_INVALID', 'the witness file cannot be read', { path }, { cause });
  }
}
