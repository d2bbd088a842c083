import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  parseExecutionId,
  parsePolicyId,
  parseTenant,
  type Digest,
  type EventId,
  type ExecutionId,
  type JsonValue,
} from '@writ/encoding';
import { isErrorCode, LedgerError } from '@writ/errors';
import { InMemoryEventStore, type EventStore } from '@writ/event-store';
import { parametersCommitment, parseGrant, type SignedGrant } from '@writ/evidence';
import {
  createAttestor,
  memoryKeyRing,
  SwitchingAttestor,
  type Attestor,
  type KeyRing,
  type KeySource,
} from '@writ/signing';
import { NO_KEYS } from '@writ/ledger';
import { createOperations } from './create-operations.js';
import { createEngine, type Engine } from './engine.js';
import type { ExecutionIndex } from './execution-index.js';
import { TestLineage } from './lineage.fixture.js';
import { FollowedKeys } from './followed-keys.js';
import { keyToSignWith, NodeKeys } from './node-keys.js';
import { openKeys } from './open-keys.js';
import type { CallContext, EvaluateRequest, ExecutionName, Operations, Principal } from './operations.js';
import type { Alarm, OperationsPorts } from './ports.js';

/** A ledger in memory with a real signer, a clock that tests turn, and ids that count up. */
export interface TestLedger {
  readonly operations: Operations;
  readonly engine: Engine;
  readonly store: EventStore;
  readonly attestor: Attestor;
  readonly lineage: TestLineage;
  readonly alarms: Alarm[];
  /** Names that the sweeper will be told are due. */
  readonly due: ExecutionName[];
  /** Milliseconds since 1970; set it to move time. */
  nowMs: number;
  /** Another node on the same store, with the same keys unless it brings a ring: its own memory. */
  secondNode(change?: { readonly ring?: KeyRing }): Promise<TestLedger>;
  close(): Promise<void>;
}

export const START_MS = Date.UTC(2026, 0, 15, 12);
export const SECRET_KEY = new Uint8Array(32).fill(7);
export const ORIGIN = 'ledger.test/one';
export const ACME = parseTenant('acme');
export const LOAN = parsePolicyId('loan-approval');
export const MAX_SKEW_MS = 2_000;

export const operator: CallContext = { principal: principal('operator', 'olga') };
export const caller: CallContext = { principal: principal('caller', 'service-a', ['acme']) };
export const auditor: CallContext = { principal: principal('auditor', 'ada') };

export function principal(
  role: Principal['actor']['role'],
  id: string,
  tenants: Principal['tenants'] = '*',
  actions: Principal['actions'] = '*',
): Principal {
  return { actor: { id, role }, tenants, actions };
}

interface TestLedgerOptions {
  readonly store?: EventStore;
  readonly secretKey?: Uint8Array;
  /** Instead of `secretKey`; nodes that share it have each other's keys. */
  readonly ring?: KeyRing;
  readonly origin?: string;
  readonly nowMs?: number;
  readonly mayBegin?: boolean;
  readonly policyMaxStaleMs?: number;
}

let ids = 0;

export async function openTestLedger(options: TestLedgerOptions = {}): Promise<TestLedger> {
  const { store = new InMemoryEventStore(), secretKey = SECRET_KEY, origin = ORIGIN } = options;
  const ring = options.ring ?? memoryKeyRing(secretKey);
  const pinned = { origin, keys: [ring.root] };
  const open = (source: KeySource): Promise<Attestor> => createAttestor({ ...source, origin, worker: false });
  const { state } = await FollowedKeys.read(store, pinned).catch(() => ({ state: NO_KEYS }));
  const source = (await keyToSignWith(state, ring))?.source ?? { secretKey };
  const attestor = new SwitchingAttestor(await open(source));
  const alarms: Alarm[] = [];
  const due: ExecutionName[] = [];
  const time = { nowMs: options.nowMs ?? START_MS };
  const index: ExecutionIndex = {
    list: async () => ({ executions: [] }),
    due: async () => due,
    lag: async () => ({ position: null, behind: 0n }),
    close: async () => undefined,
  };
  const lineage = new TestLineage(store, origin);
  const clock = { nowMs: () => time.nowMs };
  const randomness = { bytes: countedBytes, eventId: countedId };
  const onAlarm = (alarm: Alarm): number => alarms.push(alarm);
  const keyPorts = { origin, store, attestor, clock, randomness };
  const keys = await openKeys(keyPorts, { mayBegin: options.mayBegin ?? true, pinned });
  const nodeKeys = new NodeKeys({ ring, keys, attestor, open, onAlarm, settleMs: 0 });
  const ports: OperationsPorts = {
    ...keyPorts,
    nodeKeys,
    lineage,
    index,
    runtime: { version: 'writ/test', buildDigest: `sha256:${'0'.repeat(64)}` as Digest },
    maxSkewMs: MAX_SKEW_MS,
    policyMaxStaleMs: options.policyMaxStaleMs ?? 1_000,
    onAlarm,
  };
  const engine = createEngine(ports, keys);
  return {
    operations: createOperations(engine),
    engine,
    store,
    attestor,
    lineage,
    alarms,
    due,
    get nowMs() {
      return time.nowMs;
    },
    set nowMs(value: number) {
      time.nowMs = value;
    },
    secondNode: (change) => openTestLedger({ ring, ...options, ...change, store, nowMs: time.nowMs }),
    close: async () => {
      await nodeKeys.close();
      await attestor.close();
      await store.close();
    },
  };
}

