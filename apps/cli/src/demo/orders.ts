import type { ExecuteIntent } from '@writ/client';
import type { JsonObject } from '@writ/encoding';

/** The intents of the demo; the policies are those of docs/policies. */

export function loan(id: string, amount: number, score: number, nowMs: number): ExecuteIntent {
  return {
    executionId: id,
    action: 'loan.disburse',
    subject: 'customer-2041',
    policyId: 'loan-approval',
    parameters: { applicationId: id, amount, currency: 'EUR' },
    signals: {
      credit_score: score,
      loan_amount: amount,
      bureau: { value: 'experian', observedAtMs: nowMs - 60_000, source: 'bureau-gateway' },
    },
  };
}

/** A type, not an interface: it has to pass for JSON. */
type ToolCall = { readonly stepId: string; readonly tool: string; readonly path: string };

export function toolCall(id: string, target: string, nowMs: number): ExecuteIntent<ToolCall> {
  return {
    executionId: id,
    action: 'agent.tool.call',
    subject: 'agent-7',
    policyId: 'agent-tool',
    parameters: { stepId: id, tool: 'read_file', path: target },
    signals: {
      tool: 'read_file',
      environment: 'production',
      injection_risk: { value: 0.05, observedAtMs: nowMs - 1_000 },
      targets: { value: [target] },
    },
  };
}

export function payment(id: string, nowMs: number): ExecuteIntent {
  return {
    executionId: id,
    action: 'payment.send',
    subject: 'supplier-88',
    policyId: 'payment',
    parameters: { orderId: id, amountMinor: 12_500, currency: 'EUR', reference: 'INV-000123' },
    signals: {
      amount: 12_500,
      currency: 'EUR',
      sent_today: { value: 0, observedAtMs: nowMs - 1_000 },
      payee_known_since: '2025-06-01T00:00:00.000Z',
      sanctions: { value: 'clear', observedAtMs: nowMs - 5_000, source: 'screening' },
    },
  };
}

/** As it stands in the demo's file of payments that left. */
export function bankLine(orderId: string, attempt: number): JsonObject {
  return { orderId, attempt, bankReference: `BANK-${orderId}` };
}
