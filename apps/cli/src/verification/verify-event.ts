import {
  canonicalText,
  digestOf,
  formatDigest,
  formatInstant,
  parseBase64,
  parseJson,
  sha256,
  utf8,
  type JsonObject,
  type JsonValue,
} from '@writ/encoding';
import { IntegrityError, LedgerError } from '@writ/errors';
import {
  parseAttestation,
  parseSignedGrant,
  publicationMessage,
  verifySignature,
  type Publication,
  type Trust,
} from '@writ/evidence';
import { parseEntry } from '@writ/ledger';
import type { Verifier } from '@writ/signing';
import { isObject, textIn } from '../input/read-input.js';
import type { Check } from './report.js';

/** Runs one check; what it throws is its failure. */
export function check(name: Check['name'], verify: () => void): Check {
  try {
    verify();
    return { name, status: 'passed' };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return { name, status: 'failed', code: error.code, detail: error.message };
  }
}

export function failed(name: Check['name'], detail: string): Check {
  return { name, status: 'failed', code: 'ATTESTATION_INVALID', detail };
}

/** The signature over an entry, which is all that an attestation alone can show. */
export function checkAttestation(value: JsonValue | undefined, verifier: Verifier): Check {
  return check('attestation', () => verifier.verifyAttestation(parseAttestation(value)));
}

/**
 * An event as receipts carry it: that its attestation verifies, and that the event told is the event attested, each
 * member and the digest of the data.
 */
export function checkEvent(event: JsonObject, verifier: Verifier): readonly Check[] {
  const attestation = checkAttestation(event['attestation'], verifier);
  if (attestation.status !== 'passed') return [attestation];
  return [attestation, check('entry', () => requireAttested(event, parseAttestation(event['attestation']).entry))];
}

function requireAttested(event: JsonObject, attestedEntry: string): void {
  const entry = parseEntry(utf8(attestedEntry));
  const told = {
    revision: event['revision'],
    eventId: event['eventId'],
    type: event['type'],
    typeVersion: event['typeVersion'],
    recordedAt: event['recordedAt'],
    dataDigest: typeof event['data'] === 'string' ? formatDigest(sha256(utf8(event['data']))) : undefined,
  };
  const attested = {
    revision: entry.revision.toString(),
    eventId: entry.eventId,
    type: entry.type,
    typeVersion: entry.typeVersion,
    recordedAt: formatInstant(entry.recordedAtMs),
    dataDigest: entry.dataDigest,
  };
  const names = Object.keys(attested) as (keyof typeof attested)[];
  const differing = names.filter((name) => told[name] !== attested[name]);
  if (differing.length === 0) return;
  throw new IntegrityError('ATTESTATION_INVALID', `not what was attested: ${differing.join(', ')}`);
}

/** The data of an event, once `checkEvent` has passed. */
export function factOf(event: JsonObject): JsonObject {
  const fact = parseJson(textIn(event['data']), { maxDepth: 40 });
  return isObject(fact) ? fact : {};
}

/** The signature of a grant; neither its holder nor its end, which only matter when it is used. */
export function checkGrantSignature(value: JsonValue, verifier: Verifier): Check {
  return check('grant', () => verifier.verifyGrant(parseSignedGrant(value)));
}

/** The signature of a publication, and that the document, where it is there, is the one published. */
export function checkPublication(policy: JsonObject, trust: Trust): Check {
  const { document, signature, keyId } = policy;
  const key = trust.keys.find((trusted) => trusted.keyId === keyId);
  if (key === undefined) return failed('publication', 'the publication names a key that is not trusted here');
  return check('publication', () => {
    const message = publicationMessage({ ...(policy as unknown as Publication), origin: trust.origin });
    const sound =
      verifySignature(message, parseBase64(textIn(signature), 64), key.publicKey) &&
      (document === undefined || digestOf(document) === policy['digest']);
    if (!sound) throw new IntegrityError('ATTESTATION_INVALID', 'the publication does not verify');
  });
}

/** `true` when both say the same in canonical form. */
export function sameJson(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return canonicalText(left) === canonicalText(right);
}
