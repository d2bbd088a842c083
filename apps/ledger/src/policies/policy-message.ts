import type { LintAnswer, PolicyAnswer, PolicyFindingView, PolicyVersionView } from '@writ/operations';

import { eventMessage, timestampMessage } from '../executions/receipt-message.js';
import type { Message } from '../grpc/decode-message.js';

const STATE = { published: 1, in_force: 2, superseded: 3, retired: 4 } as const;

/** writ.v1.PolicyVersion; so for the functions below. */
export function policyVersionMessage(policy: PolicyVersionView): Message {
  return {
    tenant: policy.tenant,
    policyId: policy.policyId,
    version: policy.version,
    digest: policy.digest,
    state: STATE[policy.state],
    publishedAt: timestampMessage(policy.publishedAtMs),
    publishedBy: policy.publishedBy,
    ...(policy.activatedAtMs === undefined ? {} : { activatedAt: timestampMessage(policy.activatedAtMs) }),
    documentJson: policy.document === undefined ? '' : JSON.stringify(policy.document),
    signature: policy.signature,
    keyId: policy.keyId,
  };
}

export function policyAnswerMessage(answer: PolicyAnswer): Message {
  return {
    policy: policyVersionMessage(answer.policy),
    event: eventMessage(answer.event),
    findings: findingMessages(answer.findings),
    replayed: answer.replayed,
  };
}

export function lintMessage(answer: LintAnswer): Message {
  return {
    publishable: answer.publishable,
    digest: answer.digest ?? '',
    findings: findingMessages(answer.findings),
    tests: answer.tests.map((test) => ({ ...test })),
  };
}

function findingMessages(findings: readonly PolicyFindingView[]): Message[] {
  return findings.map((finding) => ({ ...finding }));
}
