import { canonicalText, formatInstant, parseInstant, type JsonObject, type JsonValue } from '@writ/encoding';
import type { PolicyReference } from '@writ/ledger';
import { compilePolicy, parsePolicy, type CompiledPolicy, type Evaluation, type SignalInput } from '@writ/policy';

import { withheldOf } from './check-openings.js';
import { publicationOf } from './check-policy.js';
import type { Findings } from './check-list.js';
import { outcomeOf, type Decision, type DecisionEvent } from './decisions.js';
import type { OpenedEvent } from './opened-stream.js';
import type { PolicyTimeline } from './policy-timeline.js';

const WRAPPED_DEPTH = { maxDepth: 40 } as const;
const MAX_KEPT = 256;

/** Programs of documents, by digest; a verifier of many bundles compiles each policy once. */
export class CompiledPolicies {
  readonly #kept = new Map<string, CompiledPolicy | undefined>();

  /** `undefined` where the document cannot be evaluated, or is not that of the digest. */
  of(document: Readonly<Record<string, unknown>>, digest: string): CompiledPolicy | undefined {
    const text = canonicalText(document);
    if (this.#kept.has(text)) return this.#kept.get(text);
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    const parsed = parsePolicy(text, 'json').document;
    const compiled = parsed === undefined ? undefined : compilePolicy(parsed);
    const own = compiled?.digest === digest ? compiled : undefined;
    this.#kept.set(text, own);
    return own;
  }
}

/**
 * `reevaluation`: the policy that each decision names, asked again with what the bundle opens and the evaluation time
 * that was recorded, decides the very same: outcome, rule, reasons, obligations, diagnostics, terms and validity.
 */
export function checkReevaluation(
  decisions: readonly Decision[],
  timeline: PolicyTimeline,
  policies: CompiledPolicies,
  found: Findings,
): void {
  const [first] = decisions;
  for (const decision of decisions) {
    const { event, opened } = decision;
    const { subject } = opened;
    if (event.data.policy === null) {
      if (!isDenialWithoutPolicy(event)) found.fail('OUTCOME_DIFFERS', subject);
      continue;
    }
    if (withheldOf(opened).length > 0) {
      found.skip('WITHHELD', subject);
      continue;
    }
    if (first !== undefined && !isSameIntent(first.opened, opened)) found.fail('OUTCOME_DIFFERS', subject);
    const compiled = compiledOf(event.data.policy, timeline, policies);
    if (compiled === 'withheld') {
      found.skip('WITHHELD', subject);
    } else if (compiled === undefined) {
      found.fail('POLICY_INVALID', subject);
    } else {
      const differs = differencesOf(decision, compiled);
      if (differs.length > 0)
        found.fail('OUTCOME_DIFFERS', subject, `the policy decides otherwise: ${differs.join(', ')}`);
    }
  }
}

function compiledOf(
  policy: PolicyReference,
  timeline: PolicyTimeline,
  policies: CompiledPolicies,
): CompiledPolicy | undefined | 'withheld' {
  const publication = publicationOf(policy, timeline);
  if (publication === undefined) return timeline.hasWithheld ? 'withheld' : undefined;
  return policies.of(publication.data.document, publication.data.digest);
}

/** Which members of the decision the policy would have made otherwise. */
function differencesOf({ event, opened }: Decision, compiled: CompiledPolicy): string[] {
  const { intent, executionId, evaluatedAt } = event.data;
  const evaluation = compiled.evaluate({
    action: intent.action,
    // What has another shape than the policy asks for is denied by it: nothing here rests on the types.
    subject: valueOf(opened, 'subject') as string,
    parameters: valueOf(opened, 'parameters') as JsonObject,
    signals: Object.fromEntries(Object.keys(intent.signals).map((name) => [name, signalOf(opened, name)])),
    executionId,
    evaluatedAtMs: parseInstant(evaluatedAt),
  });
  const recorded = recordedOf(event);
  const computed = computedOf(event, evaluation, compiled);
  return Object.keys(computed).filter((name) => textOf(recorded[name]) !== textOf(computed[name]));
}

function recordedOf(event: DecisionEvent): Readonly<Record<string, unknown>> {
  const { rule, reasons, obligations, diagnostics, terms } = event.data;
  const common = { outcome: outcomeOf(event), rule, reasons, obligations, diagnostics, terms };
  switch (event.type) {
    case 'DecisionAdmitted':
      return { ...common, validUntil: event.data.validUntil };
    case 'DecisionDenied':
      return common;
    case 'DecisionEscalated':
      return { ...common, validUntil: event.data.validUntil, approval: event.data.approval };
  }
}

/** What `decide` would have recorded of this evaluation. */
function computedOf(
  event: DecisionEvent,
  evaluation: Evaluation,
  { document }: CompiledPolicy,
): Readonly<Record<string, unknown>> {
  const { outcome, rule, reasons, obligations, diagnostics, validUntilMs, approval } = evaluation;
  const terms = { maxEvaluations: document.admission.maxEvaluations, reservation: document.reservation };
  const common = { outcome, rule, reasons, obligations, diagnostics, terms };
  switch (outcome) {
    case 'admitted':
      return { ...common, validUntil: formatInstant(validUntilMs) };
    case 'denied':
      return common;
    case 'escalated': {
      const ttlMs = approval?.ttlMs ?? 0;
      const expiresAtMs = event.recordedAtMs + ttlMs;
      return {
        ...common,
        validUntil: formatInstant(Math.min(validUntilMs, expiresAtMs + ttlMs)),
        approval: { ...approval, expiresAt: formatInstant(expiresAtMs) },
      };
    }
  }
}

function signalOf(opened: OpenedEvent, name: string): SignalInput {
  const { value, observedAt, source } = valueOf(opened, `signal:${name}`) as JsonObject;
  return {
    value: value ?? null,
    ...(observedAt === undefined ? {} : { observedAtMs: parseInstant(observedAt as string) }),
    ...(source === undefined ? {} : { source: source as string }),
  };
}

/** Evaluating again is about the same thing: subject and arguments, whose salts differ. */
function isSameIntent(first: OpenedEvent, again: OpenedEvent): boolean {
  return ['subject', 'parameters'].every((name) => textOf(valueOf(first, name)) === textOf(valueOf(again, name)));
}

function isDenialWithoutPolicy({ type, data }: DecisionEvent): boolean {
  const [reason, ...others] = data.reasons;
  const alone = reason?.code === 'NO_POLICY_IN_FORCE' && others.length === 0;
  return type === 'DecisionDenied' && data.rule === null && alone && data.obligations.length === 0;
}

function valueOf({ openings }: OpenedEvent, name: string): JsonValue {
  return openings[name]?.value ?? null;
}

function textOf(value: unknown): string {
  return value === undefined ? '' : canonicalText(value, WRAPPED_DEPTH);
}
