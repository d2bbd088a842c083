import type { Command } from 'commander';
import { SETTINGS, type Variable } from '@writ/instance';
import { answering, command, type Shell } from '../command.js';
import { CLIENT_VARIABLES, settingsOf, variablesOf } from '../input/settings-of.js';
import { printable } from '../terminal/style.js';
import { table } from '../terminal/table.js';

interface Shown {
  readonly variable: string;
  readonly value: string | null;
  readonly from: 'environment' | 'default' | 'unset';
  readonly wants: string;
  readonly description: string;
}

export function configCommand(shell: Shell): Command {
  return command('config', 'every setting: its value here, where it comes from, what it takes', [
    'writ config',
    'writ config --json',
  ]).action(
    answering(shell, async (_flags: object) => {
      settingsOf(shell.world, {});
      const variables = variablesOf(shell.world, {});
      const shown = (Object.keys(SETTINGS) as Variable[]).map((name) => shownSetting(name, variables[name]));
      return {
        json: { settings: shown },
        text: (style) =>
          [
            table(
              style,
              ['variable', 'value', 'from', 'wants'],
              shown.map(({ variable, value, from, wants }) => [
                from === 'environment' ? style.bold(variable) : variable,
                value === null ? style.dim('unset') : printable(value),
                style.dim(from),
                style.dim(wants),
              ]),
            ),
            '',
            'For commands that call a ledger:',
            ...Object.entries(CLIENT_VARIABLES).map(([name, what]) => `  ${name}: ${what}`),
          ].join('\n'),
      };
    }),
  );
}

function shownSetting(variable: Variable, given: string | undefined): Shown {
  const setting: {
    readonly wants: string;
    readonly description: string;
    readonly default?: string;
    readonly shown?: (text: string) => string;
  } = SETTINGS[variable];
  const isGiven = given !== undefined && given !== '';
  return {
    variable,
    value: isGiven ? (setting.shown?.(given) ?? given) : (setting.default ?? null),
    from: isGiven ? 'environment' : setting.default === undefined ? 'unset' : 'default',
    wants: setting.wants,
    description: setting.description,
  };
}
