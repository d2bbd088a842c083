import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { http, type Json } from './clients.js';

/** The loan policy of docs/policies, and requests that it admits, denies and escalates. */
const POLICY_TEXT = readFileSync(resolve(__dirname, '../../../docs/policies/loan-approval.yaml'), 'utf8');
export const POLICY_ID = 'loan-approval';

/** Publishes the loan policy and puts it in force. */
export async function publishLoanPolicy(httpPort: number, tenant: string, token?: string): Promise<string> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const published = await http(httpPort, 'POST', `/v1/${tenant}/policies`, { text: POLICY_TEXT }, headers);
  if (published.status !== 200) throw new Error(JSON.stringify(published.body));
  const { version } = published.body.policy;
  const path = `/v1/${tenant}/policies/${POLICY_ID}/activate`;
  const activated = await http(httpPort, 'POST', path, { version, reason: 'test' }, headers);
  if (activated.status !== 200) throw new Error(JSON.stringify(activated.body));
  return version;
}

interface Loan {
  readonly tenant?: string;
  readonly score?: number;
  readonly amount?: number;
}

/** writ.v1.EvaluateRequest for a loan; admitted unless `score` or `amount` say otherwise. */
export function evaluateRequest(
  executionId: string,
  { tenant = 'acme', score = 720, amount = 15_000 }: Loan = {},
): Json {
  return {
    tenant,
    executionId,
    holder: randomBytes(16),
    intent: {
      action: 'loan.disburse',
      subject: `borrower of ${executionId}`,
      parametersJson: JSON.stringify({ applicationId: executionId, amount }),
      policyId: POLICY_ID,
      signals: {
        credit_score: { valueJson: String(score) },
        loan_amount: { valueJson: String(amount) },
        bureau: { valueJson: '"experian"', observedAt: new Date().toISOString() },
      },
    },
  };
}

/** The same as the body of `POST /v1/{tenant}/executions/{executionId}/evaluate`. */
export function evaluateBody(executionId: string, loan: Loan = {}): Json {
  const { holder, intent } = evaluateRequest(executionId, loan);
  return {
    holder: (holder as Buffer).toString('base64'),
    intent: {
      action: intent.action,
      subject: intent.subject,
      parameters: JSON.parse(intent.parametersJson),
      policyId: intent.policyId,
      signals: Object.fromEntries(
        Object.entries(intent.signals as Record<string, Json>).map(([name, { valueJson, ...rest }]) => [
          name,
          { value: JSON.parse(valueJson as string), ...rest },
        ]),
      ),
    },
  };
}
