import { digestOf, parseInstant } from '@writ/encoding';
import { publicationMessage, type VerifySignature } from '@writ/evidence';
import type { LedgerEvent, PolicyReference } from '@writ/ledger';

import { verifyPlain, type Signing } from './check-keys.js';
import type { Findings } from './check-list.js';
import type { Decision } from './decisions.js';
import type { KeyHistory } from './key-history.js';
import type { PolicyTimeline } from './policy-timeline.js';

/** `policyDigest`: what each decision names was published with that very content, and was activated. */
export function checkPolicyDigest(decisions: readonly Decision[], timeline: PolicyTimeline, found: Findings): void {
  for (const { event, opened } of decisions) {
    const { policy, intent } = event.data;
    const { subject } = opened;
    // Also of a denial without a policy: beside another policy's stream it would seem that none was in force.
    if (intent.policyId !== timeline.policyId) found.fail('POLICY_DIGEST_MISMATCH', subject);
    if (policy === null) {
      found.remark('NO_POLICY', subject);
      continue;
    }
    if (policy.policyId !== intent.policyId) found.fail('POLICY_DIGEST_MISMATCH', subject);
    const activation = activationOf(policy, timeline)?.data;
    if (activation === undefined) found.fail('POLICY_MISSING', subject);
    else if (!isOfPolicy(policy, activation)) found.fail('POLICY_DIGEST_MISMATCH', subject);
    const publication = publicationOf(policy, timeline);
    if (publication !== undefined) {
      if (!isDocumentOf(policy, publication)) found.fail('POLICY_DIGEST_MISMATCH', subject);
    } else if (timeline.hasWithheld) {
      found.skip('WITHHELD', subject);
    } else {
      found.fail('POLICY_MISSING', subject);
    }
  }
}

/** `publication`: the ledger signed that it published each document that decided. */
export function checkPublication(
  decisions: readonly Decision[],
  timeline: PolicyTimeline,
  origin: string,
  history: KeyHistory,
  verify: VerifySignature,
  found: Findings,
): void {
  const seen = new Set<unknown>();
  for (const { event, opened } of decisions) {
    const { policy } = event.data;
    if (policy === null) continue;
    const publication = publicationOf(policy, timeline);
    // Decisions share publications: each is verified once.
    if (publication !== undefined && seen.has(publication)) continue;
    seen.add(publication);
    if (publication === undefined) {
      found.skip(timeline.hasWithheld ? 'WITHHELD' : 'RESTS_ON_FAILED', opened.subject);
      continue;
    }
    const { tenant, policyId, version, digest, signature, keyId } = publication.data;
    const message = publicationMessage({ origin, tenant, policyId, version, digest });
    const code = verifyPlain(message, signature, keyId, history, verify);
    if (code === 'KEY_UNKNOWN') found.skip(code, opened.subject);
    else if (code !== undefined) found.fail(code, opened.subject);
  }
}

/** The keys that signed publications count where those stand in the tree. */
export function publicationSignings({ publications }: PolicyTimeline): Signing[] {
  return publications.map(({ event, opened }) => ({
    keyId: event.data.keyId,
    index: opened.index,
    subject: opened.subject,
  }));
}

/**
 * `inForce`: each decision stands in the tree after the activation that it used, and before the end of it, or no more
 * than `maxLagMs` after: a node may look that much later, and an activation may land while a decision is on its way.
 */
export function checkInForce(
  decisions: readonly Decision[],
  timeline: PolicyTimeline,
  maxLagMs: number,
  found: Findings,
): void {
  for (const { event, opened } of decisions) {
    const { subject, index } = opened;
    const agoMs = event.recordedAtMs - parseInstant(event.data.evaluatedAt);
    if (agoMs < 0 || agoMs > maxLagMs) found.fail('DECISION_BACKDATED', subject);
    const { policy } = event.data;
    const used = spanUsed(policy, timeline, index);
    if (used === undefined) {
      if (policy !== null) found.fail('POLICY_MISSING', subject);
      continue;
    }
    const [span, next] = timeline.spans.slice(used, used + 2);
    if (span !== undefined && span.index >= index) {
      found.fail('POLICY_NOT_YET', subject);
      continue;
    }
    if (next === undefined || next.index > index) continue;
    const lagMs = event.recordedAtMs - next.recordedAtMs;
    if (lagMs > maxLagMs) found.fail('POLICY_SUPERSEDED', subject, `superseded ${lagMs} ms before it was recorded`);
    else found.remark('POLICY_SUPERSEDED', subject, `superseded ${Math.max(lagMs, 0)} ms before, within the lag`);
  }
}

/** Place of the span that decided. Without a policy: the last one before the decision in which none was in force. */
function spanUsed(policy: PolicyReference | null, { spans }: PolicyTimeline, index: bigint): number | undefined {
  const places = [...spans.keys()].filter((at) => {
    const span = spans[at];
    if (span === undefined) return false;
    if (policy === null) return span.activation === null && span.index < index;
    return span.activation !== null && isActivationOf(policy, span.activation);
  });
  return places.at(-1);
}

function activationOf(policy: PolicyReference, { spans }: PolicyTimeline): LedgerEvent<'PolicyActivated'> | undefined {
  const span = spans.find(({ activation }) => activation !== null && isActivationOf(policy, activation));
  return span?.activation ?? undefined;
}

function isActivationOf({ activation }: PolicyReference, event: LedgerEvent<'PolicyActivated'>): boolean {
  return activation.eventId === event.eventId && activation.revision === String(event.revision);
}

function isOfPolicy(policy: PolicyReference, { version, digest }: { version: string; digest: string }): boolean {
  return policy.version === version && policy.digest === digest;
}

/** The publication of the version that a decision names, where it is in the bundle. */
export function publicationOf(
  policy: PolicyReference,
  { publications }: PolicyTimeline,
): LedgerEvent<'PolicyPublished'> | undefined {
  return publications.find(({ event }) => event.data.version === policy.version)?.event;
}

function isDocumentOf(policy: PolicyReference, { data }: LedgerEvent<'PolicyPublished'>): boolean {
  const { document } = data;
  const named = document['id'] === policy.policyId && document['version'] === policy.version;
  return named && data.digest === policy.digest && digestOf(document) === policy.digest;
}
