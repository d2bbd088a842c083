import { parseExecutionId, parsePolicyId, parseTenant, sha256Digest, utf8 } from '@writ/encoding';
import type { ExecutionId, PolicyId, Tenant } from '@writ/encoding';
import { RejectedError } from '@writ/errors';

import { SALT_BYTES } from './commitment.js';

/** What a stream is about. The text before the first hyphen of its name is its category. */
export type StreamName =
  | { readonly kind: 'execution'; readonly tenant: Tenant; readonly executionId: ExecutionId }
  | { readonly kind: 'policy'; readonly tenant: Tenant; readonly policyId: PolicyId }
  | { readonly kind: 'keys'; readonly origin: string }
  | { readonly kind: 'refusals'; readonly tenant: Tenant }
  | { readonly kind: 'lineage'; readonly origin: string };

/** First byte of what a salted stream reference hashes. */
const STREAM_REF_PREFIX = Uint8Array.of(0x03);
/** Schema-less URL, as C2SP advises for a log's origin: no space, no control character, no `+`. */
const ORIGIN = /^[a-z0-9](?:[a-z0-9._:/-]{0,126}[a-z0-9])?$/;
/** What the prefix lines of signed messages look like: a checkpoint begins with its origin and must not be taken for one. */
const SIGNING_DOMAIN = /^writ\/[a-z-]+\/v[0-9]+$/;

export function executionStream(tenant: Tenant, executionId: ExecutionId): string {
  return `execution-${tenant}.${executionId}`;
}
export function policyStream(tenant: Tenant, policyId: PolicyId): string {
  return `policy-${tenant}.${policyId}`;
}
export function keysStream(origin: string): string {
  return `keys-${parseOrigin(origin)}`;
}
export function refusalsStream(tenant: Tenant): string {
  return `refusals-${tenant}`;
}
export function lineageStream(origin: string): string {
  return `lineage-${parseOrigin(origin)}`;
}

/** The name of this ledger, e.g. `ledger.example/loans`. Throws NAME_INVALID. */
export function parseOrigin(text: unknown): string {
  if (typeof text === 'string' && ORIGIN.test(text) && !SIGNING_DOMAIN.test(text)) return text;
  throw new RejectedError('NAME_INVALID', '`origin` does not match its pattern', {
    name: 'origin',
    pattern: ORIGIN.source,
  });
}

/** Reads a stream name back. Throws NAME_INVALID for every name that none of the functions above builds. */
export function parseStreamName(stream: string): StreamName {
  const hyphen = stream.indexOf('-');
  const rest = stream.slice(hyphen + 1);
  switch (hyphen < 0 ? '' : stream.slice(0, hyphen)) {
    case 'execution': {
      const [tenant, executionId] = splitAtDot(rest);
      return { kind: 'execution', tenant: parseTenant(tenant), executionId: parseExecutionId(executionId) };
    }
    case 'policy': {
      const [tenant, policyId] = splitAtDot(rest);
      return { kind: 'policy', tenant: parseTenant(tenant), policyId: parsePolicyId(policyId) };
    }
    case 'keys':
      return { kind: 'keys', origin: parseOrigin(rest) };
    case 'refusals':
      return { kind: 'refusals', tenant: parseTenant(rest) };
    case 'lineage':
      return { kind: 'lineage', origin: parseOrigin(rest) };
    default:
      throw new RejectedError('NAME_INVALID', 'the name is not one of our streams', { name: 'stream' });
  }
}

/** `true` for streams whose entries must not show a name: they are named by a salted hash. */
export function isSaltedStream(stream: string): boolean {
  return stream.startsWith('execution-') || stream.startsWith('refusals-');
}

/**
 * How entries name the stream: `sha256:` and SHA-256(0x03 ‖ salt ‖ name) for an execution or refusals stream, under the
 * salt that was drawn with revision 0; the name in clear for all others, which have no salt.
 */
export function streamRefOf(stream: string, salt16: Uint8Array | undefined): string {
  if (!isSaltedStream(stream)) return stream;
  if (salt16?.length !== SALT_BYTES) {
    throw new RejectedError('REQUEST_INVALID', 'a salted stream needs its 16-byte salt', { stream });
  }
  return sha256Digest(STREAM_REF_PREFIX, salt16, utf8(stream));
}

/** A tenant has no dot, so the first one separates. */
function splitAtDot(text: string): [string, string] {
  const dot = text.indexOf('.');
  return dot < 0 ? [text, ''] : [text.slice(0, dot), text.slice(dot + 1)];
}
