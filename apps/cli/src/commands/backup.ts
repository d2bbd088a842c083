import type { Command } from 'commander';
import { backupStore } from '@writ/instance';
import { answering, command, type Shell } from '../command.js';
import { settingsOf } from '../input/settings-of.js';
import { progressOn } from '../terminal/progress.js';
import { fields } from '../terminal/table.js';

interface Flags {
  readonly store?: string;
}

export function backupCommand(shell: Shell): Command {
  return command('backup', 'copy a store to a new file while it is used; checked before it gets its name', [
    'writ backup ledger-2026-01-31.db',
    'writ backup --store .writ/ledger.db /backups/ledger.db --json',
  ])
    .argument('<target>', 'must not exist')
    .option('--store <path>', 'WRIT_STORE_URL when absent')
    .action(
      answering(shell, async (target: string, flags: Flags) => {
        const { world } = shell;
        const progress = progressOn(world.stderr, 'backup', 100, world.nowMs);
        const summary = await backupStore(settingsOf(world, flags).store, target, ({ copiedPages, totalPages }) =>
          progress.to(Math.floor((copiedPages / Math.max(1, totalPages)) * 100)),
        );
        progress.end();
        return {
          json: { target, ...summary },
          text: (style) =>
            fields(style, [
              ['backup', target],
              ['events', String(summary.events)],
              ['bytes', String(summary.bytes)],
              ['store id', summary.storeId],
            ]),
        };
      }),
    );
}
