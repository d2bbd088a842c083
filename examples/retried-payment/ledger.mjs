import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(new URL('../../apps/ledger/dist/main.js', import.meta.url));

/** A real ledger in a temporary folder, on ports that the system chooses. */
export async function startLedger() {
  const folder = mkdtempSync(join(tmpdir(), 'writ-example-'));
  const server = spawn(process.execPath, [SERVER], {
    cwd: folder,
    env: { PATH: process.env.PATH, WRIT_GRPC_ADDRESS: '127.0.0.1:0', WRIT_HTTP_ADDRESS: '127.0.0.1:0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const port = await new Promise((resolve, reject) => {
    void ended.then(() => reject(new Error('the ledger did not start')));
    createInterface({ input: server.stderr }).on('line', (line) => {
      if (line.includes('"msg":"serving"')) resolve(JSON.parse(line).grpcPort);
    });
  });
  return {
    address: `127.0.0.1:${port}`,
    async stop() {
      server.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
