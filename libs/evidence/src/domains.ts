import { concatBytes, uint64be, utf8 } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import { parseOrigin } from '@writ/ledger';

/**
 * The first line of every message that is signed. A key signs in several domains; a signature made in one must mean
 * nothing in another, so no message of one can be read as a message of another.
 */
export const ATTESTATION_DOMAIN = 'writ/attestation/v1';
export const GRANT_DOMAIN = 'writ/grant/v1';
export const POLICY_PUBLICATION_DOMAIN = 'writ/policy-publication/v1';
export const STREAM_HEAD_DOMAIN = 'writ/stream-head/v1';
/** Reserved: checkpoints are C2SP notes and begin with their origin, which `parseOrigin` keeps out of this list. */
export const CHECKPOINT_DOMAIN = 'writ/checkpoint/v1';

/** All of them, for the matrix test. */
export const SIGNING_DOMAINS = [
  ATTESTATION_DOMAIN,
  GRANT_DOMAIN,
  POLICY_PUBLICATION_DOMAIN,
  STREAM_HEAD_DOMAIN,
  CHECKPOINT_DOMAIN,
] as const;
export type SigningDomain = (typeof SIGNING_DOMAINS)[number];

/** `domain ‖ "\n" ‖ origin ‖ "\n" ‖ body`. Throws NAME_INVALID on an origin outside its pattern (it holds no newline). */
export function domainMessage(domain: SigningDomain, origin: string, ...body: readonly Uint8Array[]): Uint8Array {
  return concatBytes(utf8(`${domain}\n${parseOrigin(origin)}\n`), ...body);
}

/** `domain ‖ "\n" ‖ origin ‖ "\n" ‖ uint64be(sizeLeaves) ‖ root`. Throws REQUEST_INVALID on a size below 1 or another root length. */
export function rootMessage(domain: SigningDomain, origin: string, sizeLeaves: number, root: Uint8Array): Uint8Array {
  if (!Number.isSafeInteger(sizeLeaves) || sizeLeaves < 1) {
    throw new RejectedError('REQUEST_INVALID', 'a batch has at least one leaf', { field: 'sizeLeaves' });
  }
  if (!(root instanceof Uint8Array) || root.length !== 32) {
    throw new RejectedError('REQUEST_INVALID', 'a root has 32 bytes', { field: 'root' });
  }
  return domainMessage(domain, origin, uint64be(BigInt(sizeLeaves)), root);
}
