import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { parseTrace, type TracedCall } from './trace.js';

export interface StraceOptions {
  /** System calls to write down. */
  readonly calls: readonly string[];
  /** Only calls that touch these paths; without it all. */
  readonly paths?: readonly string[];
  /** As strace takes it, e.g. `fsync:error=EIO:when=3`. */
  readonly inject?: string;
  /** Where the trace goes. */
  readonly output: string;
  /** Bytes of each buffer that are written down; default 64. */
  readonly bytes?: number;
}

export interface StraceResult {
  readonly status: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
  readonly calls: readonly TracedCall[];
}

/** Runs `node script ...args` under strace to its end. */
export async function runUnderStrace(
  script: string,
  args: readonly string[],
  options: StraceOptions,
): Promise<StraceResult> {
  const strace = [
    ...['-f', '-y', '-o', options.output, '-s', String(options.bytes ?? 64), '-e', `trace=${options.calls.join(',')}`],
    ...(options.paths ?? []).flatMap((path) => ['-P', path]),
    ...(options.inject === undefined ? [] : ['-e', `inject=${options.inject}`]),
  ];
  const child = spawn('strace', [...strace, process.execPath, script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { status: code ?? signal ?? 0, stdout, stderr, calls: parseTrace(readFileSync(options.output, 'utf8')) };
}
