import type { ErrorCode } from '@writ/errors';

/** The numbers of google.rpc.Code that Writ answers with. */
export const GrpcCode = {
  OK: 0,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type GrpcStatusName = Exclude<keyof typeof GrpcCode, 'OK'>;

/**
 * The gRPC status of every code. Rejected: INVALID_ARGUMENT where the request itself is wrong, FAILED_PRECONDITION
 * where the state of the ledger speaks against it. DATA_LOSS for Integrity makes generic retry policies stop.
 */
export function grpcStatusOf(code: ErrorCode): GrpcStatusName {
  switch (code) {
    case 'JSON_SYNTAX':
    case 'JSON_DUPLICATE_NAME':
    case 'JSON_NUMBER_RANGE':
    case 'JSON_STRING_INVALID':
    case 'JSON_NAME_FORBIDDEN':
    case 'JSON_DEPTH':
    case 'JSON_SIZE':
    case 'JSON_UNREPRESENTABLE':
    case 'JSON_NOT_CANONICAL':
    case 'ENCODING_HEX':
    case 'ENCODING_BASE64':
    case 'NAME_INVALID':
    case 'REQUEST_INVALID':
    case 'BATCH_TOO_LARGE':
    case 'EXECUTION_KEY_MISMATCH':
    case 'ACTION_MISMATCH':
    case 'PARAMETERS_MISMATCH':
    case 'POLICY_INVALID':
    case 'POLICY_TESTS_FAILED':
    case 'SIGNATURE_INVALID':
    case 'PROOF_INVALID':
    case 'NOTE_INVALID':
    case 'NOTE_UNSIGNED':
    case 'NOTE_SIGNATURE_INVALID':
    case 'VERIFIER_KEY_INVALID':
    case 'CHECKPOINT_INVALID':
    case 'CHECKPOINT_EXTENDED':
    case 'CHECKPOINT_ORIGIN':
    case 'CHECKPOINT_QUORUM':
    case 'CHECKPOINT_STALE':
    case 'TRUST_POLICY_INVALID':
    case 'TRUST_FILE_INVALID':
    case 'BUNDLE_INVALID':
    case 'TOKEN_INVALID':
    case 'CONFIGURATION_INVALID':
    case 'CURSOR_INVALID':
    case 'GRANT_MISMATCH':
    case 'EVENT_TOO_LARGE':
    case 'STORE_URL_INVALID':
      return 'INVALID_ARGUMENT';
    case 'REQUEST_TOO_LARGE':
      return 'RESOURCE_EXHAUSTED';
    case 'UNAUTHENTICATED':
      return 'UNAUTHENTICATED';
    case 'PERMISSION_DENIED':
    case 'HOLDER_MISMATCH':
    case 'APPROVER_NOT_ALLOWED':
      return 'PERMISSION_DENIED';
    case 'EXECUTION_NOT_FOUND':
    case 'ENTRY_NOT_FOUND':
    case 'CHECKPOINT_UNKNOWN':
    case 'POLICY_UNKNOWN':
    case 'POLICY_VERSION_UNKNOWN':
      return 'NOT_FOUND';
    case 'NOT_RESERVABLE':
    case 'ADMISSION_LAPSED':
    case 'EVALUATIONS_EXHAUSTED':
    case 'ATTEMPTS_EXHAUSTED':
    case 'REEVALUATION_INVALID':
    case 'ATTEMPT_MISMATCH':
    case 'LEASE_LAPSED':
    case 'LEASE_LIMIT':
    case 'NOT_RECONCILABLE':
    case 'NOT_ESCALATED':
    case 'POLICY_ACTIVATION_INVALID':
    case 'KEY_FILE_INVALID':
    case 'KEY_IN_USE':
    case 'STORE_ACCESS_DENIED':
    case 'STORE_UNPROTECTED':
      return 'FAILED_PRECONDITION';
    case 'INV-013':
    case 'POLICY_VERSION_EXISTS':
      return 'ALREADY_EXISTS';
    case 'REVISION_CONFLICT':
    case 'POLICY_ACTIVATION_STALE':
    case 'KEY_ROTATION_STALE':
    case 'STORE_COPY_CONFLICT':
      return 'ABORTED';
    case 'STORE_UNAVAILABLE':
    case 'STORE_OUTCOME_UNKNOWN':
    case 'STORE_FULL':
    case 'STORE_READ_ONLY':
    case 'STORE_LOCKED':
    case 'SIGNER_UNAVAILABLE':
    case 'CONTENTION':
    case 'NOT_SEQUENCED_YET':
    case 'PUBLISHER_UNAVAILABLE':
    case 'SHUTTING_DOWN':
    case 'CLOCK_BEHIND':
    case 'SERVER_UNREACHABLE':
      return 'UNAVAILABLE';
    case 'OVERLOADED':
      return 'RESOURCE_EXHAUSTED';
    case 'DEADLINE_EXCEEDED':
      return 'DEADLINE_EXCEEDED';
    case 'ATTESTATION_INVALID':
    case 'FOREIGN_EVENT':
    case 'EVENT_INVALID':
    case 'EVENT_ID_REUSED':
    case 'REVISION_MISMATCH':
    case 'CLOCK_AHEAD':
    case 'KEY_UNKNOWN':
    case 'KEY_MISMATCH':
    case 'KEY_REVOKED':
    case 'POLICY_DIGEST_MISMATCH':
    case 'STREAM_DELETED':
    case 'EVENT_HIDDEN':
    case 'STORE_NOT_OURS':
    case 'STORE_NEWER':
    case 'STORE_MIGRATION_NEEDED':
    case 'STORE_CORRUPT':
    case 'STORE_MISSING':
    case 'EXECUTION_LOST':
    case 'LEDGER_ROLLED_BACK':
    case 'MARK_MISSING':
    case 'MARK_NOT_EXTENDED':
    case 'CHECKPOINT_KEY_SHARED':
    case 'LINEAGE_INVALID':
    case 'TILE_INVALID':
      return 'DATA_LOSS';
  }
}
