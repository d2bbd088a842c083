import { parseJson, utf8 } from '@writ/encoding';
import { parseAttestation, verifyAttestation, type VerifySignature } from '@writ/evidence';
import { parseEntry } from '@writ/ledger';

import { CheckList } from './check-list.js';
import { entryClaim } from './claims.js';
import type { CheckName, Report } from './report.js';
import type { TrustFile } from './trust-file.js';
import { reportOf } from './verdict.js';

const CHECKS: readonly CheckName[] = ['form', 'entries', 'attestations', 'keys'];
const MAX_BYTES = 131_072;

/**
 * Verifies an attestation by itself (docs/spec/attestation.md): that a pinned key signed the entry. Whether the event
 * was recorded, and whether the key was valid at that place of the log, it cannot show: the verdict is `signed` at most.
 * Never throws.
 */
export function verifyAttestationAlone(
  text: string | Uint8Array,
  trust: TrustFile,
  { verifySignature }: { readonly verifySignature?: VerifySignature } = {},
): Report {
  const checks = new CheckList();
  const attestation = checks.run(
    'form',
    () => parseAttestation(parseJson(text, { maxBytes: MAX_BYTES })),
    'ATTESTATION_INVALID',
  );
  if (attestation === undefined) {
    return reportOf('attestation', checks, { reached: null, required: 'signed' }, () => null, CHECKS);
  }
  const { keyId } = attestation;
  const entry = checks.run('entries', () => parseEntry(utf8(attestation.entry)), 'FOREIGN_EVENT');
  checks.run('keys', (found) => {
    if (!trust.keys.some((key) => key.keyId === keyId)) found.fail('KEY_UNKNOWN');
  });
  if (checks.passed('keys')) {
    checks.run('attestations', () => verifyAttestation(attestation, trust, verifySignature), 'ATTESTATION_INVALID');
  }
  const reached = CHECKS.every((name) => checks.passed(name)) ? 'signed' : null;
  const claims = (): Report['claims'] => ({
    origin: trust.origin,
    asOf: null,
    execution: null,
    entry: entryClaim(entry, null, keyId),
  });
  return reportOf('attestation', checks, { reached, required: 'signed' }, claims, CHECKS);
}
