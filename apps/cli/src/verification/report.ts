/** What one check of one thing came to. A skipped check is not a passed one. */
export interface Check {
  readonly name: 'attestation' | 'entry' | 'names' | 'decision' | 'reservation' | 'grant' | 'publication' | 'form';
  readonly status: 'passed' | 'failed' | 'skipped';
  /** Error code of a failure. */
  readonly code?: string;
  readonly detail?: string;
}

/** The checks of one thing that was found in a file. */
export interface Finding {
  /** Where: file, line for JSON Lines, path inside. */
  readonly place: string;
  readonly checks: readonly Check[];
}

/** What a verification came to. `verified`: every check that could be made passed, and there was something to check. */
export interface VerificationReport {
  readonly verdict: 'verified' | 'not_verified';
  /** All that this can say: that a trusted key signed it. That it is recorded needs the lineage. */
  readonly standing: 'signed';
  readonly documents: number;
  /** Events whose attestation verified. */
  readonly signed: number;
  /** Signatures that verified: of events, grants and publications. */
  readonly signatures: number;
  readonly checks: { readonly passed: number; readonly failed: number; readonly skipped: number };
  /** Things with a check that failed. */
  readonly failures: readonly Finding[];
  /** What is said beside the signed parts, and cannot be checked with them: counts by kind. */
  readonly asserted: Readonly<Record<string, number>>;
}

export function reportOf(documents: number, findings: readonly Finding[]): VerificationReport {
  const checks = findings.flatMap((finding) => finding.checks);
  const count = (status: Check['status']): number => checks.filter((check) => check.status === status).length;
  const failures = findings.filter((finding) => finding.checks.some(({ status }) => status === 'failed'));
  const passed = (...names: readonly Check['name'][]): number =>
    checks.filter(({ name, status }) => names.includes(name) && status === 'passed').length;
  const signed = passed('attestation');
  const signatures = passed('attestation', 'grant', 'publication');
  const asserted: Record<string, number> = {};
  for (const { name, status } of checks) if (status === 'skipped') asserted[name] = (asserted[name] ?? 0) + 1;
  return {
    verdict: failures.length === 0 && signatures > 0 ? 'verified' : 'not_verified',
    standing: 'signed',
    documents,
    signed,
    signatures,
    checks: { passed: count('passed'), failed: count('failed'), skipped: count('skipped') },
    failures,
    asserted,
  };
}
