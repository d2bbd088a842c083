import { LedgerError } from '@writ/errors';
import type { EventStore } from '@writ/event-store';
import type { Lineage } from '@writ/lineage';
import type { ExecutionIndex, NodeKeys } from '@writ/operations';
import type { NodeClock } from './clock.js';
import type { Gate } from './gate.js';
import type { Readiness, ReadinessCheck } from './instance.js';

const INDEX_PATIENCE_MS = 250;

/** What is looked at. */
export interface Watched {
  readonly store: EventStore;
  readonly clock: NodeClock;
  readonly index: ExecutionIndex;
  readonly lineage: Lineage;
  readonly gate: Gate;
  readonly nodeKeys: NodeKeys;
  /** Why the store does not protect what is appended, which the configuration accepts; empty where it does. */
  readonly unprotected: readonly string[];
}

/**
 * Looks at everything that a call needs. The index may fail: lists then do, decisions do not. So may the lineage, whose
 * proofs then come later, unless it has found that the store was set back: then nothing is written.
 */
export async function readinessOf(watched: Watched): Promise<Readiness> {
  const { store, clock, index, lineage, gate, nodeKeys, unprotected } = watched;
  const checks = await Promise.all([
    checkStore(store),
    checkClock(clock),
    checkIndex(index),
    checkLineage(lineage),
    checkKey(nodeKeys),
    checkShutdown(gate),
  ]);
  const ready = isWritable(lineage) && checks.every((check) => check.ok || isBearable(check));
  return { ready, checks: [...checks, ...checkProtection(unprotected)] };
}

/** A rotated key goes on counting until it is revoked. */
function isBearable({ name, code }: ReadinessCheck): boolean {
  return name === 'index' || name === 'lineage' || (name === 'key' && code !== 'KEY_REVOKED');
}

function isWritable(lineage: Lineage): boolean {
  try {
    lineage.requireWritable();
    return true;
  } catch (error) {
    if (error instanceof LedgerError) return false;
    throw error;
  }
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

async function checkLineage(lineage: Lineage): Promise<ReadinessCheck> {
  const { role, behind, fault } = await lineage.status();
  if (fault !== undefined) return { name: 'lineage', ok: false, code: fault.code, detail: fault.message };
  return { name: 'lineage', ok: true, detail: `${role}, ${behind} events behind` };
}

async function checkKey(nodeKeys: NodeKeys): Promise<ReadinessCheck> {
  const { signsWith, current, standing } = nodeKeys.state();
  switch (standing) {
    case 'current':
      return { name: 'key', ok: true, detail: `signs with ${signsWith}` };
    case 'former':
      return {
        name: 'key',
        ok: false,
        code: 'KEY_MISMATCH',
        detail: `signs with ${signsWith}, ${String(current)} is current`,
      };
    case 'revoked':
      return { name: 'key', ok: false, code: 'KEY_REVOKED', detail: `${signsWith} is revoked: nothing is signed` };
  }
}

/** Accepted by the configuration: told as long as it lasts, and no reason to serve nothing. */
function checkProtection(unprotected: readonly string[]): ReadinessCheck[] {
  if (unprotected.length === 0) return [];
  return [
    { name: 'protection', ok: false, code: 'STORE_UNPROTECTED', detail: `unprotected: ${unprotected.join('; ')}` },
  ];
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
