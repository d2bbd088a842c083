/** Begins a run and says so; its parent kills it then. Arguments: address, execution id, policy id. */
import { WritClient } from '@writ/client';

const [address, executionId, policyId] = process.argv.slice(2);
const client = WritClient.connect({ address, tenant: 'acme' });
const intent = {
  executionId,
  action: 'payment.send',
  subject: 'invoice 1',
  parameters: { amount: 10, to: 'supplier' },
  signals: { amount: 10 },
  policyId,
};
await client.executeFromSignals(intent, async () => {
  console.log('running');
  await new Promise((resolve) => setTimeout(resolve, 60_000));
});
