/** The command line `writ`. */
export { EXIT_CODES, exitCodeOf, exitNameOf, type ExitName } from './exit-code.js';
export { jsonForm } from './json-form.js';
export { trustFileText } from './input/trust-file.js';
export { buildProgram } from './program.js';
export { runCli } from './run-cli.js';
export { progressOn, type Progress } from './terminal/progress.js';
export { styleOf, type Style } from './terminal/style.js';
export { table } from './terminal/table.js';
export { processWorld, type Output, type World } from './world.js';
