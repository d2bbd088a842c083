import { type WritClient, type ExecuteIntent } from '@writ/client';

interface PaymentTerms {
  readonly policyId: string;
  readonly effect: 'once' | 'idempotent';
  readonly ttl: string;
  readonly maxTtl: string;
}

/** Small payments are admitted, middling ones denied, large ones escalated. */
function paymentPolicy({ policyId, effect, ttl, maxTtl }: PaymentTerms): string {
  return `
id: ${policyId}
version: 1.0.0
action: payment.send
signals:
  amount: { type: int, min: 1, max: 1000, bind: parameters.amount }
rules:
  - { id: small, when: 'signals.amount <= 100', then: admit, reason: small payment }
  - { id: large, when: 'signals.amount > 500', then: escalate, reason: large payment,
      approval: { quorum: 1, roles: [treasurer], ttl: 1h, separationOfDuties: true } }
  - { id: otherwise, when: 'true', then: deny, reason: neither small nor worth asking }
admission: { ttl: 1h, maxEvaluations: 3 }
reservation: { ttl: ${ttl}, maxTtl: ${maxTtl}, effect: ${effect}, maxAttempts: 5 }
tests:
  - { name: small, signals: { amount: 10 }, parameters: { amount: 10 }, expect: { outcome: admit, rule: small } }
`;
}

/** Publishes the payment policies that the suites use: long leases, short ones, and ones that free what lapses. */
export async function publishPaymentPolicies(client: WritClient): Promise<void> {
  const all: PaymentTerms[] = [
    { policyId: 'payments', effect: 'once', ttl: '60s', maxTtl: '5m' },
    { policyId: 'brief-payments', effect: 'once', ttl: '1s', maxTtl: '4s' },
    { policyId: 'repeatable-payments', effect: 'idempotent', ttl: '1s', maxTtl: '4s' },
  ];
  for (const terms of all) {
    await client.policies.publish({ text: paymentPolicy(terms), format: 'yaml' });
    await client.policies.activate({ policyId: terms.policyId, version: '1.0.0' });
  }
}

export function payment(
  executionId: string,
  amount = 10,
  policyId = 'payments',
): ExecuteIntent<{ readonly amount: number; readonly to: string }> {
  return {
    executionId,
    action: 'payment.send',
    subject: 'invoice 1',
    parameters: { amount, to: 'supplier' },
    signals: { amount },
    policyId,
  };
}

/** The resource: counts what really happened, per execution. */
export class FakeBank {
  readonly paid: string[] = [];

  pay(executionId: string): { readonly payment: number } {
    this.paid.push(executionId);
    return { payment: this.paid.length };
  }

  count(executionId: string): number {
    return this.paid.filter((paid) => paid === executionId).length;
  }
}
