import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { WritClient } from '@writ/client';
import { bankLine, payment } from './orders.js';

/**
 * A payment service, at the worst moment: the grant is verified, the money has left, and the report to the ledger has
 * not. The demo kills it there.
 */
interface Task {
  readonly address: string;
  readonly tenant: string;
  readonly origin: string;
  readonly publicKey: string;
  readonly orderId: string;
  readonly folder: string;
  readonly leaseMs: number;
}

const task = JSON.parse(process.argv[2] ?? '{}') as Task;
const client = WritClient.connect({
  address: task.address,
  tenant: task.tenant,
  trust: { origin: task.origin, publicKeys: [Buffer.from(task.publicKey, 'base64')] },
});
await client.executeFromSignals(
  payment(task.orderId, Date.now()),
  async ({ attempt, idempotencyKey }) => {
    appendFileSync(`${task.folder}/bank.jsonl`, `${JSON.stringify(bankLine(idempotencyKey, attempt))}\n`);
    process.stdout.write(`${JSON.stringify({ paid: true, attempt })}\n`);
    await sleep(3_600_000);
  },
  { ttlMs: task.leaseMs },
);
