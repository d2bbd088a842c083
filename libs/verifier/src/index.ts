/**
 * Says what a bundle, a proof or an attestation proves, given a trust file: a report of every check, and the highest
 * profile that was reached. Pure: no store, no network, no clock. Normative: docs/spec/bundle.md.
 */
export {
  createBundleVerifier,
  verifyBundle,
  type BundleVerifier,
  type VerifierOptions,
  type VerifyBundleOptions,
} from './bundle-verifier.js';
export type { AgeLimit } from './check-checkpoint.js';
export { CHECK_CODES, type CheckCode } from './check-codes.js';
export {
  createEntryVerifier,
  type EntryVerifier,
  type EntryVerifierOptions,
  type ProvenEntry,
} from './entry-verifier.js';
export { mirrorOf, type EntryMirror } from './mirror.js';
export {
  CHECK_NAMES,
  type Check,
  type CheckName,
  type CheckStatus,
  type Claims,
  type DecisionClaim,
  type EntryClaim,
  type ExecutionClaims,
  type Finding,
  type Profile,
  type Report,
  type Subject,
  type TreeClaim,
  type Verdict,
} from './report.js';
export { formatTrustFile, parseTrustFile, type TrustFile } from './trust-file.js';
export { PROFILE_CHECKS } from './verdict.js';
export { verifyAttestationAlone } from './verify-attestation.js';
export { verifyTlogProof, type VerifyProofOptions } from './verify-tlog-proof.js';
