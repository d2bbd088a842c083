/**
 * Says what a bundle, a proof or an attestation proves, given a trust file: a report of every check, and the highest
 * profile that was reached. Pure: no store, no network, no clock. Normative: docs/spec/bundle.md.
 */
export type { CheckStatus, Profile } from './report.js';
export { formatTrustFile, parseTrustFile, type TrustFile } from './trust-file.js';
