/**
 * `npm run bench`: how fast the ledger is, each figure as a ratio to a raw limit that was measured in the same run, in
 * rounds that take turns. A table, or with `--json` everything as JSON. Nothing is asserted on time; a load whose answers
 * are not all recorded (or whose records were not all answered) makes its figure void, and the run fails.
 *
 * `--quick`: a minute, to see that it all runs. `--full`: growth to 1,000,000 executions too. `--only` one of `in-process`,
 * `wire`, `growth`, `store`. `--path`: a folder on the disk to measure. docs/guides/performance.md tells what it gave.
 */
import { execFile } from 'node:child_process';
import { cpus, tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { tableOf } from './table.mjs';
import { measureWire } from './wire/measure-wire.mjs';
import { SERVER_NODE_OPTIONS } from './wire/processes.mjs';

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
async function part(script, options, nodeOptions = []) {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { stdout } = await run(process.execPath, [...nodeOptions, file, ...flags]);
  return JSON.parse(stdout);
}

const PARTS = {
  'in-process': () =>
    part(
      'in-process.mjs',
      { path, ms: quick ? 300 : 2_000, rounds: quick ? 1 : 5, warm: quick ? 1 : 20_000 },
      SERVER_NODE_OPTIONS,
    ),
  wire: () =>
    measureWire({
      path,
      ms: quick ? 500 : 3_000,
      rounds: quick ? 1 : 3,
      callers: quick ? [1, 64] : [1, 16, 64, 256],
      warmDecisions: quick ? 1 : 20_000,
    }),
  growth: () => part('growth.mjs', { path, executions: quick ? 2_000 : 100_000 }, ['--expose-gc']),
  store: () => part('store.mjs', { path, rows: quick ? 5_000 : full ? 1_000_000 : 100_000 }, ['--expose-gc']),
};

const figures = { node: process.version, processors: cpus().length, processor: cpus()[0]?.model };
for (const [name, measure] of Object.entries(PARTS)) {
  if (values.only !== undefined && values.only !== name) continue;
  if (!values.json) process.stderr.write(`measuring: ${name}\n`);
  figures[name] = await measure();
}
console.log(values.json ? JSON.stringify(figures, undefined, 2) : tableOf(figures));
