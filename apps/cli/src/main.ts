import { EXIT_CODES } from './exit-code.js';
import { runCli } from './run-cli.js';
import { processWorld } from './world.js';

/** `writ`. The exit code is set, not forced: what is still being written to a pipe is written out. */
const interruption = new AbortController();
const args = process.argv.slice(2);
// A server ends by itself, in order; for everything else the first interrupt ends what is under way, the second all.
if (args[0] !== 'serve') {
  process.once('SIGINT', () => {
    process.exitCode = EXIT_CODES.INTERRUPTED.exitCode;
    interruption.abort();
    process.once('SIGINT', () => process.exit(EXIT_CODES.INTERRUPTED.exitCode));
  });
}
// A reader that closed its end (`writ list | head`) wants no more: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 70));

const exitCode = await runCli(args, processWorld(interruption.signal));
process.exitCode = interruption.signal.aborted ? EXIT_CODES.INTERRUPTED.exitCode : exitCode;
