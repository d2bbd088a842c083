import type { Command } from 'commander';
import { trustOf } from '@writ/instance';
import { answering, command, type Shell } from '../command.js';
import { settingsOf } from '../input/settings-of.js';
import { fingerprintsOf, trustFileText } from '../input/trust-file.js';
import { table } from '../terminal/table.js';
import { writeNewFile } from '../write-new-file.js';

interface Flags {
  readonly trust?: boolean;
  readonly out?: string;
  readonly store?: string;
  readonly origin?: string;
}

/** The public halves of a ledger's key files. */
export function exportKeys(shell: Shell): Command {
  return command('export', 'the public halves of the keys of this ledger, with fingerprints to compare', [
    'writ keys export --trust > trust.txt   # what auditors pin, for `writ verify --trust`',
    'writ keys export                       # the fingerprints, to read over the telephone',
  ])
    .option('--trust', 'as a trust file')
    .option('-o, --out <file>', 'with --trust: into this file, which must not exist')
    .option('--store <path>', 'WRIT_STORE_URL when absent; the key files are looked for beside it')
    .option('--origin <name>', 'WRIT_ORIGIN')
    .action(
      answering(shell, async ({ trust: asTrustFile, out, ...flags }: Flags) => {
        const trust = await trustOf(settingsOf(shell.world, flags));
        const text = trustFileText(trust);
        const keys = fingerprintsOf(trust);
        if (out !== undefined) writeNewFile(out, text);
        return {
          json: {
            origin: trust.origin,
            keys,
            ...(asTrustFile === true ? { trustFile: text } : {}),
            ...(out === undefined ? {} : { out }),
          },
          text: (style) => {
            if (asTrustFile === true && out === undefined) return text.trimEnd();
            const rows = keys.map(({ purpose, name, sha256 }) => [purpose, name, sha256]);
            return `${table(style, ['key', 'name', 'SHA-256 of the public key'], rows)}\nCompare them over another way than the trust file goes.`;
          },
        };
      }),
    );
}
