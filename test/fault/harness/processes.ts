import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A child process that talks in lines of JSON. Dies with the suite that started it. */
export interface TalkingProcess {
  readonly child: ChildProcess;
  /** Settles with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  send(message: unknown): void;
  /** The next line that was not taken yet. @throws Error with what the process said when it ended instead */
  next(): Promise<unknown>;
  kill(): void;
}

const running = new Set<ChildProcess>();

/** Starts `node script ...args`, behind `wrapper` (strace, faketime) if there is one. */
export function startNode(script: string, args: readonly string[], wrapper: readonly string[] = []): TalkingProcess {
  const [command, ...rest] = [...wrapper, process.execPath, script, ...args] as [string, ...string[]];
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
  running.add(child);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)));
  // A child that is killed cannot read any more; its end is told by `ended`.
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'close').then(([code, signal]: (number | NodeJS.Signals | null)[]) => {
    running.delete(child);
    return code ?? signal ?? 0;
  });
  return {
    child,
    ended,
    send: (message) => child.stdin.write(`${JSON.stringify(message)}\n`),
    next: async () => {
      const line = await lines.next();
      if (line.done === true) throw new Error(`${script} ended (${String(await ended)}): ${said}`);
      return JSON.parse(line.value) as unknown;
    },
    kill: () => child.kill('SIGKILL'),
  };
}

/** For `afterAll`: nothing that a suite started outlives it. */
export async function killStarted(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    }),
  );
}
