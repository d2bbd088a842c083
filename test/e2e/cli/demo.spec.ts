import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { ROOT, writ } from './writ.js';

jest.setTimeout(90_000);

const run = promisify(execFile);
const BIN = join(ROOT, 'apps/cli/bin/writ.js');

/** A temporary folder of its own, to see what is left in it. */
const folder = mkdtempSync(join(tmpdir(), 'writ-demo-test-'));
const env = { ...process.env, TMPDIR: folder };
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('writ demo', () => {
  it('plays the story, verifies every event, and leaves nothing behind', async () => {
    const { stdout, stderr } = await run(process.execPath, [BIN, 'demo', '--json'], { env });
    const told = JSON.parse(stdout) as Record<string, never>;
    expect(stderr).toBe('');
    expect(told).toMatchObject({
      scenes: [
        { scene: 'policies', policies: ['agent-tool 1.0.0', 'loan-approval 1.0.3', 'payment 1.0.0'] },
        { scene: 'admitted', outcome: 'executed', attempt: 1, payouts: 1 },
        { scene: 'again', outcome: 'INV-013', reason: 'committed', payouts: 1 },
        { scene: 'denied', outcome: 'denied', reasons: [{ code: 'RULE', rule: 'otherwise' }] },
        { scene: 'escalated', outcome: 'escalated' },
        { scene: 'agent', outcome: 'executed, denied' },
        { scene: 'killed', outcome: 'unknown', retry: 'INV-013' },
        { scene: 'reconciled', outcome: 'committed', payouts: 1 },
        { scene: 'anchored', outcome: 'anchored' },
        { scene: 'proved', outcome: 'reevaluated', changed: ['entries'] },
        { scene: 'tampered', outcome: 'changed', stream: 'execution-demo.loan-1002', bundle: 'reevaluated' },
      ],
    });
    const { events, signed } = (told as unknown as { verification: { events: number; signed: number } }).verification;
    expect(signed).toBe(events);
    expect(events).toBeGreaterThan(15);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says it on screen, without colour where nobody looks, and keeps the ledger when asked', async () => {
    const { stdout } = await run(process.execPath, [BIN, 'demo', '--keep'], { env });
    expect(stdout).not.toContain('\u001b');
    for (const words of [
      'INV-013',
      'denied',
      'rule prime did not match',
      'escalated',
      'killed',
      'reconciles',
      'signed',
    ]) {
      expect(stdout).toContain(words);
    }
    const [kept = ''] = readdirSync(folder);
    const files = join(folder, kept);
    expect(existsSync(join(files, 'ledger.db'))).toBe(true);
    const verified = await writ(['verify', '--store', join(files, 'ledger.db'), '--trust', join(files, 'trust.txt')]);
    expect(verified).toMatchObject({ exitCode: 0 });
    const pinned = ['--trust', join(files, 'trust.txt')];
    expect((await writ(['verify', join(files, 'loan-1001.bundle.json'), ...pinned])).exitCode).toBe(0);
    expect((await writ(['fsck', '--store', join(files, 'ledger.db'), ...pinned])).exitCode).toBe(0);
    const here = ['--store', join(files, 'ledger.db'), '--origin', 'demo.example/writ', '--tenant', 'demo'];
    expect((await writ(['show', 'order-4711', ...here, '--json'])).json()).toMatchObject({ state: 'committed' });
    rmSync(files, { recursive: true });
  });
});

describe('writ serve', () => {
  it('says where it listens, and ends with 0 on SIGTERM', async () => {
    const store = join(folder, 'serve', 'ledger.db');
    const flags = ['--json', '--store', store, '--grpc', '127.0.0.1:0', '--http', '127.0.0.1:0'];
    const missing = spawn(process.execPath, [BIN, 'serve', ...flags], { env });
    expect((await once(missing, 'exit'))[0]).not.toBe(0);
    expect(existsSync(store)).toBe(false);
    const server = spawn(process.execPath, [BIN, 'serve', '--create', ...flags], { env });
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const { grpcPort, httpPort, pid } = JSON.parse(String(line)) as Record<string, number>;
    expect({ pid, ports: [typeof grpcPort, typeof httpPort] }).toEqual({
      pid: server.pid,
      ports: ['number', 'number'],
    });
    expect((await writ(['health', '--http', `127.0.0.1:${String(httpPort)}`])).exitCode).toBe(0);
    server.kill('SIGTERM');
    expect((await once(server, 'exit'))[0]).toBe(0);
    rmSync(join(folder, 'serve'), { recursive: true });
  });
});
