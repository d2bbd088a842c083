import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openInstance, parseSettings, trustOf, type Instance } from '@writ/instance';
import type { CallContext } from '@writ/operations';
import type { TrustFile } from '@writ/verifier';
import { POLICY_TEXTS, TENANT, transfer } from '../harness/transfers.mjs';

/** A ledger on disk in one folder, opened in this process or not. */
export interface Ledger {
  readonly instance: Instance;
  readonly context: CallContext;
  /** Admits and reserves `count` new executions, one after another: two events each. */
  execute(count: number): Promise<void>;
}

/** Settings of a ledger in `folder`; `over` has the names of the environment. */
export function environmentOf(folder: string, over: Readonly<Record<string, string>> = {}) {
  return {
    WRIT_STORE_URL: `sqlite:${join(folder, 'ledger.db')}`,
    WRIT_STATE_DIR: join(folder, 'state'),
    WRIT_LINEAGE_DIR: join(folder, 'lineage'),
    WRIT_MARK_DIR: join(folder, 'mark'),
    WRIT_KEY_FILE: join(folder, 'attestation-key.json'),
    WRIT_CHECKPOINT_KEY_FILE: join(folder, 'checkpoint-key.json'),
    WRIT_ORIGIN: 'fault.test/ledger',
    WRIT_MIN_FREE_BYTES: '0',
    ...over,
  };
}

let executions = 0;

export async function openLedger(folder: string, over: Readonly<Record<string, string>> = {}): Promise<Ledger> {
  mkdirSync(folder, { recursive: true });
  const instance = await openInstance(parseSettings(environmentOf(folder, over)), { create: true });
  const context = { principal: instance.authenticate(undefined) } as CallContext;
  return {
    instance,
    context,
    async execute(count) {
      for (let done = 0; done < count; done++) {
        executions += 1;
        await admit({ instance, context }, `execution-${executions}`);
      }
    },
  };
}

/** @returns what the ledger answered */
export function admit({ instance, context }: Pick<Ledger, 'instance' | 'context'>, executionId: string) {
  const request = transfer(executionId);
  const signals = { amount: { value: request.intent.signals.amount } };
  const asked = { tenant: TENANT, ...request, intent: { ...request.intent, signals } };
  return instance.operations.evaluate(context, asked as unknown as Parameters<Instance['operations']['evaluate']>[1]);
}

/** A new ledger with a policy in force. */
export async function beginLedger(folder: string, over: Readonly<Record<string, string>> = {}): Promise<Ledger> {
  const ledger = await openLedger(folder, over);
  const { operations } = ledger.instance;
  for (const { policyId, version, text } of POLICY_TEXTS.slice(0, 1)) {
    const named = { tenant: TENANT, policyId, version, reason: 'first' };
    await operations.publishPolicy(ledger.context, { tenant: TENANT, text, format: 'yaml' } as never);
    await operations.activatePolicy(ledger.context, named as never);
  }
  return ledger;
}

/** What an auditor has pinned of it. */
export function trustIn(folder: string): Promise<TrustFile> {
  return trustOf(parseSettings(environmentOf(folder)));
}
