import { parseJson, type JsonObject } from '@writ/encoding';
import type { LintAnswer, PolicyAnswer, PolicyFinding, PolicyVersion, PublishAnswer } from './answers.js';
import { decodeEvent, decodeInstant, decodeJsonObject, named, present } from './decode-answer.js';
import type { InTenant } from './encode-request.js';
import type { PolicyChange, PolicyText } from './requests.js';
import { rpcOf } from './rpc.js';
import { UnreadableAnswer } from './unreadable-answer.js';
import type { WireFinding, WirePolicyAnswer, WirePolicyVersion } from './wire-types.js';

const service = 'PolicyService';
const changes = { service, readsOnly: false } as const;
const reads = { service, readsOnly: true } as const;

/** The numbers of writ.v1.PolicyFormat. */
const FORMATS = { yaml: 1, json: 2 } as const;
const STATES: Readonly<Record<string, PolicyVersion['state']>> = {
  POLICY_VERSION_STATE_PUBLISHED: 'published',
  POLICY_VERSION_STATE_IN_FORCE: 'in_force',
  POLICY_VERSION_STATE_SUPERSEDED: 'superseded',
  POLICY_VERSION_STATE_RETIRED: 'retired',
};
const SEVERITIES: Readonly<Record<string, PolicyFinding['severity']>> = { error: 'error', warning: 'warning' };

export const LINT_POLICY = rpcOf<
  PolicyText,
  Pick<LintAnswer, 'publishable' | 'tests'> & { readonly digest: string; readonly findings: readonly WireFinding[] },
  LintAnswer
>({
  ...reads,
  method: 'LintPolicy',
  encode: encodeText,
  decode: ({ publishable, digest, findings, tests }) => ({
    publishable,
    ...(digest === '' ? {} : { digest }),
    findings: findings.map(decodeFinding),
    tests,
  }),
});

export const PUBLISH_POLICY = rpcOf<InTenant<PolicyText>, WirePolicyAnswer, PublishAnswer>({
  ...changes,
  method: 'PublishPolicy',
  encode: ({ tenant, ...text }) => ({ tenant, ...encodeText(text) }),
  decode: (wire) => ({ ...decodePolicyAnswer(wire), findings: (wire.findings ?? []).map(decodeFinding) }),
});

export const ACTIVATE_POLICY = rpcOf<InTenant<PolicyChange>, WirePolicyAnswer, PolicyAnswer>({
  ...changes,
  method: 'ActivatePolicy',
  encode: (request) => request,
  decode: decodePolicyAnswer,
});

export const RETIRE_POLICY = rpcOf<InTenant<PolicyChange>, WirePolicyAnswer, PolicyAnswer>({
  ...changes,
  method: 'RetirePolicy',
  encode: (request) => request,
  decode: decodePolicyAnswer,
});

export const GET_POLICY = rpcOf<
  InTenant<{ readonly policyId: string; readonly version?: string }>,
  { readonly policy: WirePolicyVersion | null },
  PolicyVersion
>({
  ...reads,
  method: 'GetPolicy',
  encode: (request) => request,
  decode: ({ policy }) => decodeVersion(present(policy, 'policy')),
});

export const LIST_POLICIES = rpcOf<
  InTenant<{ readonly policyId?: string }>,
  { readonly policies: readonly WirePolicyVersion[] },
  readonly PolicyVersion[]
>({
  ...reads,
  method: 'ListPolicies',
  encode: (request) => request,
  decode: ({ policies }) => policies.map(decodeVersion),
});

export const DIFF_POLICIES = rpcOf<
  InTenant<{ readonly policyId: string; readonly fromVersion: string; readonly toVersion: string }>,
  { readonly changesJson: string },
  readonly JsonObject[]
>({
  ...reads,
  method: 'DiffPolicies',
  encode: (request) => request,
  decode: ({ changesJson }) => decodeChanges(changesJson),
});

function encodeText({ text, format }: PolicyText): { readonly text: string; readonly format?: number } {
  return { text, ...(format === undefined ? {} : { format: FORMATS[format] }) };
}

function decodePolicyAnswer(wire: WirePolicyAnswer): PolicyAnswer {
  return {
    policy: decodeVersion(present(wire.policy, 'policy')),
    event: decodeEvent(present(wire.event, 'event')),
    replayed: wire.replayed,
  };
}

function decodeVersion(wire: WirePolicyVersion): PolicyVersion {
  return {
    tenant: wire.tenant,
    policyId: wire.policyId,
    version: wire.version,
    digest: wire.digest,
    state: named(STATES, wire.state, 'policy.state'),
    publishedAtMs: decodeInstant(wire.publishedAt, 'policy.published_at'),
    publishedBy: wire.publishedBy,
    ...(wire.activatedAt == null ? {} : { activatedAtMs: decodeInstant(wire.activatedAt, 'policy.activated_at') }),
    ...(wire.documentJson === '' ? {} : { document: decodeJsonObject(wire.documentJson) }),
    signature: wire.signature,
    keyId: wire.keyId,
  };
}

function decodeFinding({ severity, code, message, line, column, path }: WireFinding): PolicyFinding {
  return { severity: named(SEVERITIES, severity, 'finding.severity'), code, message, line, column, path };
}

function decodeChanges(text: string): readonly JsonObject[] {
  const value = parseJson(text);
  if (Array.isArray(value)) return value as readonly JsonObject[];
  throw new UnreadableAnswer('changes_json');
}
