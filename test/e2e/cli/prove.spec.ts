import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { removeFolders, temporaryFolder } from '../harness/server.js';
import { order, POLICIES, writ, type Ran } from './writ.js';

jest.setTimeout(60_000);
afterAll(removeFolders);

const folder = temporaryFolder();
const store = join(folder, 'ledger.db');
const trust = join(folder, 'trust.txt');
const here = ['--store', store, '--origin', 'test.example/prove'];
const file = (name: string): string => join(folder, name);
const verify = (name: string, ...flags: string[]): Promise<Ran> =>
  writ(['verify', file(name), '--trust', trust, ...flags]);

beforeAll(async () => {
  expect((await writ(['init', ...here, '--no-token'])).exitCode).toBe(0);
  const published = await writ(['policy', 'publish', join(POLICIES, 'payment.yaml'), '--activate', ...here]);
  expect(published.exitCode).toBe(0);
  for (const id of ['p-1', 'p-2', 'p-3']) {
    expect((await writ(['evaluate', '-', ...here], { stdin: order(id) })).exitCode).toBe(0);
  }
  expect((await writ(['prove', 'p-1', '--out', file('p-1.json'), ...here])).exitCode).toBe(0);
});

describe('writ prove', () => {
  it('writes a bundle that a pinned trust file verifies without the ledger', async () => {
    const elsewhere = temporaryFolder();
    cpSync(file('p-1.json'), join(elsewhere, 'bundle.json'));
    cpSync(trust, join(elsewhere, 'trust.txt'));
    const flags = ['--trust', join(elsewhere, 'trust.txt'), '--require', 'reevaluated', '--json'];
    const ran = await writ(['verify', join(elsewhere, 'bundle.json'), ...flags]);
    expect(ran.exitCode).toBe(0);
    expect(ran.json()).toMatchObject({
      kind: 'bundle',
      verdict: 'reevaluated',
      accepted: true,
      claims: { execution: { executionId: 'p-1', decisions: [{ outcome: 'admitted' }], completeness: 'asserted' } },
    });
  });

  it('overwrites nothing', async () => {
    expect((await writ(['prove', 'p-1', '--out', file('p-1.json'), ...here])).exitCode).toBe(2);
  });

  it('leaves out what is withheld, and the report says what could not be checked', async () => {
    await writ(['prove', 'p-2', '--withhold', 'signal:amount', '--out', file('p-2.json'), ...here]);
    expect(readFileSync(file('p-2.json'), 'utf8')).not.toContain('"signal:amount"');
    const report = (await verify('p-2.json', '--json')).json();
    expect(report).toMatchObject({ verdict: 'decided', accepted: true });
    const check = (report.checks as { name: string }[]).find(({ name }) => name === 'reevaluation');
    expect(check).toMatchObject({ status: 'skipped', code: 'WITHHELD' });
    expect((await verify('p-2.json', '--require', 'reevaluated')).exitCode).toBe(1);
    await writ(['prove', 'p-2', '--withhold-all', '--out', file('p-2-all.json'), ...here]);
    expect(readFileSync(file('p-2-all.json'), 'utf8')).not.toContain('"openings"');
    expect((await verify('p-2-all.json')).exitCode).toBe(0);
  });

  it('writes a tlog-proof that says by itself what it proves', async () => {
    await writ(['prove', 'p-3', '--tlog-proof', '--revision', '0', '--out', file('p-3.tlog-proof'), ...here]);
    const report = (await verify('p-3.tlog-proof', '--json')).json();
    expect(report).toMatchObject({
      verdict: 'included',
      claims: { entry: { type: 'DecisionAdmitted', revision: '0' } },
    });
  });

  it('tells of an execution that is not there', async () => {
    const ran = await writ(['prove', 'nobody', ...here]);
    expect(ran).toMatchObject({ exitCode: 4, stderr: expect.stringMatching(/^EXECUTION_NOT_FOUND: /) });
  });
});

