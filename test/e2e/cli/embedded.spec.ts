import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { removeFolders, temporaryFolder } from '../harness/server.js';
import { argumentsOf, order, POLICIES, writ, type Ran } from './writ.js';

jest.setTimeout(60_000);
afterAll(removeFolders);

const folder = temporaryFolder();
const store = join(folder, 'ledger.db');
const trust = join(folder, 'trust.txt');
const here = ['--store', store, '--origin', 'test.example/cli'];

/** The file of an intent, given on standard input. */
const evaluate = (intent: string, ...flags: string[]): Promise<Ran> =>
  writ(['evaluate', '-', ...flags, ...here, '--json'], { stdin: intent });
const argumentsFlag = (id: string): string[] => ['--parameters', JSON.stringify(argumentsOf(id))];

beforeAll(async () => {
  const begun = await writ(['init', ...here, '--json']);
  expect(begun).toMatchObject({ exitCode: 0, stderr: '' });
  const published = await writ(['policy', 'publish', join(POLICIES, 'payment.yaml'), '--activate', ...here, '--json']);
  expect(published.json()).toMatchObject({ policy: { policyId: 'payment', state: 'in_force' }, replayed: false });
});

describe('writ init', () => {
  it('makes key, store, state, trust file and a first token, once', async () => {
    expect(statSync(join(folder, 'attestation-key.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'tokens.json')).mode & 0o777).toBe(0o600);
    const again = (await writ(['init', ...here, '--json'])).json();
    expect(again).toMatchObject({ origin: 'test.example/cli', created: [] });
    expect(again).not.toHaveProperty('token');
  });

  it('tells the token that works', async () => {
    const other = temporaryFolder();
    const begun = (await writ(['init', '--store', join(other, 'l.db'), '--json'])).json();
    const listing = (token: string): Promise<Ran> =>
      writ(['list', '--store', join(other, 'l.db'), '--token', token], { env: { WRIT_TOKENS_FILE: begun.tokensFile } });
    expect((await listing(begun.token.token)).exitCode).toBe(0);
    expect(await listing(`writ_${'A'.repeat(43)}`)).toMatchObject({
      exitCode: 4,
      stderr: expect.stringMatching(/^UNAUTHENTICATED: /),
    });
  });
});

describe('an execution', () => {
  const grantFile = join(folder, 'grant.json');

  it('is admitted and reserved for a holder', async () => {
    const admitted = await evaluate(order('e-1'), '--save', grantFile);
    expect(admitted.exitCode).toBe(0);
    expect(admitted.json()).toMatchObject({
      receipt: { executionId: 'e-1', decision: { outcome: 'admitted' }, reservation: { attempt: 1 } },
      reissued: false,
      holder: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(statSync(grantFile).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(grantFile, 'utf8'))).toEqual(admitted.json());
  });

  it('is not granted to another, who gets INV-013 and the original receipt', async () => {
    const refused = await evaluate(order('e-1'), '--reserve');
    expect(refused).toMatchObject({ exitCode: 5, stderr: expect.stringMatching(/^INV-013: /) });
    expect(refused.json()).toMatchObject({
      error: { code: 'INV-013', kind: 'Conflict', retryable: false, details: { receipt: { executionId: 'e-1' } } },
    });
    const verified = await writ(['verify', '-', '--trust', trust], { stdin: refused.stdout });
    expect(verified.exitCode).toBe(0);
  });

  it('is not asked for where the grant could not be kept', async () => {
    expect(await evaluate(order('e-8'), '--save', grantFile)).toMatchObject({ exitCode: 2 });
    expect((await writ(['show', 'e-8', ...here])).exitCode).toBe(4);
  });

  it('is granted to its holder again', async () => {
    const { holder } = JSON.parse(readFileSync(grantFile, 'utf8')) as { holder: string };
    const again = await evaluate(order('e-1'), '--holder', holder);
    expect(again.json()).toMatchObject({ reissued: true, receipt: { reservation: { attempt: 1 } } });
  });

  it('is renewed', async () => {
    const renewed = await writ(['renew', '-g', grantFile, '--ttl', '5m', ...here, '--json']);
    expect(renewed.exitCode).toBe(0);
    expect(renewed.json().receipt.events.at(-1)).toMatchObject({ type: 'ReservationRenewed' });
    const tooLong = await writ(['renew', '-g', grantFile, '--ttl', '2h', ...here]);
    expect(tooLong).toMatchObject({ exitCode: 4, stderr: expect.stringMatching(/^LEASE_LIMIT: /) });
  });

  it('is committed only with the arguments that were admitted', async () => {
    const other = ['--parameters', JSON.stringify({ ...argumentsOf('e-1'), amountMinor: 1 })];
    const refused = await writ(['commit', '-g', grantFile, ...other, ...here]);
    expect(refused).toMatchObject({ exitCode: 4, stderr: expect.stringMatching(/^PARAMETERS_MISMATCH: /) });
    expect((await writ(['commit', '-g', grantFile, ...here])).exitCode).toBe(2);
  });

  it('is committed once, and the same command again brings the same receipt', async () => {
    const commit = ['commit', '-g', grantFile, ...argumentsFlag('e-1'), '--result', '{"ref":"X1"}', ...here, '--json'];
    const first = await writ(commit);
    const second = await writ(commit);
    expect([first.exitCode, second.exitCode]).toEqual([0, 0]);
    expect(second.json().receipt.events).toEqual(first.json().receipt.events);
    expect([first.json().receipt.replayed, second.json().receipt.replayed]).toEqual([false, true]);
    const otherOutcome = await writ([
      'commit',
      '-g',
      grantFile,
      ...argumentsFlag('e-1'),
      '--outcome',
      'failed',
      ...here,
    ]);
    expect(otherOutcome.exitCode).toBe(5);
  });

  it('is shown with every event', async () => {
    const shown = await writ(['show', 'e-1', ...here, '--json']);
    expect(shown.json()).toMatchObject({ state: 'committed', attempts: 1, revision: '3' });
    expect(shown.json().events).toHaveLength(4);
    expect((await writ(['show', 'e-1', ...here])).stdout).toMatch(/state +committed[\s\S]*ExecutionCommitted/);
    expect(await writ(['show', 'nobody', ...here])).toMatchObject({
      exitCode: 4,
      stderr: expect.stringMatching(/^EXECUTION_NOT_FOUND: /),
    });
  });

  it('is denied with 1, escalated with 3, and told so in both forms', async () => {
    const denied = await evaluate(order('e-2', { sanctions: { value: 'hit', observedAt: '1s' } }), '--reserve');
    expect(denied.exitCode).toBe(1);
    expect(denied.json()).toMatchObject({ receipt: { decision: { outcome: 'denied', rule: 'sanctions-hit' } } });
    expect(denied.json()).not.toHaveProperty('grant');
    const noPayee = order('e-3').replace('"payee_known_since":"2025-06-01T00:00:00.000Z",', '');
    const text = await writ(['evaluate', '-', ...here], { stdin: noPayee });
    expect(text).toMatchObject({ exitCode: 3, stdout: expect.stringMatching(/escalated[\s\S]*the payee is new/) });
    expect(text.stdout).toContain('rule known-payee did not match: has(signals.payee_known_since)');
  });

  it('takes flags for what the file lacks, and flags win', async () => {
    const flags = [
      '-e',
      'e-4',
      '-s',
      'amount=12500',
      '-s',
      'currency=EUR',
      '-s',
      'sent_today=0',
      '-s',
      'sanctions=clear',
    ];
    const rest = ['-p', 'payment', '--action', 'payment.send', '--subject', 's'];
    const args = [
      '--parameters',
      JSON.stringify(argumentsOf('e-4')),
      '-s',
      'payee_known_since=2025-06-01T00:00:00.000Z',
    ];
    const ran = await writ(['evaluate', ...flags, ...rest, ...args, ...here, '--json']);
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await evaluate(order('e-9'), '-e', 'e-4')).exitCode).toBe(5);
  });

  it('is reserved later, released, and reserved again', async () => {
    const saved = join(folder, 'e-4.json');
    const reserved = await writ(['reserve', 'e-4', '--save', saved, ...here, '--json']);
    expect(reserved.json()).toMatchObject({ receipt: { reservation: { attempt: 1 } } });
    expect((await writ(['reserve', 'e-4', ...here])).exitCode).toBe(5);
    const released = await writ(['release', '-g', saved, '--reason', 'window closed', ...here, '--json']);
    expect(released.json().receipt.events.at(-1)).toMatchObject({ type: 'ReservationReleased' });
    expect((await writ(['reserve', 'e-4', '--holder', '0'.repeat(32), ...here])).exitCode).toBe(0);
  });

  it('whose outcome is unknown is reconciled', async () => {
    const saved = join(folder, 'e-5.json');
    await evaluate(order('e-5'), '--save', saved);
    const unknown = await writ(['commit', '-g', saved, ...argumentsFlag('e-5'), '--outcome', 'unknown', ...here]);
    expect(unknown.exitCode).toBe(0);
    const settle = ['reconcile', 'e-5', '--attempt', '1', '--outcome', 'succeeded', '--reason', 'seen', ...here];
    expect((await writ(settle)).exitCode).toBe(0);
    const neverBegun = ['reconcile', 'e-2', '--attempt', '1', '--outcome', 'failed', '--reason', 'r', ...here];
    expect((await writ(neverBegun)).exitCode).toBe(4);
  });

  it('can be asked about without a trace', async () => {
    const simulated = await writ(['simulate', '-', ...here, '--json'], { stdin: order('e-6') });
    expect(simulated.json()).toMatchObject({ decision: { decisionId: '', outcome: 'admitted' } });
    expect((await writ(['show', 'e-6', ...here])).exitCode).toBe(4);
  });

  it('is listed by state, as JSON Lines', async () => {
    const listed = await writ(['list', '--state', 'committed', '--from', '1h', ...here, '--json']);
    expect(listed.lines().map(({ executionId }) => executionId)).toEqual(['e-5', 'e-1']);
    expect((await writ(['list', '--limit', '2', ...here])).stdout.trimEnd().split('\n')).toHaveLength(2);
    expect((await writ(['list', '--to', '2020-01-01', ...here, '--json'])).stdout).toBe('');
    expect((await writ(['list', '--from', 'yesterday', ...here])).exitCode).toBe(2);
  });
});

describe('writ policy', () => {
  const changed = join(folder, 'payment-1.1.yaml');
  const original = readFileSync(join(POLICIES, 'payment.yaml'), 'utf8');
  writeFileSync(changed, original.replace('version: 1.0.0', 'version: 1.1.0').replace('> 1000000', '> 900000'));

  it('publishes, activates, goes back with a reason only, retires', async () => {
    const published = await writ(['policy', 'publish', changed, ...here, '--json']);
    expect(published.json()).toMatchObject({ policy: { version: '1.1.0', state: 'published' } });
    expect((await writ(['policy', 'activate', 'payment', '1.1.0', ...here])).exitCode).toBe(0);
    expect((await writ(['policy', 'activate', 'payment', '1.0.0', ...here])).exitCode).toBe(4);
    const back = await writ(['policy', 'activate', 'payment', '1.0.0', '--reason', 'too strict', ...here]);
    expect(back.exitCode).toBe(0);
    expect((await writ(['policy', 'retire', 'payment', '1.1.0', '--reason', 'wrong', ...here])).exitCode).toBe(0);
    const listed = (await writ(['policy', 'list', 'payment', ...here, '--json'])).json();
    expect(listed.policies).toMatchObject([
      { version: '1.0.0', state: 'in_force' },
      { version: '1.1.0', state: 'retired' },
    ]);
  });

  it('shows a version, whose publication verifies', async () => {
    const shown = await writ(['policy', 'show', 'payment', ...here, '--json']);
    expect(shown.json()).toMatchObject({ version: '1.0.0', document: { id: 'payment' } });
    const verified = await writ(['verify', '-', '--trust', trust, '--json'], { stdin: shown.stdout });
    expect(verified.json()).toMatchObject({ verdict: 'verified', signed: 0, signatures: 1 });
    const tampered = shown.stdout.replace('the payee is new', 'the payee is old');
    expect((await writ(['verify', '-', '--trust', trust], { stdin: tampered })).exitCode).toBe(1);
    expect((await writ(['policy', 'show', 'nothing', ...here])).exitCode).toBe(4);
  });

  it('compares versions on the ledger', async () => {
    const ran = await writ(['policy', 'diff', '--policy', 'payment', '1.0.0', '1.1.0', ...here]);
    expect(ran.stdout).toContain('rule large changed (when)');
  });

  it('refuses what fails its own tests', async () => {
    const failing = original.replace('rule: known-payee', 'rule: new-payee').replace('1.0.0', '1.2.0');
    const ran = await writ(['policy', 'publish', '-', ...here], { stdin: failing });
    expect(ran).toMatchObject({ exitCode: 4, stderr: expect.stringMatching(/^POLICY_TESTS_FAILED: /) });
    expect(ran.stderr).toContain('a small payment to a known payee');
  });
});

describe('writ verify', () => {
  let shown: string;
  beforeAll(async () => {
    shown = (await writ(['show', 'e-1', ...here, '--json'])).stdout;
  });
  const verify = (text: string, ...flags: string[]): Promise<Ran> =>
    writ(['verify', '-', '--trust', trust, ...flags, '--json'], { stdin: text });

  it('says signed, never recorded, of what a pinned key signed', async () => {
    const report = (await verify(shown)).json();
    expect(report).toMatchObject({ verdict: 'verified', standing: 'signed', signed: 4, signatures: 4, failures: [] });
    const text = await writ(['verify', '-', '--trust', trust], { stdin: shown });
    expect(text).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^signed: 4 events in 1 document/) });
    expect(text.stdout).not.toContain('recorded');
  });

  it('takes answers with grants, attestations alone, and JSON Lines', async () => {
    const grant = readFileSync(join(folder, 'grant.json'), 'utf8');
    expect((await verify(grant)).json()).toMatchObject({ verdict: 'verified', checks: { failed: 0 } });
    const { events } = JSON.parse(shown) as { events: { attestation: object }[] };
    const lines = events.map(({ attestation }) => JSON.stringify(attestation)).join('\n');
    expect((await verify(lines)).json()).toMatchObject({ verdict: 'verified', documents: 4, signed: 4 });
  });

  it('counts what its events do not show as asserted', async () => {
    const execution = JSON.parse(shown) as { events: object[] };
    const partial = JSON.stringify({ ...execution, events: execution.events.slice(2) });
    expect((await verify(partial)).json()).toMatchObject({ verdict: 'verified', asserted: { decision: 1 } });
  });

  it.each([
    ['the outcome told', (text: string) => text.replace('"outcome": "admitted"', '"outcome": "denied"'), 'decision'],
    ['the rule told', (text: string) => text.replace('"rule": "known-payee"', '"rule": "large"'), 'decision'],
    ['the reservation told', (text: string) => text.replace('"attempt": 1', '"attempt": 2'), 'reservation'],
    ['the execution named', (text: string) => text.replace('"executionId": "e-1"', '"executionId": "e-7"'), 'names'],
    ['the data', (text: string) => text.replace('\\"payment.send\\"', '\\"payment.sent\\"'), 'entry'],
    ['a time', (text: string) => text.replace(/"recordedAt": "2/, '"recordedAt": "3'), 'entry'],
    ['a type', (text: string) => text.replace('"type": "ExecutionCommitted"', '"type": "ExecutionFailed"'), 'entry'],
    ['an entry', (text: string) => text.replace('\\"revision\\":\\"0\\"', '\\"revision\\":\\"9\\"'), 'attestation'],
  ])('finds a change of %s', async (_name, change, check) => {
    const changed = change(shown);
    expect(changed).not.toBe(shown);
    const ran = await verify(changed);
    expect(ran.exitCode).toBe(1);
    const failures = ran.json().failures as { checks: { name: string; status: string }[] }[];
    const failed = failures.flatMap(({ checks }) => checks.filter(({ status }) => status === 'failed'));
    expect(failed.map(({ name }) => name)).toContain(check);
  });

  it('believes only the key and the ledger that are pinned', async () => {
    const stranger = join(folder, 'stranger.json');
    await writ(['keys', 'create', '--out', stranger]);
    const other = await writ(['keys', 'export', '--trust', '--store', store, '--origin', 'test.example/cli'], {
      env: { WRIT_KEY_FILE: stranger },
    });
    writeFileSync(join(folder, 'stranger-trust.txt'), other.stdout);
    const unknown = await writ(['verify', '-', '--trust', join(folder, 'stranger-trust.txt')], { stdin: shown });
    expect(unknown).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('KEY_UNKNOWN') });
    const own = (await writ(['keys', 'show', join(folder, 'attestation-key.json'), '--json'])).json();
    for (const key of [own.publicKey, own.publicKeyHex] as string[]) {
      const named = await writ(['verify', '-', '--key', key, '--origin', 'test.example/cli'], { stdin: shown });
      expect(named.exitCode).toBe(0);
      const elsewhere = await writ(['verify', '-', '--key', key, '--origin', 'test.example/other'], { stdin: shown });
      expect(elsewhere.exitCode).toBe(1);
      expect((await writ(['verify', '-', '--key', key], { stdin: shown })).exitCode).toBe(2);
    }
  });

  it.each([
    ['nothing signed', '{"hello":"world"}'],
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['an empty list', '[]'],
    ['an execution without events', '{"decision":{},"events":[]}'],
  ])('cannot use %s', async (_name, text) => {
    expect((await verify(text)).exitCode).toBe(2);
  });

  it('wants no secret', async () => {
    const ran = await writ(['verify', '-', '--trust', join(folder, 'attestation-key.json')], { stdin: shown });
    expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--trust') });
  });

  it('reads a whole store', async () => {
    const ran = await writ(['verify', '--store', store, '--trust', trust, '--json']);
    expect(ran.json()).toMatchObject({ verdict: 'verified', standing: 'signed', faults: [] });
    expect(ran.json().signed).toBe(ran.json().events);
    const missing = await writ(['verify', '--store', join(folder, 'none.db'), '--trust', trust]);
    expect(missing).toMatchObject({ exitCode: 7, stderr: expect.stringMatching(/^STORE_MISSING: /) });
  });
});

