import { parsePolicyId, parseTenant, type PolicyId, type Tenant } from '@writ/encoding';
import type { PolicyChange, PolicyDiffRequest, PolicyText } from '@writ/operations';

import type { Message } from '../grpc/decode-message.js';
import { field, textField } from '../grpc/read-field.js';

/** By number of writ.v1.PolicyFormat; unspecified: found out from the text. */
const FORMATS = ['auto', 'yaml', 'json'] as const;

export function readPolicyText(message: Message): PolicyText {
  return {
    text: textField('text', message['text'] as string),
    format: FORMATS[message['format'] as number] ?? 'auto',
  };
}

export function readPublish(message: Message): PolicyText & { tenant: Tenant } {
  return { tenant: readTenant(message), ...readPolicyText(message) };
}

export function readChange(message: Message): PolicyChange {
  return {
    ...readPolicyName(message),
    version: textField('version', message['version'] as string),
    reason: message['reason'] as string,
  };
}

export function readGetPolicy(message: Message): { tenant: Tenant; policyId: PolicyId; version?: string } {
  const version = message['version'] as string | undefined;
  return { ...readPolicyName(message), ...(version === undefined ? {} : { version }) };
}

export function readListPolicies(message: Message): { tenant: Tenant; policyId?: PolicyId } {
  return message['policyId'] === undefined ? { tenant: readTenant(message) } : readPolicyName(message);
}

export function readDiff(message: Message): PolicyDiffRequest {
  return {
    ...readPolicyName(message),
    fromVersion: textField('from_version', message['fromVersion'] as string),
    toVersion: textField('to_version', message['toVersion'] as string),
  };
}

function readTenant(message: Message): Tenant {
  return field('tenant', () => parseTenant(message['tenant']));
}

function readPolicyName(message: Message): { tenant: Tenant; policyId: PolicyId } {
  return { tenant: readTenant(message), policyId: field('policy_id', () => parsePolicyId(message['policyId'])) };
}
