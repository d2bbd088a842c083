import { CommanderError } from 'commander';
import type { Shell } from './command.js';
import { EXIT_CODES } from './exit-code.js';
import { buildProgram } from './program.js';
import { tellError } from './tell-error.js';
import type { World } from './world.js';

/**
 * Runs one command line (without `node` and the script). Resolves with the exit code of docs/spec/exit-codes.md; whatever
 * goes wrong is told on standard error, never thrown.
 */
export async function runCli(args: readonly string[], world: World): Promise<number> {
  const shell: Shell = { world, exitCode: EXIT_CODES.OK.exitCode };
  try {
    const program = buildProgram(shell);
    if (args.length === 0) {
      program.outputHelp();
      return EXIT_CODES.USAGE.exitCode;
    }
    await program.parseAsync([...args], { from: 'user' });
    return shell.exitCode;
  } catch (error) {
    // Help and version end by an error too; commander has said what was wrong with the arguments.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_CODES.OK.exitCode;
    if (error instanceof CommanderError) return tellUsage(world, error, args.includes('--json'));
    if (world.interrupted.aborted) {
      world.stderr.write('interrupted\n');
      return EXIT_CODES.INTERRUPTED.exitCode;
    }
    return tellError(world, error, args.includes('--json'));
  }
}

function tellUsage(world: World, error: CommanderError, asJson: boolean): number {
  const { exitCode } = EXIT_CODES.USAGE;
  const message = error.message.replace(/^error: /, '');
  if (asJson) world.stdout.write(`${JSON.stringify({ error: { code: 'USAGE', message, exitCode } }, null, 2)}\n`);
  return exitCode;
}
