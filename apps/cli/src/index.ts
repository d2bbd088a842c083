/** The command line `writ`. */
export { EXIT_CODES, exitCodeOf, exitNameOf, type ExitName } from './exit-code.js';
export { buildProgram } from './program.js';
export { runCli } from './run-cli.js';
export type { Output, World } from './world.js';