describe('writ verify', () => {
  it('proves with a mirror of the log that no event is left out', async () => {
    const mirror = join(temporaryFolder(), 'mirror');
    cpSync(join(folder, 'lineage'), mirror, { recursive: true });
    const report = (await verify('p-1.json', '--tiles', mirror, '--json')).json();
    expect(report).toMatchObject({ accepted: true, claims: { execution: { completeness: 'proved' } } });
  });

  it.each([
    ['a byte of an event', (text: string) => text.replace('\\"outcome\\"', '\\"outcomf\\"').replace('prime', 'primf')],
    [
      'the index of an event',
      (text: string) => text.replace(/"index":"([0-9]+)"/, (_, n) => `"index":"${BigInt(n) + 1n}"`),
    ],
    ['the origin', (text: string) => text.replaceAll('test.example/prove', 'test.example/other')],
  ])('refuses a bundle in which %s was changed', async (_name, change) => {
    const text = readFileSync(file('p-1.json'), 'utf8');
    const changed = change(text);
    writeFileSync(file('changed.json'), changed === text ? text.replace('reason', 'reasom') : changed);
    expect((await verify('changed.json')).exitCode).toBe(1);
  });

  it('believes no other ledger, and nobody at all without a trust file', async () => {
    const other = join(temporaryFolder(), 'ledger.db');
    await writ(['init', '--store', other, '--origin', 'test.example/prove', '--no-token']);
    const stranger = join(other, '..', 'trust.txt');
    expect(existsSync(stranger)).toBe(true);
    expect((await writ(['verify', file('p-1.json'), '--trust', stranger])).exitCode).toBe(1);
    expect((await writ(['verify', file('p-1.json')])).exitCode).toBe(2);
  });

  it('cannot ask for an age that nobody has witnessed', async () => {
    const report = (await verify('p-1.json', '--max-age', '1d', '--json')).json();
    expect(report.accepted).toBe(false);
  });
});

describe('writ log', () => {
  it('shows that a later checkpoint only added to an earlier one', async () => {
    const older = (await writ(['log', 'checkpoint', '--note', ...here])).stdout;
    await writ(['evaluate', '-', ...here], { stdin: order('p-4') });
    await writ(['prove', 'p-4', '--out', file('p-4.json'), ...here]);
    const newer = (await writ(['log', 'checkpoint', '--note', ...here])).stdout;
    expect(newer).not.toBe(older);
    writeFileSync(file('older.txt'), older);
    writeFileSync(file('newer.txt'), newer);
    const compare = (...args: string[]): Promise<Ran> =>
      writ(['log', 'consistency', ...args, '--trust', trust, ...here, '--json']);
    const ran = await compare(file('older.txt'), file('newer.txt'));
    expect(ran).toMatchObject({ exitCode: 0 });
    expect(ran.json()).toMatchObject({ consistent: true });
    expect((await compare(file('older.txt'), file('older.txt'))).exitCode).toBe(0);
    expect((await compare(file('newer.txt'), file('older.txt'))).exitCode).toBe(2);
    writeFileSync(file('forged.txt'), older.replace(/^[0-9]+$/m, '2'));
    expect((await compare(file('forged.txt'), file('newer.txt'))).exitCode).toBe(2);
  });
});

describe('writ keys export', () => {
  it('prints what others pin, with fingerprints to compare', async () => {
    const exported = await writ(['keys', 'export', '--trust', ...here]);
    expect(exported.stdout).toBe(readFileSync(trust, 'utf8'));
    const { keys } = (await writ(['keys', 'export', ...here, '--json'])).json();
    expect(keys).toMatchObject([
      { purpose: 'checkpoint', name: 'test.example/prove' },
      { purpose: 'attestation', name: expect.stringMatching(/^[0-9a-f]{16}$/) },
    ]);
    for (const { sha256 } of keys as { sha256: string }[]) expect(exported.stdout).toContain(sha256);
  });
});
