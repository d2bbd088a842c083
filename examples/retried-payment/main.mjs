/** An orchestrator's retry calls the same payment twice. Without Writ it is paid twice; with it, once. */
import { readFileSync } from 'node:fs';
import { WritClient } from '@writ/client';
import { startLedger } from './ledger.mjs';
import { runStep } from './orchestrator.mjs';

const bank = {
  payments: [],
  async pay(invoice, amount) {
    this.payments.push({ invoice, amount });
    return { payment: `P-${this.payments.length}` };
  },
  paid: (invoice) => bank.payments.filter((payment) => payment.invoice === invoice).length,
};

// <without>
async function payInvoice(invoice, amount) {
  return bank.pay(invoice, amount);
}
// </without>

// <with>
async function payInvoiceOnce(client, invoice, amount) {
  const intent = {
    executionId: invoice,
    action: 'payment.send',
    subject: 'supplier 7',
    parameters: { invoice, amount },
    signals: { amount },
    policyId: 'supplier-payments',
  };
  return client.executeFromSignals(intent, ({ parameters }) => bank.pay(parameters.invoice, parameters.amount));
}
// </with>

const ledger = await startLedger();
const client = WritClient.connect({ address: ledger.address, tenant: 'acme' });
try {
  await client.policies.publish({ text: readFileSync(new URL('policy.yaml', import.meta.url), 'utf8') });
  await client.policies.activate({ policyId: 'supplier-payments', version: '1.0.0' });

  console.log('without Writ');
  await runStep((call) => told(call, () => payInvoice('INV-1', 250)), { lostAnswers: 1 });
  console.log(`  the bank has paid INV-1 ${times(bank.paid('INV-1'))}\n`);

  console.log('with Writ');
  await runStep((call) => told(call, () => payInvoiceOnce(client, 'INV-2', 250)), { lostAnswers: 2 });
  console.log(`  the bank has paid INV-2 ${times(bank.paid('INV-2'))}\n`);

  const { state, events } = await client.getExecution({ executionId: 'INV-2' });
  console.log(`the ledger says: INV-2 is ${state}`);
  for (const { revision, type } of events) console.log(`  ${revision} ${type}`);
  process.exitCode = bank.paid('INV-2') === 1 ? 0 : 1;
} finally {
  client.close();
  await ledger.stop();
}

async function told(call, step) {
  const outcome = await step();
  console.log(`  call ${call}: ${describe(outcome)}`);
  return outcome;
}

function describe(outcome) {
  switch (outcome.kind) {
    case 'executed':
      return `executed, ${outcome.result.payment}`;
    case 'replayed':
      return `${outcome.error.code}: not run again, it is ${outcome.reason}`;
    case undefined:
      return `paid, ${outcome.payment}`;
    default:
      return outcome.kind;
  }
}

function times(count) {
  return count === 1 ? 'once' : `${count} times`;
}
