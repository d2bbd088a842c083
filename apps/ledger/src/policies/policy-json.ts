import { formatInstant } from '@writ/encoding';
import type { PolicyAnswer, PolicyVersionView } from '@writ/operations';

import { eventJson } from '../executions/execution-json.js';

/** Answers as HTTP tells them (see `executions/execution-json.ts`). */
export function policyVersionJson({
  publishedAtMs,
  activatedAtMs,
  ...policy
}: PolicyVersionView): Record<string, unknown> {
  return {
    ...policy,
    publishedAt: formatInstant(publishedAtMs),
    ...(activatedAtMs === undefined ? {} : { activatedAt: formatInstant(activatedAtMs) }),
  };
}

export function policyAnswerJson(answer: PolicyAnswer): Record<string, unknown> {
  return { ...answer, policy: policyVersionJson(answer.policy), event: eventJson(answer.event) };
}
