import { compilePolicy, parsePolicy, runTests } from '@writ/policy';
import { requireRole } from './authorise.js';
import type { CallContext, LintAnswer, PolicyText } from './operations.js';
import { findingView, testView } from './policy-views.js';

/** What publishing this text would say, without publishing it. Reads nothing of the ledger. */
export async function lintPolicy(context: CallContext, request: PolicyText): Promise<LintAnswer> {
  requireRole(context.principal, 'read');
  const { document, digest, findings } = parsePolicy(request.text, request.format);
  const tests = document === undefined ? [] : runTests(compilePolicy(document));
  return {
    publishable: document !== undefined && tests.every((test) => test.passed),
    ...(digest === undefined ? {} : { digest }),
    findings: findings.map(findingView),
    tests: tests.map(testView),
  };
}