describe('writ backup, restore and store migrate', () => {
  const copy = join(folder, 'backup.db');
  const restored = join(folder, 'restored', 'ledger.db');

  it('copies, and puts back what verifies', async () => {
    const backup = await writ(['backup', copy, '--store', store, '--json']);
    expect(backup).toMatchObject({ exitCode: 0 });
    expect(BigInt(backup.json().events as string)).toBeGreaterThan(10n);
    expect((await writ(['backup', copy, '--store', store])).exitCode).toBe(4);
    await writ(['keys', 'create', '--out', join(folder, 'restored', 'unused.json')]);
    expect((await writ(['restore', copy, '--store', restored, '--json'])).json()).toMatchObject({
      store: restored,
      events: backup.json().events,
    });
    expect((await writ(['verify', '--store', restored, '--trust', trust])).exitCode).toBe(0);
  });

  it('never puts a backup over a store, nor something else in its place', async () => {
    expect((await writ(['restore', copy, '--store', store])).exitCode).toBe(4);
    const target = join(folder, 'restored', 'other.db');
    expect((await writ(['restore', trust, '--store', target])).exitCode).toBe(7);
    expect(existsSync(target)).toBe(false);
  });

  it('has nothing to migrate in a store of today', async () => {
    const report = await writ(['store', 'migrate', '--dry-run', '--store', store, '--json']);
    expect(report.json()).toMatchObject({ steps: [], applied: false });
    expect((await writ(['store', 'migrate', '--store', store])).stdout).toContain('nothing to do');
    expect((await writ(['store', 'migrate', '--store', join(folder, 'none.db')])).exitCode).toBe(7);
  });
});

describe("a store that is not there, or another ledger's", () => {
  it('is never made in its place', async () => {
    const missing = join(folder, 'missing', 'ledger.db');
    const ran = await writ(['show', 'x', '--store', missing]);
    expect(ran.exitCode).not.toBe(0);
    expect(existsSync(missing)).toBe(false);
  });

  it('is refused', async () => {
    const ran = await writ(['show', 'e-1', '--store', store, '--origin', 'test.example/other']);
    expect(ran).toMatchObject({ exitCode: 7, stderr: expect.stringMatching(/^STORE_NOT_OURS: /) });
  });
});
