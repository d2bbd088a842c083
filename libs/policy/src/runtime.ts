/**
 * What evaluates policies, recorded in every decision: the library's version and the version of the semantics that
 * `docs/spec/policy.md` describes. A test compares it with the manifest.
 */
export const POLICY_RUNTIME = 'writ-policy/1 (@bufbuild/cel 0.6.1, @bufbuild/re2 0.6.1)';
