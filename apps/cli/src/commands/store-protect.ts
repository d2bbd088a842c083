import type { Command } from 'commander';
import { protectStore, storeName, type ProtectedStore } from '@writ/instance';
import { answering, command, type Shell } from '../command.js';
import { settingsOf } from '../input/settings-of.js';
import { printable, type Style } from '../terminal/style.js';
import { fields } from '../terminal/table.js';
import { urlOf } from './store-copy.js';

interface Flags {
  readonly store?: string;
  readonly admin: string;
}

export function protectCommand(shell: Shell): Command {
  return command('protect', 'make the user of an EventStoreDB, and the rules that keep it from deleting and hiding', [
    'writ store protect --admin @admin-url.txt   # WRIT_STORE_URL=esdb://writ:…@db.example:2113',
  ])
    .option('--store <url>', 'WRIT_STORE_URL when absent; the user and password in it are those to be made')
    .requiredOption('--admin <url>', 'the same server as an administrator reaches it; `@<file>`: its first line')
    .addHelpText(
      'after',
      '\nAfter it that user reads and appends, and administrators alone delete streams or write their metadata.\n' +
        'All of it may be done again. Exit codes: 0 the streams are protected, 1 they are not.',
    )
    .action(
      answering(shell, async (flags: Flags) => {
        const { store } = settingsOf(shell.world, flags.store === undefined ? {} : { store: urlOf(flags.store) });
        const made = await protectStore(store, urlOf(flags.admin));
        const name = storeName(store);
        return {
          exit: made.reasons.length === 0 ? 'OK' : 'NO',
          json: { store: name, protected: made.reasons.length === 0, ...made },
          text: (style) => madeText(name, made, style),
        };
      }),
    );
}

function madeText(store: string, { user, added, reasons }: ProtectedStore, style: Style): string {
  const standing = reasons.length === 0 ? style.good('protected') : style.bad('unprotected');
  return [
    fields(style, [
      ['store', printable(store)],
      ['user', `${printable(user)} ${added ? style.good('added') : style.dim('was there')}`],
      ['streams', standing],
    ]),
    ...reasons.map((reason) => `  ${printable(reason)}`),
  ].join('\n');
}
