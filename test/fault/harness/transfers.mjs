import { randomBytes } from 'node:crypto';
import { parametersCommitment, parseGrant } from '../../../libs/evidence/dist/index.js';
import { newEventId } from './sample.mjs';

/** What the server suites ask for: a transfer of money that the policy always admits. Plain JavaScript, for children. */

export const TENANT = 'acme';

const POLICIES = {
  transfers: { effect: 'once', ttl: '1h', maxTtl: '1h' },
  'brief-transfers': { effect: 'once', ttl: '1s', maxTtl: '2s' },
  'repeatable-transfers': { effect: 'idempotent', ttl: '1s', maxTtl: '2s' },
};

export const POLICY_TEXTS = Object.entries(POLICIES).map(([policyId, { effect, ttl, maxTtl }]) => ({
  policyId,
  version: '1.0.0',
  text: `
id: ${policyId}
version: 1.0.0
action: money.transfer
signals:
  amount: { type: int, min: 1, max: 1000, bind: parameters.amount }
rules:
  - { id: small, when: 'signals.amount <= 100', then: admit, reason: a small transfer }
  - { id: otherwise, when: 'true', then: deny, reason: not a small one }
admission: { ttl: 7d, maxEvaluations: 5 }
reservation: { ttl: ${ttl}, maxTtl: ${maxTtl}, effect: ${effect}, maxAttempts: 20 }
tests:
  - { name: small, signals: { amount: 10 }, parameters: { amount: 10 }, expect: { outcome: admit, rule: small } }
`,
}));

/** @param client a WritClient */
export async function publishTransferPolicies(client) {
  for (const { policyId, version, text } of POLICY_TEXTS) {
    await client.policies.publish({ text, format: 'yaml' });
    await client.policies.activate({ policyId, version });
  }
}

export function newHolder() {
  return randomBytes(16);
}

export function transfer(executionId, { policyId = 'transfers', amount = 10, holder = newHolder() } = {}) {
  return {
    executionId,
    ...(holder === null ? {} : { holder }),
    intent: {
      action: 'money.transfer',
      subject: `account of ${executionId}`,
      parameters: { amount, to: 'supplier' },
      signals: { amount },
      policyId,
    },
  };
}

/** The report of the run that `grant` allowed. */
export function commitOf(request, grant, over = {}) {
  const parsed = parseGrant(grant.payload);
  return {
    executionId: request.executionId,
    attempt: parsed.attempt,
    holder: request.holder,
    commitId: newEventId(),
    outcome: 'succeeded',
    parameters: parametersCommitment(parsed, request.intent.parameters),
    result: { transfer: request.executionId },
    ...over,
  };
}
