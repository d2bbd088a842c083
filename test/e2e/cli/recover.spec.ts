import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { removeFolders, temporaryFolder } from '../harness/server.js';
import { order, POLICIES, writ, type Ran } from './writ.js';

jest.setTimeout(120_000);
afterAll(removeFolders);

const folder = temporaryFolder();
const store = join(folder, 'ledger.db');
const backup = join(folder, 'backup.db');
const here = ['--store', store, '--origin', 'test.example/recover'];
/** For commands that take no `--origin`. */
const env = { WRIT_ORIGIN: 'test.example/recover' };

const evaluate = (id: string): Promise<Ran> =>
  writ(['evaluate', '-', '--reserve', ...here, '--json'], { stdin: order(id) });
const recover = (...flags: string[]): Promise<Ran> =>
  writ(['recover', '--reason', 'a drill', '--store', store, ...flags, '--json'], { env });

it('goes on after a backup was restored, and gives no second grant for what is lost', async () => {
  expect((await writ(['init', ...here, '--json'])).exitCode).toBe(0);
  await writ(['policy', 'publish', join(POLICIES, 'payment.yaml'), '--activate', ...here, '--json']);
  expect((await evaluate('e-kept')).exitCode).toBe(0);
  expect((await writ(['backup', backup, '--store', store, '--json'], { env })).exitCode).toBe(0);
  expect((await evaluate('e-lost')).exitCode).toBe(0);
  expect((await recover()).json()).toMatchObject({ kind: 'nothing_to_recover' });

  // The disk dies; what is outside the store is still there.
  renameSync(store, join(folder, 'dead.db'));
  for (const suffix of ['-wal', '-shm']) rmSync(`${store}${suffix}`, { force: true });
  await writ(['restore', backup, '--store', store, '--json'], { env });
  expect(await evaluate('e-new')).toMatchObject({ exitCode: 7, stderr: expect.stringMatching(/LEDGER_ROLLED_BACK/) });
  expect((await writ(['show', 'e-kept', ...here, '--json'])).exitCode).toBe(0);

  const recovered = await recover();
  expect([recovered.exitCode, recovered.json()]).toMatchObject([
    0,
    { kind: 'recovered', lostStreams: ['execution-default.e-lost'], madeMark: false },
  ]);
  expect(await evaluate('e-lost')).toMatchObject({ exitCode: 7, stderr: expect.stringMatching(/EXECUTION_LOST/) });
  expect((await evaluate('e-new')).exitCode).toBe(0);
  const check = await writ(['fsck', '--store', store, '--json'], { env });
  expect([check.exitCode, check.json()]).toMatchObject([0, { verdict: 'sound', findings: [] }]);
  expect((await recover()).json()).toMatchObject({ kind: 'nothing_to_recover' });
});

it('wants a reason', async () => {
  expect((await writ(['recover', '--store', store], { env })).exitCode).toBe(2);
  expect((await writ(['recover', '--store', store, '--reason', ''], { env })).exitCode).toBe(4);
});
