import type { Command } from 'commander';
import { restoreStore } from '@writ/instance';
import { answering, command, type Shell } from '../command.js';
import { settingsOf } from '../input/settings-of.js';
import { fields } from '../terminal/table.js';

interface Flags {
  readonly store?: string;
}

export function restoreCommand(shell: Shell): Command {
  return command('restore', 'put a checked copy of a backup where the store shall be; nothing is overwritten', [
    'writ restore ledger-2026-01-31.db',
    'writ restore /backups/ledger.db --store .writ/ledger.db',
  ])
    .argument('<backup>', 'a file that `writ backup` wrote')
    .option('--store <path>', 'WRIT_STORE_URL when absent; must not exist')
    .action(
      answering(shell, async (backup: string, flags: Flags) => {
        const { store } = settingsOf(shell.world, flags);
        const summary = await restoreStore(store, backup);
        const target = store.kind === 'sqlite' ? store.path : store.kind;
        return {
          json: { store: target, ...summary },
          text: (style) =>
            `${fields(style, [
              ['restored', target],
              ['events', String(summary.events)],
              ['store id', summary.storeId],
            ])}\nWhat was appended after the backup is not in it. Its key file is not in it either.`,
        };
      }),
    );
}
