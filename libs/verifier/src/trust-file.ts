import { formatTrustPolicy, parseTrustPolicy, type TrustPolicy } from '@writ/checkpoint';
import { parseBase64, toBase64 } from '@writ/encoding';
import { LedgerError, RejectedError } from '@writ/errors';
import { isPublicKey, keyIdOf, type TrustedKey } from '@writ/evidence';
import { parseOrigin } from '@writ/ledger';

/** Whom a verifier believes about one ledger: pinned out of band, never taken from what is verified. */
export interface TrustFile {
  /** The ledger: the name of its checkpoint key. */
  readonly origin: string;
  /** One log, which is that ledger, its witnesses and the quorum. */
  readonly policy: TrustPolicy;
  /** Attestation keys; others are reached from these through the key events of the log. */
  readonly keys: readonly TrustedKey[];
}

const MAX_LENGTH = 1_000_000;
const MAX_KEYS = 256;
const KEY_BYTES = 33;

/**
 * Reads a trust file (docs/spec/bundle.md): the lines of a C2SP tlog-policy with exactly one log, and at least one line
 * `attestation <keyId> <base64 of the compressed point>`. Throws TRUST_FILE_INVALID with `details.line` (0: the whole).
 */
export function parseTrustFile(text: string): TrustFile {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) {
    refuse('a trust file is a text of at most 1,000,000 characters', 0);
  }
  // A file that was cut off could end in the middle of a name that is another name.
  if (!text.endsWith('\n')) refuse('the last line of a trust file ends in a newline', text.split('\n').length);
  const keys: TrustedKey[] = [];
  const lines = text.split('\n').map((line, at) => {
    const [keyword, ...items] = line.split(/[ \t]+/).filter((item) => item !== '');
    if (keyword !== 'attestation') return line;
    keys.push(keyOf(items, at + 1, keys));
    // An empty line stays in its place, so that the policy's reader counts lines as the file does.
    return '';
  });
  const policy = policyOf(lines.join('\n'));
  if (keys.length === 0) refuse('a trust file pins at least one `attestation` key', 0);
  return { origin: originOf(policy), policy, keys };
}

/** A trust file with the same meaning, as `parseTrustFile` reads it. Throws TRUST_FILE_INVALID where it would not. */
export function formatTrustFile({ policy, keys }: Pick<TrustFile, 'policy' | 'keys'>): string {
  const pins = keys.map(({ keyId, publicKey }) => `attestation ${keyId} ${toBase64(publicKey)}\n`);
  let text: string;
  try {
    text = formatTrustPolicy(policy) + pins.join('');
  } catch (cause) {
    throw asInvalid(cause);
  }
  parseTrustFile(text);
  return text;
}

function keyOf(items: readonly string[], line: number, known: readonly TrustedKey[]): TrustedKey {
  const [keyId, encoded, ...rest] = items;
  if (keyId === undefined || encoded === undefined || rest.length > 0) {
    refuse('a key is `attestation <keyId> <base64 of 33 bytes>`', line);
  }
  if (known.length >= MAX_KEYS) refuse('too many attestation keys', line);
  const publicKey = decoded(encoded, line);
  if (!isPublicKey(publicKey)) refuse('an attestation key is a compressed secp256k1 point', line);
  // Pinned twice over: a slip of the hand in either shows.
  if (keyIdOf(publicKey) !== keyId) refuse('the key id is not that of the key', line);
  if (known.some((other) => other.keyId === keyId)) refuse('the key is listed twice', line);
  return { keyId: keyIdOf(publicKey), publicKey };
}

function decoded(encoded: string, line: number): Uint8Array {
  try {
    return parseBase64(encoded, KEY_BYTES);
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    throw new RejectedError('TRUST_FILE_INVALID', 'a key is base64 of 33 bytes', { line }, { cause });
  }
}

function policyOf(text: string): TrustPolicy {
  try {
    return parseTrustPolicy(text);
  } catch (cause) {
    throw asInvalid(cause);
  }
}

function originOf({ logs }: TrustPolicy): string {
  const [log, ...others] = logs;
  if (log === undefined || others.length > 0) refuse('a trust file has exactly one `log` line', 0);
  if (log.key.algorithm !== 'ed25519') refuse('the key of the log is an Ed25519 key', 0);
  try {
    return parseOrigin(log.key.name);
  } catch (cause) {
    throw asInvalid(cause);
  }
}

function asInvalid(cause: unknown): RejectedError {
  if (!(cause instanceof LedgerError)) throw cause;
  const { line } = cause.details;
  return new RejectedError(
    'TRUST_FILE_INVALID',
    cause.message,
    { line: typeof line === 'number' ? line : 0 },
    { cause },
  );
}

function refuse(message: string, line: number): never {
  throw new RejectedError('TRUST_FILE_INVALID', message, { line });
}
