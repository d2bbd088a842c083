/** A ledger to measure: settings for a folder, a policy in force, and applications with ids of their own. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InMemoryEventStore } from '../libs/event-store/dist/index.js';
import { openInstance, parseSettings } from '../libs/instance/dist/index.js';
import { openIndex } from '../libs/instance/dist/open-index.js';
import { openStore } from '../libs/instance/dist/open-store.js';
import { systemRandomness } from '../libs/instance/dist/randomness.js';
import { createEngine, createOperations, openKeys } from '../libs/operations/dist/index.js';
import { createAttestor } from '../libs/signing/dist/index.js';

export const TENANT = 'bench';
/** What operations ask of the tree before they write and grant. */
const NO_TREE = { requireWritable: () => undefined, requireIntact: () => undefined };
const POLICY = fileURLToPath(new URL('../docs/policies/loan-approval.yaml', import.meta.url));

/** @returns the environment of a ledger in `folder`; ports are the system's choice */
export function environmentOf(folder) {
  return {
    WRIT_STORE_URL: `sqlite:${join(folder, 'ledger.db')}`,
    WRIT_KEY_FILE: join(folder, 'key.json'),
    WRIT_STATE_DIR: join(folder, 'state'),
    WRIT_LINEAGE_DIR: join(folder, 'lineage'),
    WRIT_MARK_DIR: join(folder, 'mark'),
    WRIT_CHECKPOINT_KEY_FILE: join(folder, 'checkpoint-key.json'),
    WRIT_GRPC_ADDRESS: '127.0.0.1:0',
    WRIT_HTTP_ADDRESS: '127.0.0.1:0',
    WRIT_MIN_FREE_BYTES: '0',
  };
}

/**
 * Opens the ledger, as the server does; where it is new, with the sample loan policy in force.
 * @param options.env settings over those of the folder
 */
export async function openLedger(folder, { create = true, env = {} } = {}) {
  const instance = await openInstance(parseSettings({ ...environmentOf(folder), ...env }), { create });
  const context = { principal: instance.authenticate(undefined) };
  if (create) await putPolicyInForce(instance.operations, context);
  return { instance, operations: instance.operations, context };
}

/** The same ledger on disk, with its index, and without the tree: nothing gets an index, nothing is signed over it. */
export async function openWithoutTree(folder) {
  const settings = parseSettings(environmentOf(folder));
  const { origin } = settings;
  const store = await openStore(settings, { create: true });
  const attestor = await createAttestor({ secretKey: Uint8Array.from(randomBytes(32)), origin, worker: true });
  const keyPorts = { store, attestor, randomness: systemRandomness(), clock: { nowMs: Date.now }, origin };
  const keys = await openKeys(keyPorts, { mayBegin: true });
  const index = openIndex(settings, store, keys);
  const runtime = { version: 'bench', buildDigest: `sha256:${'0'.repeat(64)}` };
  const limits = { maxSkewMs: 2_000, policyMaxStaleMs: 1_000, onAlarm: () => undefined };
  const operations = createOperations(createEngine({ ...keyPorts, index, lineage: NO_TREE, runtime, ...limits }, keys));
  const context = { principal: { actor: { id: 'bench', role: 'operator' }, tenants: '*', actions: '*' } };
  await putPolicyInForce(operations, context);
  const close = async () => {
    await index.close();
    await attestor.close();
    await store.close();
  };
  return { operations, context, close };
}

/**
 * The same pipeline without a store: events go to an array. Without an index too, because that of a store in memory works
 * on the calling thread, where the real one does not.
 */
export async function openWithoutStore() {
  const origin = 'localhost/writ';
  const store = new InMemoryEventStore();
  const attestor = await createAttestor({ secretKey: Uint8Array.from(randomBytes(32)), origin, worker: true });
  const keyPorts = { store, attestor, randomness: systemRandomness(), clock: { nowMs: Date.now }, origin };
  const keys = await openKeys(keyPorts, { mayBegin: true });
  const index = { list: nothing, due: nothing, lag: nothing, close: nothing };
  const runtime = { version: 'bench', buildDigest: `sha256:${'0'.repeat(64)}` };
  const limits = { maxSkewMs: 2_000, policyMaxStaleMs: 1_000, onAlarm: () => undefined };
  const operations = createOperations(createEngine({ ...keyPorts, index, lineage: NO_TREE, runtime, ...limits }, keys));
  const context = { principal: { actor: { id: 'bench', role: 'operator' }, tenants: '*', actions: '*' } };
  await putPolicyInForce(operations, context);
  return { operations, context, close: () => attestor.close() };
}

async function nothing() {
  return [];
}

async function putPolicyInForce(operations, context) {
  const text = readFileSync(POLICY, 'utf8');
  const { policy } = await operations.publishPolicy(context, { tenant: TENANT, text, format: 'yaml' });
  const { policyId, version } = policy;
  await operations.activatePolicy(context, { tenant: TENANT, policyId, version, reason: 'bench' });
}

const run = randomBytes(4).toString('hex');
let applications = 0;

/** An id that no other process or call has. */
export function newExecutionId() {
  applications += 1;
  return `bench-${run}-${applications.toString().padStart(10, '0')}`;
}

/** An application that the policy admits, as `Operations.evaluate` takes it. */
export function newApplication() {
  const executionId = newExecutionId();
  return {
    tenant: TENANT,
    executionId,
    holder: randomBytes(16),
    intent: {
      action: 'loan.disburse',
      subject: 'customer-17',
      policyId: 'loan-approval',
      parameters: { applicationId: executionId, amount: 15_000 },
      signals: {
        credit_score: { value: 720 },
        loan_amount: { value: 15_000 },
        bureau: { value: 'experian', observedAtMs: Date.now() - 1_000 },
      },
    },
  };
}
