import { concatBytes, sha256, toHex, uint64be, utf8, type KeyId } from '@writ/encoding';
import { RejectedError } from '@writ/errors';

/**
 * The first line of every signed message, one per kind of thing, so that a signature over one kind is worth nothing as
 * another (docs/spec/attestation.md). Lines are never reused.
 */
export const ATTESTATION_DOMAIN = 'writ/attestation/v1';
export const GRANT_DOMAIN = 'writ/grant/v1';
export const POLICY_PUBLICATION_DOMAIN = 'writ/policy-publication/v1';
export const STREAM_HEAD_DOMAIN = 'writ/stream-head/v1';

const KEY_LINE = utf8('writ/key/v1\n');

/** What is signed for a batch of entries: `domain LF origin LF uint64be(size) ‖ root`. Throws REQUEST_INVALID as `batchMessage`. */
export function attestationMessage(origin: string, sizeLeaves: number, root: Uint8Array): Uint8Array {
  return batchMessage(ATTESTATION_DOMAIN, origin, sizeLeaves, root);
}

/** What is signed for a batch of grants; as `attestationMessage`, in its own domain. */
export function grantMessage(origin: string, sizeLeaves: number, root: Uint8Array): Uint8Array {
  return batchMessage(GRANT_DOMAIN, origin, sizeLeaves, root);
}

/** 16 lower-case hex digits: the first 8 bytes of SHA-256(`writ/key/v1` LF ‖ compressed point). */
export function keyIdOf(publicKey: Uint8Array): KeyId {
  if (!(publicKey instanceof Uint8Array) || publicKey.length !== 33) {
    throw new RejectedError('REQUEST_INVALID', 'a public key must be a compressed point of 33 bytes');
  }
  return toHex(sha256(KEY_LINE, publicKey).subarray(0, 8)) as KeyId;
}

/** Throws REQUEST_INVALID for an origin with a line break, which could shift the fields, a size below 1 or a root that is not 32 bytes. */
function batchMessage(domain: string, origin: string, sizeLeaves: number, root: Uint8Array): Uint8Array {
  if (typeof origin !== 'string' || origin === '' || /[\r\n]/.test(origin)) {
    throw new RejectedError('REQUEST_INVALID', 'an origin must be one line of text');
  }
  if (!Number.isSafeInteger(sizeLeaves) || sizeLeaves < 1 || root.length !== 32) {
    throw new RejectedError('REQUEST_INVALID', 'a batch has at least one leaf and a root of 32 bytes');
  }
  return concatBytes(utf8(`${domain}\n${origin}\n`), uint64be(BigInt(sizeLeaves)), root);
}
