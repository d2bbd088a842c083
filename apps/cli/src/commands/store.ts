import type { Command } from 'commander';
import { migrateStore } from '@writ/instance';
import { answering, command, group, type Shell } from '../command.js';
import { settingsOf } from '../input/settings-of.js';
import { copyCommand } from './store-copy.js';
import { protectCommand } from './store-protect.js';

interface Flags {
  readonly store?: string;
  readonly dryRun?: boolean;
}

export function storeCommand(shell: Shell): Command {
  return group('store', 'where events are kept', [migrateCommand(shell), copyCommand(shell), protectCommand(shell)]);
}

function migrateCommand(shell: Shell): Command {
  return command('migrate', "bring a store of an older format up to today's; take a backup first", [
    'writ store migrate --dry-run',
    'writ store migrate --store .writ/ledger.db',
  ])
    .option('--store <path>', 'WRIT_STORE_URL when absent')
    .option('--dry-run', 'only say what would be done')
    .action(
      answering(shell, async (flags: Flags) => {
        const report = await migrateStore(settingsOf(shell.world, flags).store, { dryRun: flags.dryRun === true });
        const done = report.applied ? 'done' : 'would be done';
        return {
          json: report,
          text: () =>
            report.steps.length === 0
              ? `nothing to do: the store has format ${report.toFormat}`
              : report.steps.map((step) => `${done}: ${step}`).join('\n'),
        };
      }),
    );
}
