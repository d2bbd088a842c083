import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseJson, type JsonObject } from '@writ/encoding';
import { isObject } from '../input/read-input.js';

/** A process of the demo, that tells one line of JSON when it is where the story wants it. */
export interface StoryProcess {
  readonly told: JsonObject;
  readonly pid: number;
  /** Ends it so, and waits until it is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

const PATIENCE_MS = 20_000;

/** A real server on free ports of loopback. `skewMs`: short, so that the story does not wait long for a lease to end. */
export function startServer(folder: string, skewMs: number): Promise<StoryProcess> {
  const args = ['serve', '--json', '--create', '--store', `${folder}/ledger.db`, '--origin', 'demo.example/writ'];
  return start('main.js', [...args, '--grpc', '127.0.0.1:0', '--http', '127.0.0.1:0'], `${folder}/server.log`, {
    WRIT_MAX_SKEW_MS: String(skewMs),
    WRIT_SWEEP_INTERVAL_MS: '200',
    WRIT_LOG_LEVEL: 'info',
  });
}

/** A process that pays, and never comes to report it (`payer-worker.ts`). */
export function startPayer(folder: string, order: JsonObject): Promise<StoryProcess> {
  return start('demo/payer-worker.js', [JSON.stringify({ ...order, folder })], `${folder}/payer.log`, {});
}

async function start(
  script: string,
  args: readonly string[],
  logFile: string,
  settings: Readonly<Record<string, string>>,
): Promise<StoryProcess> {
  // The caller's own WRIT_ variables are about another ledger.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('WRIT_'));
  const child = spawn(process.execPath, [built(script), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...Object.fromEntries(own), ...settings },
  });
  child.stderr.pipe(createWriteStream(logFile));
  const gone = once(child, 'close');
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    child.kill(signal);
    await gone;
  };
  try {
    return { told: await firstLine(child, logFile), pid: child.pid ?? 0, end };
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
}

async function firstLine(child: ChildProcess, logFile: string): Promise<JsonObject> {
  if (child.stdout === null) throw new Error('the process has no output');
  const lines = createInterface({ input: child.stdout });
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  try {
    for await (const line of lines) {
      const value = parseJson(line);
      if (isObject(value)) return value;
    }
    throw new Error(`a process of the demo ended early; \`${logFile}\` says why`);
  } finally {
    clearTimeout(timer);
    // What comes later is of no interest, and must not fill the pipe.
    child.stdout.resume();
  }
}

/** Processes run compiled code, also where this file runs from its source (tests). */
function built(script: string): string {
  const here = import.meta.url;
  return fileURLToPath(new URL(here.endsWith('.ts') ? `../../dist/${script}` : `../${script}`, here));
}
