import type { Command } from 'commander';
import { checkLedger, restoreStore, storeName, type LedgerReport, type Settings } from '@writ/instance';
import { LedgerError } from '@writ/errors';
import { answering, command, type Shell } from '../command.js';
import { settingsOf } from '../input/settings-of.js';
import { readTrustFile } from '../input/trust-file.js';
import { progressOn } from '../terminal/progress.js';
import { reportText } from '../terminal/show-fsck.js';
import type { Style } from '../terminal/style.js';
import { fields } from '../terminal/table.js';

interface Flags {
  readonly store?: string;
  readonly origin?: string;
  readonly trust?: string;
}

export function restoreCommand(shell: Shell): Command {
  return command('restore', 'put a checked copy of a backup where the store shall be; nothing is overwritten', [
    'writ restore ledger-2026-01-31.db --trust trust.txt',
    'writ restore /backups/ledger.db --store .writ/ledger.db',
  ])
    .argument('<backup>', 'a file that `writ backup` wrote')
    .option('--store <path>', 'WRIT_STORE_URL when absent; must not exist')
    .option('-T, --trust <file>', 'whom to believe when it is checked; when absent the key files of this ledger')
    .option('--origin <name>', 'without --trust: the name of the ledger (WRIT_ORIGIN)')
    .addHelpText(
      'after',
      '\nIt ends with `writ fsck`: the store is compared with the tiles, the mark and what this node has seen.\n' +
        'Exit codes: 0 nothing is wrong, 1 something is, or something outside the store knows more than the backup.',
    )
    .action(
      answering(shell, async (backup: string, flags: Flags) => {
        const settings = settingsOf(shell.world, flags);
        const { store } = settings;
        // 1. The copy.
        const summary = await restoreStore(store, backup);
        // 2. What it holds, against everything else that is at hand.
        const check = await checkRestored(shell, settings, flags);
        const target = storeName(store);
        const faults = typeof check !== 'string' && check.verdict === 'faults';
        return {
          exit: faults ? 'NO' : 'OK',
          json: { store: target, ...summary, check: typeof check === 'string' ? { skipped: check } : check },
          text: (style) =>
            [
              fields(style, [
                ['restored', target],
                ['events', String(summary.events)],
                ['store id', summary.storeId],
              ]),
              ...checkText(check, style),
              'What was appended after the backup is not in it. Its key files are not in it either.',
            ].join('\n'),
        };
      }),
    );
}

/** @returns why it was not checked, where there is nobody to believe */
async function checkRestored({ world }: Shell, settings: Settings, flags: Flags): Promise<LedgerReport | string> {
  const trust = flags.trust === undefined ? undefined : await readTrustFile(world, flags.trust);
  const progress = progressOn(world.stderr, 'fsck', 0, world.nowMs);
  try {
    return await checkLedger(settings, { trust, onProgress: ({ events }) => progress.to(events) });
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'KEY_FILE_INVALID' && trust === undefined) return error.message;
    throw error;
  } finally {
    progress.end();
  }
}

function checkText(check: LedgerReport | string, style: Style): string[] {
  if (typeof check === 'string') {
    return [style.dim(`not checked, for want of keys (${check}): writ fsck --trust <file>`)];
  }
  const rolledBack = (check.counts.rolled_back ?? 0) > 0;
  return [
    reportText(check)(style),
    ...(rolledBack
      ? [
          `${style.bad('More is known than the backup holds')}: no writes until \`writ recover\` (docs/guides/backup.md).`,
        ]
      : []),
  ];
}
