import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ROOT } from './writ.js';

jest.setTimeout(120_000);

/** The shell blocks of the guide, in order. */
const blocks = [
  ...readFileSync(join(ROOT, 'docs/guides/getting-started.md'), 'utf8').matchAll(/^```sh\n([\s\S]*?)^```/gm),
].map(([, block = '']) => block);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('docs/guides/getting-started.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-guide-'));
  let server: ChildProcess | undefined;

  afterAll(async () => {
    if (server !== undefined) {
      server.kill('SIGTERM');
      await new Promise((resolve) => server?.once('exit', resolve));
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it('works as it is written', async () => {
    // `npx writ` of the checkout, on ports of its own, in a folder of its own.
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(
      join(bin, 'npx'),
      `#!/bin/sh\nshift\nexec "${process.execPath}" "${ROOT}/apps/cli/bin/writ.js" "$@"\n`,
    );
    chmodSync(join(bin, 'npx'), 0o755);
    symlinkSync(join(ROOT, 'docs'), join(folder, 'docs'));
    const [grpc, http] = [await freePort(), await freePort()];
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('WRIT_'));
    const env: Record<string, string | undefined> = {
      ...Object.fromEntries(inherited),
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      WRIT_GRPC_ADDRESS: `127.0.0.1:${grpc}`,
      WRIT_HTTP_ADDRESS: `127.0.0.1:${http}`,
      WRIT_ADDRESS: `127.0.0.1:${grpc}`,
    };
    let said = '';
    for (const block of blocks) {
      const [serve] = /^npx writ serve$/m.exec(block) ?? [];
      const foreground = block.replace(/^npx writ serve$/m, '').replace('writ_… # what init printed', tokenIn(said));
      // What a block exports holds for the blocks after it, as in a shell that stays open.
      for (const [, name = '', value = ''] of foreground.matchAll(/^export (\w+)=(\S+)/gm)) env[name] = value;
      const ran = spawnSync('bash', ['-euo', 'pipefail', '-c', foreground], { cwd: folder, env, encoding: 'utf8' });
      expect({ block, status: ran.status, stderr: ran.stderr.replace(/^INV-013[\s\S]*/, '') }).toMatchObject({
        status: 0,
        stderr: expect.not.stringContaining('BUG'),
      });
      said += ran.stdout;
      if (serve !== undefined) {
        server = spawn(join(bin, 'npx'), ['writ', 'serve'], { cwd: folder, env, stdio: 'ignore' });
        await untilLive(http);
      }
    }
    expect(said).toContain('9 passed, 0 failed');
    expect(said).toContain('granted: grant and holder in grant.json');
    expect(said).toContain('exit code 5');
    expect(said).toMatch(/state +committed/);
    expect(said).toMatch(/signed: 3 events in 1 document,/);
    expect(said).toMatch(/signed: all \d+ events/);
  });
});

function tokenIn(said: string): string {
  return /writ_[A-Za-z0-9_-]{43}/.exec(said)?.[0] ?? '';
}

async function untilLive(port: number): Promise<void> {
  const endMs = Date.now() + 30_000;
  for (;;) {
    const live = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined);
    if (live?.ok === true) return;
    if (Date.now() > endMs) throw new Error('the server did not start');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
