import { resolve } from 'node:path';

import { runCli } from '@writ/cli';

export const ROOT = resolve(__dirname, '../../..');
export const POLICIES = resolve(ROOT, 'docs/policies');

/** What one command line did. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as the one JSON document that `--json` promises. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  json(): any;
  /** Standard output as JSON Lines. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  lines(): any[];
}

export interface Circumstances {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly terminal?: boolean;
  readonly interrupted?: AbortSignal;
}

/** Runs `writ ...args` in this process. */
export async function writ(args: readonly string[], circumstances: Circumstances = {}): Promise<Ran> {
  const { env = {}, stdin = '', terminal = false, interrupted = new AbortController().signal } = circumstances;
  let stdout = '';
  let stderr = '';
  const exitCode = await runCli(args, {
    env,
    stdout: { write: (text) => void (stdout += text), isTerminal: terminal, columns: 100 },
    stderr: { write: (text) => void (stderr += text), isTerminal: terminal, columns: 100 },
    readStdin: async () => stdin,
    nowMs: () => Date.now(),
    interrupted,
  });
  const lines = () =>
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return { exitCode, stdout, stderr, json: () => JSON.parse(stdout), lines };
}

/** An intent that the payment policy admits. */
export function order(executionId: string, changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    executionId,
    action: 'payment.send',
    subject: 'supplier-88',
    policyId: 'payment',
    parameters: argumentsOf(executionId),
    signals: {
      amount: 12_500,
      currency: 'EUR',
      sent_today: { value: 0, observedAt: '1s' },
      payee_known_since: '2025-06-01T00:00:00.000Z',
      sanctions: { value: 'clear', observedAt: '5s', source: 'screening' },
      ...changes,
    },
  });
}

export function argumentsOf(executionId: string): Readonly<Record<string, unknown>> {
  return { orderId: executionId, amountMinor: 12_500, currency: 'EUR', reference: 'INV-000123' };
}
