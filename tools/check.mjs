/**
 * Everything about the tree that can be judged without running the product. Builds first (the generators read built
 * code), then runs the rest in two lanes; reports every red step, not just the first.
 */
import { spawn } from 'node:child_process';

const LANES = [
  ['lint', 'proto', 'boundaries'],
  ['types', 'format', 'unused', 'gen:check'],
];
const NEEDS_BUILD = ['types', 'gen:check'];

/** Runs one npm script and prints its output only if it is red. @returns {Promise<boolean>} green */
function step(script) {
  const started = Date.now();
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('error', (error) => output.push(Buffer.from(`${error.message}\n`)));
    child.on('close', (code) => {
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      console.log(`${code === 0 ? 'green' : 'RED  '} ${script} (${seconds} s)`);
      if (code !== 0) process.stdout.write(Buffer.concat(output));
      resolve(code === 0);
    });
  });
}

async function lane(scripts, built) {
  let green = true;
  for (const script of scripts) {
    if (built || !NEEDS_BUILD.includes(script)) green = (await step(script)) && green;
    else console.log(`RED   ${script} (not run: the build is red)`);
  }
  return green;
}

const built = await step('build');
const lanes = await Promise.all(LANES.map((scripts) => lane(scripts, built)));
const green = built && lanes.every(Boolean);
console.log(green ? 'check: green' : 'check: RED');
process.exitCode = green ? 0 : 1;
