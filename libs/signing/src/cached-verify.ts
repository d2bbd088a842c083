import type { VerifySignature } from '@writ/evidence';

/**
 * Remembers the last `capacity` signatures that verified, least recently used out first. All entries of a micro-batch
 * share one signature over its root, so a stream or a whole store costs one verification per batch. Message, signature
 * and key are remembered whole: only the very same bytes hit. Failures are not remembered, so that nobody can push the
 * good ones out with bad ones.
 */
export function cachedVerify(verify: VerifySignature, capacity: number): VerifySignature {
  // A Set keeps the order of insertion: the first is the one used longest ago.
  const verified = new Set<string>();
  return (message, signature, publicKey) => {
    // Key and signature have fixed lengths when they verify, so the joined text is unambiguous.
    const name = Buffer.concat([publicKey, signature, message]).toString('latin1');
    if (verified.delete(name)) {
      verified.add(name);
      return true;
    }
    if (!verify(message, signature, publicKey)) return false;
    if (verified.size >= capacity) {
      const [oldest] = verified;
      if (oldest !== undefined) verified.delete(oldest);
    }
    verified.add(name);
    return true;
  };
}
