/**
 * Runs a server in a process group of its own and ends that group for sure: when the one who started this goes away,
 * however it went, standard input ends. Arguments: the program and its arguments. Tells the process id in one line;
 * what the server says goes to standard error; ends with the server's exit code.
 */
import { spawn } from 'node:child_process';

const [program, ...args] = process.argv.slice(2);
const child = spawn(program, args, { stdio: ['ignore', 2, 2], detached: true });

function killGroup() {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

child.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(127);
});
child.on('exit', (code, signal) => {
  killGroup();
  process.exit(signal === null ? (code ?? 1) : 137);
});
if (child.pid !== undefined) process.stdout.write(`${child.pid}\n`);
// A signal to the whole terminal reaches the starter too, and its end is what is waited for.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.stdin.resume().on('close', killGroup);
