import { Command, InvalidArgumentError } from 'commander';
import { tell, type Answer, type LinesAnswer } from './answer.js';
import type { World } from './world.js';

/** One run of the command line: the world it acts in, and what it ends with. */
export interface Shell {
  readonly world: World;
  exitCode: number;
}

/** A command with what every one of ours has: `--json`, and examples in its help. */
export function command(name: string, summary: string, examples: readonly string[]): Command {
  const shown = examples.map((example) => `  $ ${example}`).join('\n');
  return new Command(name)
    .description(summary)
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', `\nExamples:\n${shown}`);
}

/** A command that only holds others. */
export function group(name: string, summary: string, subcommands: readonly Command[]): Command {
  const parent = new Command(name).description(summary).helpCommand(false);
  for (const subcommand of subcommands) parent.addCommand(subcommand);
  return parent;
}

/** Turns a function from arguments and options to an answer into commander's action. */
export function answering<Args extends unknown[]>(
  shell: Shell,
  run: (...args: Args) => Promise<Answer | LinesAnswer>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    // commander hands over the arguments, the options, and the command itself.
    const options = args.at(-2) as { readonly json?: boolean };
    shell.exitCode = await tell(shell.world, await run(...args), options.json === true);
  };
}

/** An option's value that must be a whole number from 1. */
export function wholeNumber(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number from 1 is wanted');
}

/** For options that may be given several times. */
export function collect(value: string, former: readonly string[] | undefined): readonly string[] {
  return [...(former ?? []), value];
}
