import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const KEEPER = join(__dirname, 'keeper.mjs');
const TAIL_CHARACTERS = 8_000;

/** One life of a server program. It ends with the process that started it, whatever ends that. */
export class ServerProcess {
  readonly #keeper: ChildProcess;
  readonly #pid: number;
  #tail = '';
  #running = true;
  /** The exit code; 137 after a signal. */
  readonly ended: Promise<number>;

  private constructor(keeper: ChildProcess, pid: number, tail: string) {
    this.#keeper = keeper;
    this.#pid = pid;
    this.#tail = tail;
    keeper.stderr?.on('data', (text: string) => (this.#tail = (this.#tail + text).slice(-TAIL_CHARACTERS)));
    this.ended = once(keeper, 'exit').then(([code]: (number | null)[]) => {
      this.#running = false;
      return code ?? 137;
    });
  }

  static async start(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<ServerProcess> {
    const keeper = spawn(process.execPath, [KEEPER, program, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env });
    let early = '';
    const collect = (text: string): void => void (early += text);
    keeper.stderr.setEncoding('utf8').on('data', collect);
    // Its end is told by `ended`.
    keeper.stdin.on('error', () => undefined);
    const first = await createInterface({ input: keeper.stdout })[Symbol.asyncIterator]().next();
    if (first.done === true) throw new Error(`\`${program}\` does not start: ${early}`);
    keeper.stderr.off('data', collect);
    // What a failed suite did not stop must not hold up the end of the run, which ends it.
    for (const handle of [keeper, keeper.stdin, keeper.stdout, keeper.stderr] as { unref?: () => void }[])
      handle.unref?.();
    return new ServerProcess(keeper, Number(first.value), early);
  }

  get running(): boolean {
    return this.#running;
  }

  /** The last of what the server said. */
  get tail(): string {
    return this.#tail;
  }

  /** Sends `signal` to the server and all that it started; nothing where it has ended. */
  signal(signal: NodeJS.Signals): void {
    try {
      if (this.#running) process.kill(-this.#pid, signal);
    } catch {
      // It ended a moment ago.
    }
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    this.#keeper.stdin?.destroy();
    await this.ended;
  }
}
