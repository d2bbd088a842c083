/**
 * Everything that the fault suites of the lineage only sample: one bit of every byte of a ledger, and a fault at every
 * file operation of the tree. Stopped, it goes on at the next run: `.sweep/` holds the ledger and what was done.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, '.sweep');
mkdirSync(folder, { recursive: true });
const suites = ['test/fault/lineage/byte-flips', 'test/fault/lineage/every-call'];
const { status } = spawnSync(
  process.execPath,
  [join(root, 'node_modules/jest/bin/jest.js'), '--selectProjects', 'fault', '--ci', '--runInBand', '--', ...suites],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, WRIT_SWEEP_FILE: join(folder, 'flips'), WRIT_CALL_FAULTS: 'all' },
  },
);
process.exit(status ?? 1);
