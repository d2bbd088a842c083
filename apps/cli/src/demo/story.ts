import { appendFileSync, readFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ExecuteIntent, ExecuteOutcome, Execution, Receipt, WritClient } from '@writ/client';
import type { TrustFile } from '@writ/verifier';
import { verifyStore, type StoreVerification } from '@writ/instance';
import { eventsText, outcomeText, receiptText } from '../terminal/show-receipt.js';
import { printable } from '../terminal/style.js';
import type { Narrator } from './narrator.js';
import { bankLine, loan, payment, toolCall } from './orders.js';
import { startPayer, type StoryProcess } from './processes.js';

/** What a scene of the demo plays with. */
export interface Stage {
  readonly client: WritClient;
  readonly narrator: Narrator;
  readonly folder: string;
  readonly address: string;
  readonly trust: TrustFile;
  readonly publicKey: string;
  readonly nowMs: () => number;
  /** Processes to be ended whatever happens. */
  readonly started: StoryProcess[];
}

/** One scene, as `--json` tells it. */
export interface SceneResult {
  readonly scene: string;
  readonly outcome: string;
  readonly [fact: string]: unknown;
}

/** `docs/policies` of the installation. */
const POLICIES = fileURLToPath(new URL('../../../../docs/policies', import.meta.url));
const LEASE_MS = 1_000;
const LOOK_EVERY_MS = 100;
const LAPSE_PATIENCE_MS = 15_000;

/** The story, in order; each scene checks that it went as told, so a demo that ends well is a small proof. */
export async function playStory(stage: Stage): Promise<SceneResult[]> {
  return [
    await publishPolicies(stage),
    await runOnce(stage),
    await runAgain(stage),
    await denied(stage),
    await escalated(stage),
    await agentReads(stage),
    ...(await killedInTheAct(stage)),
  ];
}

async function publishPolicies({ client, narrator }: Stage): Promise<SceneResult> {
  await narrator.scene('Policies say what is admissible. Each is linted, tested by its own tests, signed');
  const files = (await readdir(POLICIES)).filter((name) => name.endsWith('.yaml')).sort();
  const published: string[] = [];
  for (const file of files) {
    const text = await readFile(join(POLICIES, file), 'utf8');
    const { policy } = await client.policies.publish({ text });
    await client.policies.activate({ policyId: policy.policyId, version: policy.version });
    published.push(`${policy.policyId} ${policy.version}`);
    narrator.say(
      `${narrator.style.good('in force')} ${policy.policyId} ${policy.version}  ${policy.digest.slice(0, 26)}…`,
    );
  }
  return { scene: 'policies', outcome: 'published', policies: published };
}

/** The bank of the story: a file that every payout is appended to. */
function payOut({ folder }: Stage, id: string, attempt: number): { readonly bankReference: string } {
  appendFileSync(join(folder, 'bank.jsonl'), `${JSON.stringify(bankLine(id, attempt))}\n`);
  return { bankReference: `BANK-${id}` };
}

function payoutsOf({ folder }: Stage, id: string): number {
  const lines = readFileSync(join(folder, 'bank.jsonl'), 'utf8').split('\n').filter(Boolean);
  return lines.filter((line) => (JSON.parse(line) as { orderId: string }).orderId === id).length;
}

async function askToPay(stage: Stage, intent: ExecuteIntent): Promise<ExecuteOutcome<unknown>> {
  return stage.client.executeFromSignals(intent, ({ attempt, idempotencyKey }) =>
    payOut(stage, idempotencyKey, attempt),
  );
}

async function runOnce(stage: Stage): Promise<SceneResult> {
  const { narrator } = stage;
  await narrator.scene('A loan within the limits: admitted, reserved, paid out, committed');
  const outcome = await askToPay(stage, loan('loan-1001', 15_000, 720, stage.nowMs()));
  if (outcome.kind !== 'executed') throw unexpected('runOnce', outcome.kind);
  narrator.say(receiptText(outcome.receipt, narrator.style));
  return { scene: 'admitted', outcome: outcome.kind, attempt: outcome.attempt, payouts: payoutsOf(stage, 'loan-1001') };
}

async function runAgain(stage: Stage): Promise<SceneResult> {
  const { narrator } = stage;
  const { style } = narrator;
  await narrator.scene('The same loan again, as a retry or a re-planning agent would: INV-013, and nothing runs');
  const outcome = await askToPay(stage, loan('loan-1001', 15_000, 720, stage.nowMs()));
  const payouts = payoutsOf(stage, 'loan-1001');
  if (outcome.kind !== 'replayed' || payouts !== 1) throw unexpected('runAgain', `${outcome.kind}, ${payouts} payouts`);
  narrator.say(`${style.bad(outcome.error.code)} ${printable(outcome.error.message)}`);
  narrator.say(`the error carries the original receipt of ${printable(outcome.receipt?.executionId ?? '')}`);
  narrator.say(`payouts at the bank: ${style.bold(String(payouts))}`);
  return { scene: 'again', outcome: outcome.error.code, reason: outcome.reason, payouts };
}

async function denied(stage: Stage): Promise<SceneResult> {
  const { narrator } = stage;
  await narrator.scene('A score below the limit: denied, with the reason and the clause that failed, signed too');
  const outcome = await askToPay(stage, loan('loan-1002', 15_000, 640, stage.nowMs()));
  if (outcome.kind !== 'denied') throw unexpected('denied', outcome.kind);
  narrator.say(receiptText(outcome.receipt, narrator.style));
  return { scene: 'denied', outcome: outcome.kind, reasons: outcome.reasons };
}

