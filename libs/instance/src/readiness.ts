import { LedgerError } from '@writ/errors';
import type { EventStore } from '@writ/event-store';
import type { ExecutionIndex } from '@writ/operations';
import type { NodeClock } from './clock.js';
import type { Gate } from './gate.js';
import type { Readiness, ReadinessCheck } from './instance.js';

const INDEX_PATIENCE_MS = 250;

/** Looks at everything that a call needs. The index may fail: lists then do, decisions do not. */
export async function readinessOf(
  store: EventStore,
  clock: NodeClock,
  index: ExecutionIndex,
  gate: Gate,
): Promise<Readiness> {
  const checks = await Promise.all([checkStore(store), checkClock(clock), checkIndex(index), checkShutdown(gate)]);
  return { ready: checks.every(({ name, ok }) => ok || name === 'index'), checks };
}

async function checkStore(store: EventStore): Promise<ReadinessCheck> {
  const health = await store.health();
  if (health.state === 'writable') return { name: 'store', ok: true };
  return { name: 'store', ok: false, code: health.code, detail: `the store is ${health.state.replace('_', ' ')}` };
}

async function checkClock(clock: NodeClock): Promise<ReadinessCheck> {
  try {
    clock.nowMs();
  } catch (error) {
    return failed('clock', error);
  }
  const { problem } = clock;
  return problem === undefined ? { name: 'clock', ok: true } : failed('clock', problem);
}

async function checkIndex(index: ExecutionIndex): Promise<ReadinessCheck> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('the index does not answer')), INDEX_PATIENCE_MS);
    });
    const { behind } = await Promise.race([index.lag(), late]);
    return { name: 'index', ok: true, detail: `${behind} events behind` };
  } catch (error) {
    return failed('index', error);
  } finally {
    clearTimeout(timer);
  }
}

async function checkShutdown(gate: Gate): Promise<ReadinessCheck> {
  return gate.isShut ? { name: 'shutdown', ok: false, code: 'SHUTTING_DOWN' } : { name: 'shutdown', ok: true };
}

function failed(name: ReadinessCheck['name'], error: unknown): ReadinessCheck {
  return {
    name,
    ok: false,
    ...(error instanceof LedgerError ? { code: error.code } : {}),
    detail: error instanceof Error ? error.message : 'unknown',
  };
}
