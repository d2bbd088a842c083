/**
 * How Writ turns values into bytes and back: strict I-JSON in, RFC 8785 out, one spelling for hex, base64, digests,
 * instants and names. Everything else hashes and signs what comes from here; `docs/spec/json.md` is the contract.
 * Pure: no clock, no randomness, no platform.
 */
export { parseBase64, toBase64 } from './base64.js';
export { concatBytes, equalBytes, uint64be } from './bytes.js';
export { canonicalise, canonicalText, type CanonicalOptions } from './canonical.js';
export { canonicaliseOwn, canonicalTextOfOwn } from './canonical-own.js';
export {
  digestOf,
  formatDigest,
  installSha256,
  parseDigest,
  sha256,
  sha256Digest,
  sha256OfText,
  sha256DigestOfText,
  type Sha256,
  type Sha256Hex,
} from './digest.js';
export { parseDuration } from './duration.js';
export { parseHex, toHex } from './hex.js';
export { formatInstant, parseInstant } from './instant.js';
export type { JsonObject, JsonValue } from './json-value.js';
export {
  isUuid,
  parseDecisionId,
  parseEventId,
  parseExecutionId,
  parseKeyId,
  parsePolicyId,
  parseTenant,
  type Commitment,
  type DecisionId,
  type Digest,
  type EventId,
  type ExecutionId,
  type Hash32,
  type Instant,
  type KeyId,
  type PolicyId,
  type Tenant,
} from './names.js';
export { parseCanonical, parseOftenCanonical } from './parse-canonical.js';
export { parseJson, type ParseOptions } from './parse-json.js';
export { textOf, utf8 } from './utf8.js';
