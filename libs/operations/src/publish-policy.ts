import { parsePolicyId, type PolicyId, type Tenant } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import { publicationMessage } from '@writ/evidence';
import { decidePublish, type PublishedVersion } from '@writ/ledger';
import { compilePolicy, parsePolicy, runTests } from '@writ/policy';
import { requireTenant } from './authorise.js';
import type { Engine } from './engine.js';
import { handlePolicy } from './handle-policy.js';
import type { CallContext, PolicyAnswer, PolicyText } from './operations.js';
import { policyEventReceipt, type PolicyLog } from './policy-log.js';
import { findingView, testView, versionView } from './policy-views.js';

/** Publishes a version: linted, tested by its own tests, signed. It decides nothing until it is activated. */
export async function publishPolicy(
  engine: Engine,
  context: CallContext,
  request: PolicyText & { readonly tenant: Tenant },
): Promise<PolicyAnswer> {
  const { tenant } = request;
  const { attestor, origin } = engine.ports;
  // 1. Only operators of this tenant.
  requireTenant(context.principal, tenant, 'govern');
  // 2. Lint; an error refuses.
  const { document, digest, findings } = parsePolicy(request.text, request.format);
  if (document === undefined || digest === undefined) {
    throw new RejectedError('POLICY_INVALID', 'the policy document is refused', {
      findings: findings.map(findingView),
    });
  }
  // 3. The document's own tests; a failure refuses.
  const failed = runTests(compilePolicy(document)).filter((test) => !test.passed);
  if (failed.length > 0) {
    throw new RejectedError('POLICY_TESTS_FAILED', "the document's own tests do not pass", {
      tests: failed.map(testView),
    });
  }
  // 4. Sign the publication, so that it can be checked wherever the document turns up.
  const policyId = parsePolicyId(document.id);
  const { version, source } = document;
  const message = publicationMessage({ origin, tenant, policyId, version, digest });
  const { keyId, signature } = await attestor.signPublication(message);
  // 5. Append, unless that version is there.
  const handled = await handlePolicy(engine, context, { tenant, policyId }, (state) =>
    decidePublish(state, {
      tenant,
      actor: context.principal.actor,
      policyId,
      version,
      digest,
      document: source,
      signature,
      keyId,
    }),
  );
  // 6. Tell.
  return policyAnswer({ tenant, policyId }, handled, version, findings.map(findingView));
}

/** The answer of every change: the version as it now stands, and the event. */
export function policyAnswer(
  name: { readonly tenant: Tenant; readonly policyId: PolicyId },
  handled: { readonly log: PolicyLog; readonly revision: bigint; readonly replayed: boolean },
  version: string,
  findings: PolicyAnswer['findings'] = [],
): PolicyAnswer {
  const { log, revision, replayed } = handled;
  const published = log.state.versions.find((one) => one.version === version) as PublishedVersion; // ruled upon
  return {
    policy: versionView(name, log, published),
    event: policyEventReceipt(log, revision),
    findings,
    replayed,
  };
}
