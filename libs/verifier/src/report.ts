import type { CheckCode } from './check-codes.js';

/** A skipped check is not a passed one. */
export type CheckStatus = 'passed' | 'failed' | 'skipped';

/** What a bundle can come to, each holding all that the one before it says. */
export type Profile = 'recorded' | 'decided' | 'reevaluated';

/** What the other kinds of evidence can come to: an attestation is `signed`, an entry with its proof is `included`. */
export type Verdict = Profile | 'signed' | 'included';

/** Every check, in the order of the report. docs/spec/bundle.md says what each one asks. */
export const CHECK_NAMES = [
  'form',
  'origin',
  'checkpoint',
  'quorum',
  'freshness',
  'entries',
  'attestations',
  'keys',
  'inclusion',
  'contiguity',
  'streamHeads',
  'completeness',
  'stateMachine',
  'atMostOnce',
  'policyDigest',
  'publication',
  'inForce',
  'openings',
  'reevaluation',
] as const;
export type CheckName = (typeof CHECK_NAMES)[number];

/** Where something was found. 64-bit numbers are decimal strings. */
export interface Subject {
  readonly stream?: string;
  readonly revision?: string;
  /** Of the leaf. */
  readonly index?: string;
}

export interface Finding {
  readonly code: CheckCode;
  readonly subject: Subject | null;
  /** One sentence for people; holds no text of the file but names that match their pattern. */
  readonly detail: string;
}

export interface Check {
  readonly name: CheckName;
  readonly status: CheckStatus;
  /** Of the first finding that made the status; `null` where it passed. */
  readonly code: CheckCode | null;
  /** Failures first; a passed check can have remarks. At most 100. */
  readonly findings: readonly Finding[];
  /** How many findings are left out. */
  readonly more: number;
}

/** What was checked, and what it comes to. JSON values only, the same for the same input everywhere. */
export interface Report {
  readonly format: 'writ/report/v1';
  readonly kind: 'bundle' | 'tlog-proof' | 'attestation';
  /** The highest that was reached; `null` where a check failed, or less was shown than the lowest asks for. */
  readonly verdict: Verdict | null;
  /** What the caller asked for. */
  readonly required: Verdict;
  /** The verdict is at least what was required. */
  readonly accepted: boolean;
  readonly checks: readonly Check[];
  /** What holds, as of the checkpoint; `null` where the verdict is. */
  readonly claims: Claims | null;
}

export interface Claims {
  readonly origin: string;
  /** The tree that everything is told of; `null` for a bare attestation, which says nothing about a tree. */
  readonly asOf: TreeClaim | null;
  /** What a bundle shows; `null` for other kinds. */
  readonly execution: ExecutionClaims | null;
  /** What a proof or an attestation shows; `null` for a bundle. */
  readonly entry: EntryClaim | null;
}

export interface TreeClaim {
  readonly sizeLeaves: string;
  /** Base64. */
  readonly root: string;
  /** Witnesses of the trust file, and when they saw the tree by their own clocks; seconds since 1970 UTC. */
  readonly cosignedBy: readonly { readonly witness: string; readonly timeSeconds: number }[];
}

export interface ExecutionClaims {
  readonly tenant: string;
  readonly executionId: string;
  /** That no later event was left out: told by the ledger's signature, or proved from all entries of the tree. */
  readonly completeness: 'asserted' | 'proved';
  /** What became of it, folded from all its events. */
  readonly status: string;
  readonly standing: string;
  readonly decisions: readonly DecisionClaim[];
  readonly events: readonly EntryClaim[];
  /** Openings that the bundle does not hold, as `<revision>:<name>`. */
  readonly withheld: readonly string[];
}

export interface DecisionClaim {
  readonly decisionId: string;
  readonly outcome: 'admitted' | 'denied' | 'escalated';
  readonly rule: string | null;
  readonly policy: { readonly policyId: string; readonly version: string; readonly digest: string } | null;
  readonly evaluatedAt: string;
  readonly revision: string;
  readonly index: string;
}

export interface EntryClaim {
  readonly type: string;
  readonly streamRef: string;
  readonly revision: string;
  readonly eventId: string;
  readonly recordedAt: string;
  /** `null` where no tree is shown. */
  readonly index: string | null;
  readonly keyId: string | null;
}
