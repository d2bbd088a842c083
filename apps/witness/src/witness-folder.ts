import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseTrustPolicy, type TrustedLog } from '@writ/checkpoint';
import { RejectedError } from '@writ/errors';
import { generateNoteKeyFile, readNoteKeyFile, type NoteKey } from '@writ/signing';

import { WitnessState } from './witness-state.js';

const KEY_FILE = 'witness-key.json';
const STATE_FILE = 'state.db';
const LOGS_FILE = 'logs.policy';

export interface OpenWitnessFolder {
  readonly key: NoteKey;
  readonly logs: readonly TrustedLog[];
  readonly state: WitnessState;
}

/**
 * Makes the folder of a new witness: its key, and an empty record of what it has cosigned. Throws KEY_FILE_INVALID and
 * STORE_NOT_OURS where there is one already. A crash in between leaves a key without a record: it has signed nothing, and
 * is removed by hand.
 */
export async function createWitnessFolder(folder: string, name: string): Promise<NoteKey> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const key = await generateNoteKeyFile(join(folder, KEY_FILE), 'cosignature', name);
  WitnessState.create(join(folder, STATE_FILE), key.vkey);
  return key;
}

/**
 * Opens a folder that `createWitnessFolder` made, with the file `logs.policy` that says which logs are known (C2SP
 * tlog-policy: its `log` lines count). Throws KEY_FILE_INVALID, TRUST_POLICY_INVALID, CONFIGURATION_INVALID, and as
 * `WitnessState.open`.
 */
export async function openWitnessFolder(folder: string): Promise<OpenWitnessFolder> {
  const key = await readNoteKeyFile(join(folder, KEY_FILE), 'cosignature');
  const logs = readLogs(join(folder, LOGS_FILE));
  return { key, logs, state: WitnessState.open(join(folder, STATE_FILE), key.vkey) };
}

function readLogs(path: string): readonly TrustedLog[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new RejectedError('CONFIGURATION_INVALID', 'the file of known logs cannot be read', { path }, { cause });
  }
  const { logs } = parseTrustPolicy(text);
  if (logs.some(({ key }) => key.algorithm === 'ed25519')) return logs;
  throw new RejectedError('CONFIGURATION_INVALID', 'the file of known logs names no log that can be verified', {
    path,
  });
}
