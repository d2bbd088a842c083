/**
 * Plays the story of a small ledger on the real operations, with a clock that is turned by hand and randomness that is
 * none, and writes every event as the store has it, one JSON object a line. Run once for each format that freezes:
 *
 *   npm run build && node test/golden/make-history.mjs test/golden/v1/history.jsonl
 *
 * What is written then stays as it is for ever; `golden.spec.ts` holds every later build to it.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseExecutionId, parsePolicyId, parseTenant } from '@writ/encoding';
import { InMemoryEventStore } from '@writ/event-store';
import { parametersCommitment, parseGrant } from '@writ/evidence';
import { createEngine, createOperations, openKeys } from '@writ/operations';
import { createAttestor } from '@writ/signing';

const ORIGIN = 'ledger.example/golden';
const TENANT = parseTenant('acme');
const LOAN = parsePolicyId('loan-approval');
const START_MS = Date.UTC(2026, 0, 15, 12);

let nowMs = START_MS;
let drawn = 0;
/** Looks random, is the same every time. */
function bytes(lengthBytes) {
  drawn += 1;
  return new Uint8Array(createHash('sha256').update(`golden ${drawn}`).digest().subarray(0, lengthBytes));
}
/** UUIDv7 (RFC 9562 section 5.7) of the turned clock. */
function eventId() {
  const hex = Buffer.from(bytes(10)).toString('hex');
  const time = nowMs.toString(16).padStart(12, '0');
  const variant = ((parseInt(hex[3], 16) & 0x3) | 0x8).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(7, 19)}`;
}
const later = (seconds) => {
  nowMs += seconds * 1_000 + 137;
};

const store = new InMemoryEventStore();
const attestor = await createAttestor({ secretKey: new Uint8Array(32).fill(0x21), origin: ORIGIN, worker: false });
const ports = {
  origin: ORIGIN,
  store,
  attestor,
  index: {
    list: async () => ({ executions: [] }),
    due: async () => [],
    lag: async () => ({ position: null, behind: 0n }),
    close: async () => undefined,
  },
  lineage: {
    requireWritable: () => undefined,
    standings: async (ids) => ids.map(() => ({ kind: 'recorded' })),
  },
  runtime: { version: 'writ/0.1.0', buildDigest: `sha256:${createHash('sha256').update('golden').digest('hex')}` },
  clock: { nowMs: () => nowMs },
  randomness: { bytes, eventId },
  maxSkewMs: 2_000,
  policyMaxStaleMs: 0,
  onAlarm: (alarm) => {
    throw new Error(JSON.stringify(alarm));
  },
};
const operations = createOperations(createEngine(ports, await openKeys(ports, { mayBegin: true })));

const as = (role, id) => ({ principal: { actor: { id, role }, tenants: '*', actions: '*' } });
const operator = as('operator', 'olga');
const service = as('caller', 'service-a');
const other = as('caller', 'service-b');
const holder = (number) => new Uint8Array(16).fill(number);

async function putInForce(text, version) {
  await operations.publishPolicy(operator, { tenant: TENANT, text, format: 'yaml' });
  later(5);
  await operations.activatePolicy(operator, {
    tenant: TENANT,
    policyId: LOAN,
    version,
    reason: 'reviewed by the board',
  });
  later(5);
}

function application(id, { score = 720, amount = 15_000, ...rest } = {}) {
  const executionId = parseExecutionId(id);
  const intent = {
    action: 'loan.disburse',
    subject: `customer of ${id}`,
    policyId: LOAN,
    parameters: { applicationId: id, amount, note: 'Zürich — 日本 ✓' },
    signals: {
      credit_score: { value: score },
      loan_amount: { value: amount },
      bureau: { value: 'experian', observedAtMs: START_MS - 60_000, source: 'https://bureau.example/v2' },
    },
  };
  return { tenant: TENANT, executionId, intent, holder: holder(1), ...rest };
}

async function report(request, { grant }, outcome, result) {
  const granted = parseGrant(grant.payload);
  await operations.commit(service, {
    tenant: TENANT,
    executionId: request.executionId,
    attempt: granted.attempt,
    holder: request.holder,
    commitId: eventId(),
    outcome,
    parameters: parametersCommitment(granted, request.intent.parameters),
    ...(result === undefined ? {} : { result }),
  });
  later(1);
}

async function run(id, change = {}) {
  const request = application(id, change);
  const answer = await operations.evaluate(service, request);
  later(2);
  return { request, answer };
}

const policy = readFileSync(new URL('../../docs/policies/loan-approval.yaml', import.meta.url), 'utf8');
await putInForce(policy, '1.0.3');

// Runs and is committed; somebody else, who comes too late, is refused.
const paid = await run('loan-1');
await report(paid.request, paid.answer, 'succeeded', { transfer: 'T-1001', amount: 15_000 });
await operations.evaluate(other, { ...application('loan-1'), holder: holder(9) }).catch((error) => {
  if (error.code !== 'INV-013') throw error;
});
later(1);

// Denied, asked again with another score, admitted, failed once, run again.
const denied = await run('loan-2', { score: 600, holder: null });
const { decisionId } = denied.answer.receipt.decision;
const again = await run('loan-2', { score: 705, reevaluate: decisionId, holder: holder(2) });
await report(again.request, again.answer, 'failed', { error: 'bank closed' });
later(310);
const second = await operations.reserve(service, { ...again.request, holder: holder(3) });
await report({ ...again.request, holder: holder(3) }, second, 'succeeded');

// Waits for two people.
await run('loan-3', { amount: 50_000 });

// Nobody knows how it ended, until an operator does.
const lost = await run('loan-4');
await report(lost.request, lost.answer, 'unknown');
await operations.reconcile(operator, {
  tenant: TENANT,
  executionId: lost.request.executionId,
  attempt: 1,
  outcome: 'succeeded',
  reason: 'the bank shows the transfer',
});
later(1);

// Three at once, signed together.
await Promise.all(['loan-5', 'loan-6', 'loan-7'].map((id) => run(id)));

// A stricter version takes over; what was decided before stays decided.
const strict = policy
  .replace('version: 1.0.3', 'version: 1.1.0')
  .replaceAll('>= 700', '>= 715')
  .replace('{ credit_score: 700,', '{ credit_score: 715,');
await putInForce(strict, '1.1.0');
const late = await run('loan-8', { score: 710, holder: null });
if (late.answer.receipt.decision.outcome !== 'denied') throw new Error('the stricter version should have denied');
await run('loan-9', { score: 716 });

const lines = [];
for (const event of await store.readAll({ maxCount: 4_096 })) {
  const { stream, revision, type, typeVersion, data, metadata } = event;
  const text = (from) => Buffer.from(from).toString('utf8');
  lines.push(
    `${JSON.stringify({ stream, revision: String(revision), eventId: event.eventId, type, typeVersion, data: text(data), metadata: text(metadata) })}\n`,
  );
}
writeFileSync(process.argv[2], lines.join(''));
await attestor.close();
console.log(`${lines.length} events`);
