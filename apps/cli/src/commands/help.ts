import type { Command } from 'commander';
import { SETTINGS } from '@writ/instance';
import { command, type Shell } from '../command.js';
import { EXIT_CODES } from '../exit-code.js';
import { CLIENT_VARIABLES } from '../input/settings-of.js';
import { styleOf } from '../terminal/style.js';
import { table } from '../terminal/table.js';
import { UsageError } from '../usage-error.js';

export function helpCommand(shell: Shell): Command {
  const help = command('help', 'help on a command, or on `exit-codes` and `environment`', [
    'writ help policy publish',
    'writ help exit-codes',
  ]).argument('[topic...]');
  return help.action((topic: readonly string[]) => {
    const { world } = shell;
    const program = help.parent;
    if (program === null) return;
    world.stdout.write(`${topicText(program, topic, styleOf(world, world.stdout))}\n`);
  });
}

function topicText(program: Command, topic: readonly string[], style: ReturnType<typeof styleOf>): string {
  if (topic.join(' ') === 'exit-codes') {
    const rows = Object.values(EXIT_CODES).map(({ exitCode, meaning }) => [String(exitCode), meaning]);
    return table(style, ['exit', 'meaning'], rows);
  }
  if (topic.join(' ') === 'environment') {
    const settings = Object.entries(SETTINGS).map(([name, { description }]) => [name, description]);
    return table(style, ['variable', 'meaning'], [...settings, ...Object.entries(CLIENT_VARIABLES)]);
  }
  let found = program;
  for (const name of topic) {
    const next = found.commands.find((one) => one.name() === name);
    if (next === undefined)
      throw new UsageError(`there is no help on \`${topic.join(' ')}\``, { advice: '`writ --help`' });
    found = next;
  }
  return found.helpInformation().trimEnd();
}
