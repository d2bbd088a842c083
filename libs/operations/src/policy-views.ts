import type { JsonObject, PolicyId, Tenant } from '@writ/encoding';
import type { PublishedVersion } from '@writ/ledger';
import type { PolicyFinding, TestOutcome } from '@writ/policy';
import type { LintAnswer, PolicyFindingView, PolicyVersionView } from './operations.js';
import type { PolicyLog } from './policy-log.js';

/** One version as readers see it. `document`: with its source. */
export function versionView(
  name: { readonly tenant: Tenant; readonly policyId: PolicyId },
  log: PolicyLog,
  published: PublishedVersion,
  options: { readonly document?: boolean } = {},
): PolicyVersionView {
  const activations = log.state.activations.filter((activation) => activation.version === published.version);
  const lastActivation = activations.at(-1);
  const { version, digest, publishedAtMs, publishedBy, signature, keyId } = published;
  return {
    tenant: name.tenant,
    policyId: name.policyId,
    version,
    digest,
    state: stateOf(log, published, activations.length > 0),
    publishedAtMs,
    publishedBy: publishedBy.id,
    ...(lastActivation === undefined ? {} : { activatedAtMs: lastActivation.activatedAtMs }),
    ...(options.document === true ? { document: published.document as JsonObject } : {}),
    signature,
    keyId,
  };
}

function stateOf(log: PolicyLog, published: PublishedVersion, wasActive: boolean): PolicyVersionView['state'] {
  if (published.retiredRevision !== null) return 'retired';
  if (log.state.inForce?.version === published.version) return 'in_force';
  return wasActive ? 'superseded' : 'published';
}

export function findingView({ severity, code, message, line, column, path }: PolicyFinding): PolicyFindingView {
  return { severity, code, message, line, column, path };
}

export function testView({ name, passed, expected, actual }: TestOutcome): LintAnswer['tests'][number] {
  return {
    name,
    passed,
    expected: summary(expected.outcome, expected.rule ?? null, expected.code === undefined ? [] : [expected.code]),
    actual: summary(actual.outcome, actual.rule, actual.codes),
  };
}

/** `admit by prime` or `deny (SIGNAL_MISSING)`. */
function summary(outcome: string, rule: string | null, codes: readonly string[]): string {
  const told = codes.filter((code) => code !== 'RULE');
  return [
    outcome,
    ...(rule === null ? [] : [`by ${rule}`]),
    ...(told.length === 0 ? [] : [`(${told.join(', ')})`]),
  ].join(' ');
}
