/**
 * Fills a ledger through its own operations, in process: `prefill.mjs <events> <settings as JSON>`. Two
 * events for each decision, all of them executions that nobody will ask for again.
 */
import { openInstance, parseSettings } from '../../../../libs/instance/dist/index.js';
import { POLICY_TEXTS, TENANT, transfer } from '../../harness/transfers.mjs';

const CALLERS = 512;
const decisions = Math.ceil(Number(process.argv[2]) / 2);
const instance = await openInstance(parseSettings(JSON.parse(process.argv[3])), { create: true });
const context = { principal: instance.authenticate(undefined) };
for (const { policyId, version, text } of POLICY_TEXTS) {
  await instance.operations.publishPolicy(context, { tenant: TENANT, text, format: 'yaml' });
  await instance.operations.activatePolicy(context, { tenant: TENANT, policyId, version, reason: 'first' });
}
let next = 0;
async function caller() {
  while (next < decisions) {
    const request = transfer(`before-${next++}`);
    const signals = { amount: { value: request.intent.signals.amount } };
    await instance.operations.evaluate(context, { tenant: TENANT, ...request, intent: { ...request.intent, signals } });
  }
}
const begun = performance.now();
await Promise.all(Array.from({ length: CALLERS }, caller));
console.log(JSON.stringify({ decisions, seconds: (performance.now() - begun) / 1_000 }));
await instance.close();
process.exit(0);
