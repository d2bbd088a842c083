import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** What `verify.py` says. */
export interface Answer {
  readonly verified: boolean;
  /** Of what is not verified; as in docs/spec/errors.md or docs/spec/bundle.md. */
  readonly code?: string;
  readonly [claim: string]: unknown;
}

const why = missing();

/** `describe` where Python and OpenSSL's command are there, else a suite that is reported as skipped: skipped is not passed. */
export function describeReader(name: string, body: () => void): void {
  if (why === undefined) describe(name, body);
  else describe.skip(`${name} (${why})`, () => test('by a second reader', () => undefined));
}

function missing(): string | undefined {
  const python = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']);
  if (python.status !== 0) return 'no python3 from 3.10 on';
  const openssl = spawnSync('openssl', ['version'], { encoding: 'utf8' });
  return openssl.status === 0 && /^OpenSSL [3-9]/.test(openssl.stdout) ? undefined : 'no openssl from 3.0 on';
}

/** The second reader, kept running; what it is asked about lies in a folder that goes with it. */
export class SecondReader {
  readonly folder = mkdtempSync(join(tmpdir(), 'writ-reader-'));
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;
  #files = 0;

  constructor() {
    const script = join(__dirname, 'verify.py');
    // -B: no compiled copies are left behind in the tree.
    this.#process = spawn('python3', ['-B', script, 'batch'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** Puts bytes into a file of their own. */
  write(bytes: Uint8Array | string): string {
    this.#files += 1;
    const path = join(this.folder, String(this.#files));
    writeFileSync(path, bytes);
    return path;
  }

  async ask(request: Readonly<Record<string, unknown>>): Promise<Answer> {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    const line = await this.#answers.next();
    if (line.done === true) throw new Error('the second reader has died');
    return JSON.parse(line.value) as Answer;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('close', resolve));
    this.#process.stdin.end();
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A fixed sequence that looks random (xorshift32), so that what was found once is found again. */
export function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % sides;
  };
}
