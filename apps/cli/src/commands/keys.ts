import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { formatInstant, toBase64, toHex } from '@writ/encoding';
import { generateKeyFile, readPublicHalf } from '@writ/signing';
import { answering, command, group, type Shell } from '../command.js';
import { eraseKey, listKeys, revokeKey, rotateKey } from './change-keys.js';
import { exportKeys } from './export-keys.js';
import { settingsOf } from '../input/settings-of.js';
import { fields } from '../terminal/table.js';

interface CreateFlags {
  readonly out?: string;
}
export function keysCommand(shell: Shell): Command {
  return group('keys', 'the keys that sign attestations and grants (docs/guides/keys.md)', [
    createKey(shell),
    showKey(shell),
    exportKeys(shell),
    listKeys(shell),
    rotateKey(shell),
    revokeKey(shell),
    eraseKey(shell),
  ]);
}

function createKey(shell: Shell): Command {
  return command('create', 'draw a key into a new file, readable by its owner alone', [
    'writ keys create --out /etc/writ/attestation-key.json',
  ])
    .option('-o, --out <file>', 'WRIT_KEY_FILE when absent; an existing file is never touched')
    .action(
      answering(shell, async (flags: CreateFlags) => {
        const path = flags.out ?? settingsOf(shell.world, {}).keyFile;
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        const key = await generateKeyFile(path, shell.world.nowMs());
        const { keyId, publicKey } = key;
        key.erase();
        return {
          json: { path, keyId, publicKey: toBase64(publicKey) },
          text: (style) =>
            `${fields(style, [
              ['key file', path],
              ['key id', keyId],
              ['public key', toBase64(publicKey)],
            ])}\nBack it up where the backups of the store are not.`,
        };
      }),
    );
}

function showKey(shell: Shell): Command {
  return command('show', 'the public half of a key file; no command shows the secret', [
    'writ keys show .writ/attestation-key.json',
  ])
    .argument('[file]', 'WRIT_KEY_FILE when absent')
    .action(
      answering(shell, async (file: string | undefined) => {
        const path = file ?? settingsOf(shell.world, {}).keyFile;
        const { keyId, publicKey, createdAtMs, hasSecret } = await readPublicHalf(path);
        return {
          json: { path, keyId, publicKey: toBase64(publicKey), publicKeyHex: toHex(publicKey), createdAtMs, hasSecret },
          text: (style) =>
            fields(style, [
              ['key file', path],
              ['key id', keyId],
              ['public key', toBase64(publicKey)],
              ['in hex', toHex(publicKey)],
              ['created', formatInstant(createdAtMs)],
              ...(hasSecret ? [] : [['secret', 'erased'] as const]),
            ]),
        };
      }),
    );
}
