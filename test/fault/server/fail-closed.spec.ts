import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canMount, describeIf, mountTmpfs, type Tmpfs } from '../harness/machine.js';
import { msUntil, ProbedServer, type Probe } from '../harness/probed-server.js';

const NOTICED_WITHIN_MS = 1_000;
const RECOVERED_WITHIN_MS = 5_000;

let folder: string;
let server: ProbedServer | undefined;

const storeFolder = (): string => join(folder, 'disk');
const storeUrl = (): string => `sqlite:${join(storeFolder(), 'ledger.db')}`;

/** A server whose store is alone on `disk/`; what it remembers of itself is elsewhere. */
async function begin(): Promise<ProbedServer> {
  mkdirSync(storeFolder(), { recursive: true });
  server = await ProbedServer.begin(folder, {
    WRIT_STORE_URL: storeUrl(),
    WRIT_STATE_DIR: join(folder, 'state'),
    WRIT_LINEAGE_DIR: join(folder, 'lineage'),
    WRIT_MARK_DIR: join(folder, 'mark'),
    WRIT_CHECKPOINT_KEY_FILE: join(folder, 'checkpoint-key.json'),
    WRIT_KEY_FILE: join(folder, 'key.json'),
  });
  return server;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-closed-'));
});

afterEach(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a store that goes away under a server', () => {
  it('is an outage for as long as it is gone', async () => {
    const probed = await begin();
    for (let round = 0; round < 3; round += 1) {
      expect((await probed.probe()).answer).toBe('OK');
      renameSync(storeFolder(), join(folder, 'away'));
      await probed.expectOutage('moved away', ['STORE_UNAVAILABLE']);
      renameSync(join(folder, 'away'), storeFolder());
      await probed.expectRecovery(RECOVERED_WITHIN_MS);
    }
    await probed.expectStored(storeUrl());
  }, 180_000);
});

describeIf(canMount, 'mounting needs root')('a disk under a server', () => {
  it('that comes back read-only is read and not written, until it is writable again', async () => {
    const probed = await begin();
    expect((await probed.probe()).answer).toBe('OK');
    // What the server has open keeps the kernel from remounting in place: it finds the same files behind a bind mount. That
    // is made read-only where the server does not look, for it opens what it finds at once, and then shown to it.
    renameSync(storeFolder(), join(folder, 'away'));
    await msUntil(async () => (await probed.probe()).answer !== 'OK', NOTICED_WITHIN_MS);
    const aside = join(folder, 'aside');
    mkdirSync(aside);
    mkdirSync(storeFolder());
    execFileSync('mount', ['--bind', join(folder, 'away'), aside]);
    execFileSync('mount', ['-o', 'remount,bind,ro', aside]);
    execFileSync('mount', ['--bind', aside, storeFolder()]);
    try {
      await probed.expectOutage('read-only', ['STORE_READ_ONLY', 'STORE_UNAVAILABLE']);
      const { executionId } = probed.answered[0] as Probe;
      const { execution } = await probed.calls.call('getExecution', { executionId });
      expect(execution.events).toHaveLength(2);
    } finally {
      for (const mounted of [storeFolder(), aside]) {
        execFileSync('umount', ['-l', mounted]);
        rmdirSync(mounted);
      }
      renameSync(join(folder, 'away'), storeFolder());
    }
    await probed.expectRecovery(RECOVERED_WITHIN_MS);
    await probed.expectStored(storeUrl());
  }, 180_000);

  it('that is full admits nothing, and is used again when there is room', async () => {
    const disk: Tmpfs = mountTmpfs(12);
    try {
      const ballast = join(disk.path, 'ballast');
      mkdirSync(storeFolder());
      execFileSync('mount', ['--bind', disk.path, storeFolder()]);
      const probed = await begin();
      writeFileSync(ballast, Buffer.alloc(4 * 1024 * 1024));
      const before = probed.answered.length;
      while ((await probed.probe(20_000)).answer === 'OK');
      expect(probed.answered.length).toBeGreaterThan(before + 20);
      expect(probed.answered.at(-1)?.answer).toBe('UNAVAILABLE/STORE_FULL');
      // A smaller one may still fit: until nothing does.
      for (let bytes = 8_000; bytes > 1; bytes = Math.floor(bytes / 2)) {
        while ((await probed.probe(bytes)).answer === 'OK');
      }
      await probed.expectOutage('full', ['STORE_FULL']);
      rmSync(ballast);
      await probed.expectRecovery(RECOVERED_WITHIN_MS);
      await probed.expectStored(storeUrl());
    } finally {
      await server?.stop();
      execFileSync('umount', ['-l', storeFolder()]);
      disk.unmount();
    }
  }, 180_000);
});
