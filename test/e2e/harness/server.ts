import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../../..');
const START_TIMEOUT_MS = 30_000;

type LogLine = Record<string, unknown>;

/** A server process of the built app, on a folder of its own, with ports that the system chose. */
export interface TestServer {
  readonly folder: string;
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly process: ChildProcess;
  /** Every line that it wrote to standard error so far. */
  logText(): string;
  logLines(): LogLine[];
  /** Sends `signal` and resolves with the exit code (or the signal that ended it). */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Left as it is when the server stops; default: a temporary one that `removeFolders` removes. */
  readonly folder?: string;
}

const folders: string[] = [];

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'writ-e2e-'));
  folders.push(folder);
  return folder;
}

/** For `afterAll`. */
export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export async function startTestServer(options: StartOptions = {}): Promise<TestServer> {
  const folder = options.folder ?? temporaryFolder();
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('WRIT_')));
  const child = spawn(process.execPath, [join(ROOT, 'apps/ledger/dist/main.js')], {
    cwd: folder,
    env: {
      ...inherited,
      WRIT_GRPC_ADDRESS: '127.0.0.1:0',
      WRIT_HTTP_ADDRESS: '127.0.0.1:0',
      WRIT_MIN_FREE_BYTES: '0',
      ...options.env,
    },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const ended = new Promise<number | NodeJS.Signals | null>((settle) =>
    child.once('exit', (code, signal) => settle(code ?? signal)),
  );
  const lines = (): LogLine[] =>
    log
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine);
  const serving = await waitFor(
    () => lines().find((line) => line['msg'] === 'serving'),
    ended,
    () => log,
  );
  return {
    folder,
    grpcPort: serving['grpcPort'] as number,
    httpPort: serving['httpPort'] as number,
    process: child,
    logText: () => log,
    logLines: lines,
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
}

async function waitFor<T>(look: () => T | undefined, ended: Promise<unknown>, log: () => string): Promise<T> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  let over = false;
  void ended.then(() => (over = true));
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (over || Date.now() > deadline) throw new Error(`the server did not start:\n${log()}`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
}
