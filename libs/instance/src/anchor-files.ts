import { readFileSync } from 'node:fs';
import { RejectedError } from '@writ/errors';
import { readNoteKeyFile, type NoteKey } from '@writ/signing';
import type { Settings } from './settings.js';

/** The key that signs checkpoints, which bears the ledger's name. @throws RejectedError `KEY_FILE_INVALID` */
export async function readCheckpointKey({
  origin,
  checkpointKeyFile,
}: Pick<Settings, 'origin' | 'checkpointKeyFile'>): Promise<NoteKey> {
  const key = await readNoteKeyFile(checkpointKeyFile, 'checkpoint');
  if (key.key.name === origin) return key;
  throw new RejectedError('KEY_FILE_INVALID', 'the checkpoint key is that of another ledger', {
    path: checkpointKeyFile,
    origin,
    keyName: key.key.name,
  });
}

/** The text of the file that names witnesses and quorum. @throws RejectedError `CONFIGURATION_INVALID` */
export function readWitnessFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const problems = [{ variable: 'WRIT_WITNESS_FILE', value: path, wants: 'a file that can be read' }];
    const message = `\`WRIT_WITNESS_FILE\` is \`${path}\` and wants a file that can be read`;
    throw new RejectedError('CONFIGURATION_INVALID', message, { problems }, { cause });
  }
}