/** With the sample loan policy of `docs/policies` in force. */
export async function openLoanLedger(options: TestLedgerOptions = {}): Promise<TestLedger> {
  const ledger = await openTestLedger(options);
  await putInForce(ledger, loanPolicy());
  return ledger;
}

export async function putInForce(ledger: TestLedger, text: string): Promise<void> {
  const { policy } = await ledger.operations.publishPolicy(operator, { tenant: ACME, text, format: 'yaml' });
  const { policyId, version } = policy;
  await ledger.operations.activatePolicy(operator, { tenant: ACME, policyId, version, reason: 'for the test' });
}

export function loanPolicy(change: (text: string) => string = (text) => text): string {
  return change(readFileSync(join(__dirname, '../../../docs/policies/loan-approval.yaml'), 'utf8'));
}

export function named(executionId: string): ExecutionName & { readonly executionId: ExecutionId } {
  return { tenant: ACME, executionId: parseExecutionId(executionId) };
}

/** A different holder for each number. */
export function holder(number: number): Uint8Array {
  return new Uint8Array(16).fill(number);
}

/** An application that the loan policy admits (`score` 720), denies (600) or escalates (`amount` above 20,000). */
export function loan(
  executionId: string,
  change: { score?: number; amount?: number; holder?: Uint8Array | null; nowMs?: number } = {},
): EvaluateRequest {
  const amount = change.amount ?? 15_000;
  return {
    ...named(executionId),
    holder: change.holder === undefined ? holder(1) : change.holder,
    intent: {
      action: 'loan.disburse',
      subject: 'customer-17',
      policyId: LOAN,
      parameters: { applicationId: executionId, amount },
      signals: {
        credit_score: { value: change.score ?? 720 },
        loan_amount: { value: amount },
        bureau: { value: 'experian', observedAtMs: (change.nowMs ?? START_MS) - 1_000 },
      },
    },
  };
}

/** What a holder reports after having run with exactly the granted arguments. */
export function report(
  request: EvaluateRequest,
  grant: SignedGrant,
  change: { outcome?: 'succeeded' | 'failed' | 'unknown'; commitId?: string; result?: JsonValue } = {},
) {
  const granted = parseGrant(grant.payload);
  return {
    tenant: request.tenant,
    executionId: request.executionId,
    attempt: granted.attempt,
    holder: request.holder ?? holder(1),
    commitId: change.commitId ?? countedId(),
    outcome: change.outcome ?? ('succeeded' as const),
    parameters: parametersCommitment(granted, request.intent.parameters),
    ...(change.result === undefined ? {} : { result: change.result }),
  };
}

/** The code that a call is refused with; `undefined` where it is not. */
export async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  return (await errorOf(call))?.code;
}

export async function errorOf(call: Promise<unknown>): Promise<LedgerError | undefined> {
  try {
    await call;
  } catch (error) {
    if (error instanceof LedgerError && isErrorCode(error.code)) return error;
    throw error;
  }
  return undefined;
}

/** Types of the events of a stream, in order. */
export async function typesIn(ledger: TestLedger, stream: string): Promise<string[]> {
  return (await ledger.store.readStream(stream)).map((event) => event.type);
}

/** Ids and salts count up over all ledgers of a test file, so no two are equal. */
export function countedId(): EventId {
  ids += 1;
  return `018f0000-0000-7000-8000-${ids.toString(16).padStart(12, '0')}` as EventId;
}

function countedBytes(lengthBytes: number): Uint8Array {
  ids += 1;
  const bytes = new Uint8Array(lengthBytes);
  new DataView(bytes.buffer).setUint32(0, ids);
  return bytes;
}
