import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import type { Shell } from '../command.js';
import { UsageError } from '../usage-error.js';

/** Not part of the product: it lies beside the packages in a checkout. */
const BENCH = fileURLToPath(new URL('../../../../bench/main.mjs', import.meta.url));

export function benchCommand(shell: Shell): Command {
  return new Command('bench')
    .description('speed of this machine, as ratios against raw limits of the same run; arguments go to the bench')
    .argument('[args...]')
    .allowUnknownOption()
    .addHelpText('after', '\nExamples:\n  $ writ bench\n  $ writ bench --json')
    .action(async (args: readonly string[]) => {
      if (!existsSync(BENCH)) throw new UsageError('the bench is part of a checkout, not of an installation');
      shell.exitCode = await run([BENCH, ...args]);
    });
}

function run(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
