/**
 * `npm run bench:lineage`: what the tree costs, each figure beside what it is held against, measured in the same run. A
 * table of lines, or with `--json` everything as JSON. Nothing is asserted on time; a proof that does not verify, or a
 * tree with another root, fails the run.
 *
 * `--quick`: half a minute, to see that it all runs. `--full`: trees of 10,000,000 leaves too. `--only` one of `append`,
 * `inclusion`, `verification`, `rebuild`, `fsck`, `write-path`. `--path`: a folder on the disk to measure.
 */
import { execFile } from 'node:child_process';
import { cpus, tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    path: { type: 'string', default: tmpdir() },
  },
});
const { quick, full, path } = values;
const run = promisify(execFile);

/** Runs a part in a process of its own, and reads its JSON. */
async function part(script, options) {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { stdout } = await run(process.execPath, ['--expose-gc', '--max-old-space-size=4096', file, ...flags], {
    maxBuffer: 1 << 26,
  });
  return JSON.parse(stdout);
}

const largest = full ? 10_000_000 : quick ? 100_000 : 1_000_000;
const PARTS = {
  append: () => part('append.mjs', { largest, oracle: quick ? 10_000 : 100_000 }),
  inclusion: () => part('inclusion.mjs', { path, leaves: quick ? 20_000 : 1_000_000, rounds: quick ? 1 : 5 }),
  verification: () =>
    part('verification.mjs', { shared: quick ? 4_096 : 65_536, single: quick ? 64 : 2_048, rounds: quick ? 1 : 5 }),
  rebuild: () => part('rebuild.mjs', { path, leaves: quick ? 10_000 : 200_000 }),
  fsck: () => part('fsck.mjs', { path, decisions: quick ? 1_000 : 20_000, rounds: quick ? 1 : 3 }),
  'write-path': () => part('write-path.mjs', { path, ms: quick ? 500 : 4_000, rounds: quick ? 1 : 5 }),
};

const figures = { node: process.version, processors: cpus().length, processor: cpus()[0]?.model };
for (const [name, measure] of Object.entries(PARTS)) {
  if (values.only !== undefined && values.only !== name) continue;
  if (!values.json) process.stderr.write(`measuring: ${name}\n`);
  figures[name] = await measure();
}
console.log(values.json ? JSON.stringify(figures, undefined, 2) : linesOf(figures).join('\n'));

/** One line per figure: its path, and its value. */
function linesOf(value, path = '') {
  if (typeof value !== 'object' || value === null) return [`${path.padEnd(56)} ${String(value)}`];
  return Object.entries(value).flatMap(([name, inner]) => linesOf(inner, path === '' ? name : `${path} ${name}`));
}
