import type { Command } from 'commander';
import { checkLedger } from '@writ/instance';
import { answering, command, type Shell } from '../command.js';
import { settingsOf } from '../input/settings-of.js';
import { readTrustFile } from '../input/trust-file.js';
import { progressOn } from '../terminal/progress.js';
import { reportText } from '../terminal/show-fsck.js';

interface Flags {
  readonly store?: string;
  readonly origin?: string;
  readonly trust?: string;
  readonly resume?: string;
}

export function fsckCommand(shell: Shell): Command {
  return command('fsck', 'read the whole ledger again and believe nothing of it: every event, tile, checkpoint', [
    'writ fsck --trust trust.txt',
    'writ fsck --store .writ/ledger.db',
    'writ fsck --trust trust.txt --resume fsck-state.json   # stopped: the same again goes on',
  ])
    .option('--store <path>', 'WRIT_STORE_URL when absent; it may be in use')
    .option(
      '-T, --trust <file>',
      'whom to believe (`writ keys export --trust`); when absent the key files of this ledger',
    )
    .option('--origin <name>', 'without --trust: the name of the ledger (WRIT_ORIGIN)')
    .option('--resume <file>', 'remembers in this file how far the check has come, and goes on from there')
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing is wrong, 1 something is, 2 the input cannot be used.\nIt mends nothing: docs/guides/fsck.md says what to do about each finding.',
    )
    .action(
      answering(shell, async (flags: Flags) => {
        const { world } = shell;
        const trust = flags.trust === undefined ? undefined : await readTrustFile(world, flags.trust);
        const progress = progressOn(world.stderr, 'fsck', 0, world.nowMs);
        const report = await checkLedger(settingsOf(world, flags), {
          trust,
          stateFile: flags.resume,
          onProgress: ({ events }) => progress.to(events),
          signal: world.interrupted,
        });
        progress.end();
        return {
          exit: report.verdict === 'sound' ? 'OK' : 'NO',
          json: report,
          text: reportText(report),
        };
      }),
    );
}