async function escalated(stage: Stage): Promise<SceneResult> {
  const { narrator } = stage;
  await narrator.scene('A large loan: escalated, two credit officers would have to approve');
  const outcome = await askToPay(stage, loan('loan-1003', 50_000, 790, stage.nowMs()));
  if (outcome.kind !== 'escalated') throw unexpected('escalated', outcome.kind);
  narrator.say(receiptText(outcome.receipt, narrator.style));
  return { scene: 'escalated', outcome: outcome.kind, reasons: outcome.reasons };
}

async function agentReads(stage: Stage): Promise<SceneResult> {
  const { narrator, client } = stage;
  await narrator.scene('An AI agent asks for two tool calls: one inside its workspace, one outside');
  const calls = [
    toolCall('step-1', '/workspace/notes.md', stage.nowMs()),
    toolCall('step-2', '/etc/passwd', stage.nowMs()),
  ];
  const outcomes: string[] = [];
  for (const call of calls) {
    const outcome = await client.executeFromSignals(call, ({ parameters }) => ({ read: parameters.path }));
    outcomes.push(outcome.kind);
    const reasons = outcome.kind === 'denied' ? `: ${outcome.reasons.map(({ text }) => text).join(', ')}` : '';
    const shown =
      outcome.kind === 'executed' ? narrator.style.good(outcome.kind) : outcomeText(outcome.kind, narrator.style);
    narrator.say(`read_file ${call.parameters.path}  ${shown}${printable(reasons)}`);
  }
  if (outcomes.join() !== 'executed,denied') throw unexpected('agentReads', outcomes.join());
  return { scene: 'agent', outcome: outcomes.join(', ') };
}

async function killedInTheAct(stage: Stage): Promise<SceneResult[]> {
  const { narrator, client, address, publicKey, trust, folder } = stage;
  const { style } = narrator;
  const orderId = 'order-4711';
  await narrator.scene('A payment service gets a grant, pays, and is killed before it can report (SIGKILL)');
  // 1. Another process holds the reservation; its payment has left.
  const task = { address, publicKey, origin: trust.origin, tenant: client.tenant, orderId, leaseMs: LEASE_MS };
  const payer = await startPayer(folder, task);
  stage.started.push(payer);
  const before = await client.getExecution({ executionId: orderId });
  narrator.say(`process ${payer.pid} holds attempt ${before.attempts}: ${outcomeText(before.state, style)}`);
  // 2. Killed, for real.
  await payer.end('SIGKILL');
  narrator.say(`process ${payer.pid} ${style.bad('killed')}`);
  // 3. Its lease ends. What became of the payment, nobody has told: the policy holds it for a person.
  const lapsed = await untilUnknown(stage, orderId);
  narrator.say(`the lease is over: ${outcomeText(lapsed.state, style)}`);
  const retry = await askToPay(stage, payment(orderId, stage.nowMs()));
  if (retry.kind !== 'replayed') throw unexpected('killedInTheAct', retry.kind);
  narrator.say(`somebody else tries: ${style.bad(retry.error.code)} ${printable(retry.error.message)}`);
  const killed: SceneResult = { scene: 'killed', outcome: lapsed.state, pid: payer.pid, retry: retry.error.code };
  // 4. A person looks at the bank, and says what is true.
  const reconciled = await reconcile(stage, orderId);
  return [killed, reconciled];
}

async function reconcile(stage: Stage, orderId: string): Promise<SceneResult> {
  const { narrator, client } = stage;
  await narrator.scene('A person looks at the bank, finds the payment there, and reconciles');
  const payouts = payoutsOf(stage, orderId);
  narrator.say(`the bank shows ${payouts} payment for ${orderId}`);
  const { receipt }: { readonly receipt: Receipt } = await client.reconcile({
    executionId: orderId,
    attempt: 1,
    outcome: 'succeeded',
    reason: `the bank shows BANK-${orderId}`,
  });
  const execution = await client.getExecution({ executionId: orderId });
  if (execution.state !== 'committed' || payouts !== 1) throw unexpected('reconcile', execution.state);
  narrator.say(`${outcomeText(execution.state, narrator.style)}; the whole story stays in the ledger:`);
  narrator.say(eventsText(execution.events, narrator.style));
  return { scene: 'reconciled', outcome: execution.state, payouts, events: receipt.events.map(({ type }) => type) };
}

async function untilUnknown({ client, nowMs }: Stage, executionId: string): Promise<Execution> {
  const endMs = nowMs() + LAPSE_PATIENCE_MS;
  for (;;) {
    const execution = await client.getExecution({ executionId });
    if (execution.state === 'unknown') return execution;
    if (nowMs() > endMs) throw unexpected('untilUnknown', execution.state);
    await sleep(LOOK_EVERY_MS);
  }
}

/** Reads the store beside the running server, and verifies every attestation in it. */
export async function verifyAll({ narrator, folder, trust }: Stage): Promise<StoreVerification> {
  await narrator.scene('Every event in the store is signed, as it stands: checked with the public key alone');
  const result = await verifyStore({ kind: 'sqlite', path: join(folder, 'ledger.db') }, trust);
  if (result.signed !== result.events) throw unexpected('verifyAll', `${result.events - result.signed} not signed`);
  narrator.say(`${narrator.style.good('signed')}: all ${result.events} events, by key ${trust.keys[0]?.keyId ?? ''}`);
  return result;
}

function unexpected(scene: string, what: string): Error {
  return new Error(`the demo did not go as told: ${scene} came to ${what}`);
}
