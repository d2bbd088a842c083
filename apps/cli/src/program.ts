import { Command } from 'commander';
import { backupCommand } from './commands/backup.js';
import { benchCommand } from './commands/bench.js';
import { buildDigestCommand } from './commands/build-digest.js';
import { commitCommand } from './commands/commit.js';
import { configCommand } from './commands/config.js';
import { demoCommand } from './commands/demo.js';
import { errorsCommand } from './commands/errors.js';
import { evaluateCommand } from './commands/evaluate.js';
import { fsckCommand } from './commands/fsck.js';
import { healthCommand } from './commands/health.js';
import { helpCommand } from './commands/help.js';
import { initCommand } from './commands/init.js';
import { keysCommand } from './commands/keys.js';
import { listCommand } from './commands/list.js';
import { logCommand } from './commands/log.js';
import { policyCommand } from './commands/policy.js';
import { proveCommand } from './commands/prove.js';
import { reconcileCommand } from './commands/reconcile.js';
import { recoverCommand } from './commands/recover.js';
import { releaseCommand } from './commands/release.js';
import { renewCommand } from './commands/renew.js';
import { reserveCommand } from './commands/reserve.js';
import { restoreCommand } from './commands/restore.js';
import { serveCommand } from './commands/serve.js';
import { showCommand } from './commands/show.js';
import { simulateCommand } from './commands/simulate.js';
import { storeCommand } from './commands/store.js';
import { tokensCommand } from './commands/tokens.js';
import { verifyCommand } from './commands/verify.js';
import type { Shell } from './command.js';
import { processWorld } from './world.js';

const VERSION = '0.1.0';

/** The whole command line. Parsing it acts in `shell.world` and leaves the exit code in `shell`. */
export function buildProgram(shell: Shell = { world: processWorld(), exitCode: 0 }): Command {
  const program = new Command('writ')
    .description('Writ: asks whether a consequential step is admissible, lets it run once, and can prove both')
    .version(VERSION, '-V, --version')
    .helpCommand(false)
    .addHelpText('after', '\n`writ <command> --help` shows examples; `writ help exit-codes`, `writ help environment`.');
  const groups: readonly (readonly [string, readonly Command[]])[] = [
    ['Run a ledger:', [initCommand(shell), serveCommand(shell), healthCommand(shell), configCommand(shell)]],
    [
      'Govern an execution:',
      [
        evaluateCommand(shell),
        simulateCommand(shell),
        reserveCommand(shell),
        renewCommand(shell),
        commitCommand(shell),
        releaseCommand(shell),
        reconcileCommand(shell),
        showCommand(shell),
        listCommand(shell),
      ],
    ],
    ['Say what is admissible:', [policyCommand(shell)]],
    ['Prove it:', [proveCommand(shell), verifyCommand(shell), logCommand(shell), buildDigestCommand(shell)]],
    [
      'Keep it:',
      [
        keysCommand(shell),
        tokensCommand(shell),
        backupCommand(shell),
        restoreCommand(shell),
        recoverCommand(shell),
        fsckCommand(shell),
        storeCommand(shell),
      ],
    ],
    ['Learn:', [demoCommand(shell), benchCommand(shell), errorsCommand(shell), helpCommand(shell)]],
  ];
  for (const [title, commands] of groups) {
    for (const one of commands) program.addCommand(one.helpGroup(title));
  }
  prepare(program, shell);
  return program;
}

/** Errors are thrown, not exits; everything is written to the world. Commander hands these down only to its own children. */
function prepare(command: Command, shell: Shell): void {
  const { world } = shell;
  command
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      writeErr: (text) => world.stderr.write(text),
      getOutHelpWidth: () => Math.min(world.stdout.columns, 110),
      getErrHelpWidth: () => Math.min(world.stderr.columns, 110),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  for (const child of command.commands) prepare(child, shell);
}
