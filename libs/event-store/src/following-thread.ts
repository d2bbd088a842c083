import { constants, getPriority, setPriority } from 'node:os';
import type { Worker } from 'node:worker_threads';

/** How long a thread may take to let go of everything and to end. */
const END_MS = 10_000;

/**
 * For a thread that follows the store: decisions come first. What follows is behind them anyway, says how far, and
 * catches up when there is time. On Linux a thread has a priority of its own (setpriority(2), "C library/kernel
 * differences"); elsewhere it would be the process's.
 */
export function yieldToDecisions(): void {
  if (process.platform !== 'linux') return;
  // Never up: only a privileged process may.
  setPriority(0, Math.max(getPriority(0), constants.priority.PRIORITY_BELOW_NORMAL));
}

/**
 * Has a thread end by itself once `askToClose` made it let go of everything: one that is ended inside a native call can
 * take the process along. One that hangs is cut off.
 */
export async function endThread(worker: Worker, askToClose: () => Promise<unknown>): Promise<void> {
  worker.ref();
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const cutOff = setTimeout(() => void worker.terminate(), END_MS);
  await askToClose();
  await ended;
  clearTimeout(cutOff);
}
