import type { Actor } from '@writ/ledger';
import type { Engine } from './engine.js';
import { handleExecution } from './handle-execution.js';
import type { ExecutionName } from './operations.js';

const SWEEPER: Actor = { id: 'sweeper', role: 'system' };
const DUE_PER_SWEEP = 256;

/** Writes down what time has brought about on one execution. `true` when an event was appended. */
export async function sweepExecution(engine: Engine, { tenant, executionId }: ExecutionName): Promise<boolean> {
  const handled = await handleExecution(engine, {
    context: { principal: { actor: SWEEPER, tenants: '*', actions: '*' } },
    name: { tenant, executionId },
    operation: 'sweep',
    begins: false,
    command: () => ({ type: 'Sweep', tenant, executionId, actor: SWEEPER }),
  });
  return handled.answer.kind === 'done';
}

/**
 * Sweeps every execution that the index knows to be due, one after another, so that callers keep the store. The index
 * only suggests: each execution is read again and judged by the rules. Returns how many events were written.
 * What fails is told to `onFailure` and left for the next sweep.
 */
export async function sweepDue(
  engine: Engine,
  onFailure: (name: ExecutionName, error: unknown) => void,
  isStopped: () => boolean,
): Promise<number> {
  const { index, clock, maxSkewMs } = engine.ports;
  let written = 0;
  for (const name of await index.due(clock.nowMs() - maxSkewMs, DUE_PER_SWEEP)) {
    if (isStopped()) break;
    try {
      if (await sweepExecution(engine, name)) written += 1;
    } catch (error) {
      onFailure(name, error);
    }
  }
  return written;
}
