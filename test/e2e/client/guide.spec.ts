/** The code of docs/guides/client.md, run: `test/house/guide-snippets.spec.ts` compares the two. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EffectDidNotHappen, newCommitId, WritClient, type ExecuteOutcome } from '@writ/client';
import { removeFolders, startTestServer, type TestServer } from '../harness/server.js';
import { CuttingProxy } from './cutting-proxy.js';
import { payment, publishPaymentPolicies } from './payments.js';

jest.setTimeout(60_000);

let server: TestServer;
let writ: WritClient;
const bank = {
  payments: [] as string[],
  async pay(key: string): Promise<string> {
    this.payments.push(key);
    return `P-${this.payments.length}`;
  },
  decline: false,
};

beforeAll(async () => {
  server = await startTestServer();
  const [address, tenant] = [`127.0.0.1:${server.grpcPort}`, 'acme'];
  // <connect>
  const client = WritClient.connect({ address, tenant });
  // </connect>
  writ = client;
  await publishPaymentPolicies(writ);
});

afterAll(async () => {
  writ.close();
  await server.stop();
  removeFolders();
});

// <execute>
async function payInvoice(invoice: string, amount: number): Promise<string> {
  const outcome = await writ.executeFromSignals(
    {
      executionId: invoice,
      action: 'payment.send',
      subject: 'supplier 7',
      parameters: { invoice, amount },
      signals: { amount },
      policyId: 'payments',
    },
    ({ parameters, idempotencyKey, signal }) => sendMoney(parameters.amount, { idempotencyKey, signal }),
  );
  switch (outcome.kind) {
    case 'executed':
      return `paid: ${outcome.result}`;
    case 'replayed':
      return `not again: ${outcome.reason}`;
    case 'denied':
      return `no: ${outcome.reasons.map(({ text }) => text).join(', ')}`;
    case 'escalated':
      return 'waits for approval';
    case 'failed':
      return 'nothing happened; may be tried again';
    case 'unknown':
      return 'somebody must look';
    case 'unavailable':
      return 'not run: no answer from the ledger';
  }
}
// </execute>

// <did-not-happen>
async function sendMoney(amount: number, options: { idempotencyKey: string; signal: AbortSignal }): Promise<string> {
  if (amount > (await balance())) throw new EffectDidNotHappen('the account is empty');
  options.signal.throwIfAborted();
  return bank.pay(options.idempotencyKey);
}
// </did-not-happen>

async function balance(): Promise<number> {
  return bank.decline ? 0 : 1_000_000;
}

describe('the guide', () => {
  it('shows every outcome of a payment', async () => {
    expect(await payInvoice('I-1', 10)).toBe('paid: P-1');
    expect(await payInvoice('I-1', 10)).toBe('not again: committed');
    expect(await payInvoice('I-2', 300)).toBe('no: neither small nor worth asking');
    expect(await payInvoice('I-3', 900)).toBe('waits for approval');
    bank.decline = true;
    expect(await payInvoice('I-4', 10)).toBe('nothing happened; may be tried again');
    bank.decline = false;
    expect(await payInvoice('I-4', 10)).toBe('paid: P-2');
  });

  it('shows how to go on when no ledger answered', async () => {
    const proxy = await CuttingProxy.to(server.grpcPort);
    const client = WritClient.connect({ address: proxy.address, tenant: 'acme', timeouts: { callMs: 500 } });
    const [intent, effect] = [payment('I-5'), () => bank.pay('I-5')];
    proxy.loseAnswers(1_000);
    // <unavailable>
    let outcome: ExecuteOutcome<string> = await client.executeFromSignals(intent, effect);
    for (let tries = 1; outcome.kind === 'unavailable' && tries <= 3; tries += 1) {
      outcome = await outcome.retry();
    }
    // </unavailable>
    expect(outcome).toMatchObject({ kind: 'unavailable', mayHaveHappened: true });
    proxy.loseAnswers(0);
    if (outcome.kind === 'unavailable') outcome = await outcome.retry();
    expect(outcome.kind).toBe('executed');
    client.close();
    await proxy.close();
  });

  it('shows how an unknown outcome is settled', async () => {
    const outcome = await writ.executeFromSignals(payment('I-6'), () => {
      throw new Error('the bank did not answer');
    });
    const wasPaid = async (): Promise<boolean> => true;
    // <settle>
    if (outcome.kind === 'unknown') {
      if (!outcome.recorded) await writ.commit(outcome.report);
      else if (await wasPaid()) {
        await writ.commit({ ...outcome.report, commitId: newCommitId(), outcome: 'succeeded' });
      }
    }
    // </settle>
    expect((await writ.getExecution({ executionId: 'I-6' })).state).toBe('committed');
  });

  it('shows how to ask again after a denial', async () => {
    const intent = payment('I-7', 300);
    const outcome = await writ.executeFromSignals(intent, () => bank.pay('I-7'));
    // <reevaluate>
    if (outcome.kind === 'denied') {
      const { decisionId } = outcome.decision;
      await writ.executeFromSignals(intent, () => bank.pay('I-7'), { reevaluate: decisionId });
    }
    // </reevaluate>
    const { evaluations, state } = await writ.getExecution({ executionId: 'I-7' });
    expect([evaluations, state]).toEqual([2, 'denied']);
  });

  it('shows how keys are pinned', async () => {
    const file = readFileSync(join(server.folder, '.writ/attestation-key.json'), 'utf8');
    const { publicKey } = JSON.parse(file) as { publicKey: string };
    const address = `127.0.0.1:${server.grpcPort}`;
    // <trust>
    const client = WritClient.connect({
      address,
      tenant: 'acme',
      trust: { origin: 'localhost/writ', publicKeys: [publicKey] },
    });
    // </trust>
    expect((await client.executeFromSignals(payment('I-8'), () => bank.pay('I-8'))).kind).toBe('executed');
    client.close();
    // The generator of the curve is a key, but not this ledger's.
    const stranger = 'Anm+Zn753LusVaBilc6HCwcCm/zbLc4o2VnygVsW+BeY';
    const wary = WritClient.connect({
      address,
      tenant: 'acme',
      trust: { origin: 'localhost/writ', publicKeys: [stranger] },
    });
    const refused = wary.executeFromSignals(payment('I-9'), () => bank.pay('I-9'));
    await expect(refused).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
    expect(bank.payments).not.toContain('I-9');
    wary.close();
  });
});
