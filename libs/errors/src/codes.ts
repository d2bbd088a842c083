/**
 * Every code that Writ can answer with, in one closed table. A code never changes its meaning or its kind;
 * the edges (`apps/ledger`, `apps/cli`) map kinds and codes to their own status values, and
 * `docs/spec/errors.md` is generated from this table.
 */

/** What a caller can do about an error: mend the request, accept that somebody was first, retry, or stop. */
export type ErrorKind = 'Rejected' | 'Conflict' | 'Unavailable' | 'Integrity';

interface CodeRow {
  readonly kind: ErrorKind;
  /** One sentence for the generated table: when it is thrown and what to do. */
  readonly meaning: string;
}

export const ERROR_CODES = {
  // --- Rejected: mend the request --------------------------------------------------------------
  JSON_SYNTAX: { kind: 'Rejected', meaning: 'the text is not JSON (RFC 8259)' },
  JSON_DUPLICATE_NAME: { kind: 'Rejected', meaning: 'an object holds the same name twice (RFC 7493 section 2.3)' },
  JSON_NUMBER_RANGE: {
    kind: 'Rejected',
    meaning:
      'a number is not finite, is too small to be told from zero, or is an integer beyond 2^53 - 1; send it as a decimal string',
  },
  JSON_STRING_INVALID: {
    kind: 'Rejected',
    meaning: 'a string holds a lone surrogate or a noncharacter, or the bytes are not UTF-8',
  },
  JSON_NAME_FORBIDDEN: {
    kind: 'Rejected',
    meaning: 'an object holds the name `__proto__`, `constructor` or `prototype`',
  },
  JSON_DEPTH: { kind: 'Rejected', meaning: 'arrays and objects are nested deeper than 32' },
  JSON_SIZE: { kind: 'Rejected', meaning: 'the text is longer than the cap that was set for it' },
  JSON_UNREPRESENTABLE: {
    kind: 'Rejected',
    meaning: 'a value has no I-JSON form (undefined, function, class instance, sparse array, cycle)',
  },
  JSON_NOT_CANONICAL: {
    kind: 'Rejected',
    meaning: 'the bytes are JSON, but not in the canonical form (RFC 8785) that is required here',
  },
  ENCODING_HEX: { kind: 'Rejected', meaning: 'the text is not canonical lower-case hex of the expected length' },
  ENCODING_BASE64: { kind: 'Rejected', meaning: 'the text is not canonical padded base64 (RFC 4648 section 4)' },
  NAME_INVALID: {
    kind: 'Rejected',
    meaning: 'an id or name lies outside its pattern; names are refused, never normalised',
  },
  REQUEST_INVALID: {
    kind: 'Rejected',
    meaning: 'a field is missing, of the wrong type or out of range; the details name it',
  },
  REQUEST_TOO_LARGE: { kind: 'Rejected', meaning: 'the request exceeds a size limit' },
  BATCH_TOO_LARGE: { kind: 'Rejected', meaning: 'a batch holds more items than the cap that the details name' },
  UNAUTHENTICATED: { kind: 'Rejected', meaning: 'no token, or one that is not known here' },
  PERMISSION_DENIED: {
    kind: 'Rejected',
    meaning: 'the token is known, but its role, tenant or actions do not allow this call',
  },
  EXECUTION_NOT_FOUND: { kind: 'Rejected', meaning: 'no such execution in this tenant' },
  EXECUTION_KEY_MISMATCH: {
    kind: 'Rejected',
    meaning: 'the policy ties the executionId to an argument, and the two differ',
  },
  ACTION_MISMATCH: { kind: 'Rejected', meaning: 'the policy governs another action than the intent names' },
  NOT_RESERVABLE: {
    kind: 'Rejected',
    meaning: 'the execution is not admitted, approved or open again; the details tell its state',
  },
  ADMISSION_LAPSED: { kind: 'Rejected', meaning: 'the admission is no longer valid; evaluate again' },
  EVALUATIONS_EXHAUSTED: { kind: 'Rejected', meaning: 'the policy allows no further evaluation of this execution' },
  ATTEMPTS_EXHAUSTED: { kind: 'Rejected', meaning: 'the policy allows no further attempt of this execution' },
  REEVALUATION_INVALID: {
    kind: 'Rejected',
    meaning: '`reevaluate` does not name the last decision, or that decision was not a denial',
  },
  HOLDER_MISMATCH: { kind: 'Rejected', meaning: 'the caller is not the holder of the reservation that it names' },
  ATTEMPT_MISMATCH: { kind: 'Rejected', meaning: 'the attempt named is not the one that this call can act on' },
  PARAMETERS_MISMATCH: {
    kind: 'Rejected',
    meaning: 'the arguments that ran are not the arguments that were admitted; recorded',
  },
  GRANT_MISMATCH: {
    kind: 'Rejected',
    meaning: 'the grant is for another tenant, execution or action than the one it is used for',
  },
  LEASE_LAPSED: { kind: 'Rejected', meaning: 'the lease is over and cannot be renewed or released' },
  LEASE_LIMIT: { kind: 'Rejected', meaning: "the renewal would exceed the policy's maxTtl" },
  NOT_RECONCILABLE: { kind: 'Rejected', meaning: 'nothing about this execution waits for reconciliation' },
  NOT_ESCALATED: { kind: 'Rejected', meaning: 'the execution does not wait for an approval' },
  APPROVER_NOT_ALLOWED: {
    kind: 'Rejected',
    meaning: 'the approver lacks the role, asked for the execution, or has decided before',
  },
  POLICY_UNKNOWN: { kind: 'Rejected', meaning: 'no policy of that id is published in this tenant' },
  POLICY_VERSION_UNKNOWN: { kind: 'Rejected', meaning: 'that version of the policy is not published, or is retired' },
  POLICY_INVALID: {
    kind: 'Rejected',
    meaning: 'the policy document is refused; the details list every finding with line and column',
  },
  POLICY_TESTS_FAILED: { kind: 'Rejected', meaning: "the document's own tests do not pass; the details list them" },
  POLICY_ACTIVATION_INVALID: { kind: 'Rejected', meaning: 'going back to an older version needs a reason' },
  SIGNATURE_INVALID: { kind: 'Rejected', meaning: 'a signature presented by the caller does not verify' },
  PROOF_INVALID: {
    kind: 'Rejected',
    meaning: 'a Merkle proof is malformed, has the wrong shape, or leads to another root',
  },
  NOTE_INVALID: { kind: 'Rejected', meaning: 'the text is not a signed note in its one spelling' },
  NOTE_UNSIGNED: { kind: 'Rejected', meaning: 'no key that is trusted here has signed the note' },
  NOTE_SIGNATURE_INVALID: {
    kind: 'Rejected',
    meaning: 'a signature by a trusted key does not verify, so the whole note is refused; the details name the key',
  },
  VERIFIER_KEY_INVALID: {
    kind: 'Rejected',
    meaning: 'the text is not the verifier key of a note, or its key id is not that of its key',
  },
  CHECKPOINT_INVALID: { kind: 'Rejected', meaning: 'the note is signed, but its text is not a checkpoint' },
  CHECKPOINT_EXTENDED: {
    kind: 'Rejected',
    meaning: 'the checkpoint has extension lines, which not every cosignature covers',
  },
  CHECKPOINT_ORIGIN: { kind: 'Rejected', meaning: 'the checkpoint is that of another log' },
  CHECKPOINT_QUORUM: {
    kind: 'Rejected',
    meaning: 'too few witnesses have cosigned the checkpoint for the quorum of the trust policy',
  },
  CHECKPOINT_STALE: {
    kind: 'Rejected',
    meaning: 'the cosignatures are older than asked for, or none tells how old the checkpoint is',
  },
  TRUST_POLICY_INVALID: {
    kind: 'Rejected',
    meaning: 'the trust policy (C2SP tlog-policy) is refused; the details name the line',
  },
  TRUST_FILE_INVALID: {
    kind: 'Rejected',
    meaning: 'the trust file is refused: a line is malformed, or it pins no log or no attestation key',
  },
  BUNDLE_INVALID: {
    kind: 'Rejected',
    meaning:
      'the file is not a bundle in its one form: not canonical, of another format version, or with other members',
  },
  ENTRY_NOT_FOUND: { kind: 'Rejected', meaning: 'the tree has no such entry: an index beyond it, or an unknown event' },
  CHECKPOINT_UNKNOWN: { kind: 'Rejected', meaning: 'no checkpoint of that size was published, or none is kept' },
  TOKEN_INVALID: { kind: 'Rejected', meaning: 'the token file or a token description cannot be used' },
  CONFIGURATION_INVALID: {
    kind: 'Rejected',
    meaning: 'a setting has a value that it cannot have; the details name the variable and what it wants',
  },
  KEY_FILE_INVALID: { kind: 'Rejected', meaning: 'a key file cannot be read, is malformed, or can be read by others' },
  KEY_IN_USE: { kind: 'Rejected', meaning: 'the key signs now; it is revoked only after another has taken its place' },
  EVENT_TOO_LARGE: { kind: 'Rejected', meaning: 'an event or an append exceeds the size that every store can hold' },
  STORE_URL_INVALID: {
    kind: 'Rejected',
    meaning: 'the connection string of the event store cannot be used; the message says what is wrong with it',
  },
  STORE_ACCESS_DENIED: {
    kind: 'Rejected',
    meaning: 'the event store refuses these credentials, or does not allow them what a ledger needs',
  },
  STORE_UNPROTECTED: {
    kind: 'Rejected',
    meaning:
      'the event store lets our own user delete or hide events, or is reached without TLS; protect it, or accept that in the configuration',
  },
  CURSOR_INVALID: { kind: 'Rejected', meaning: 'the page token was not made by this ledger for this query' },

  // --- Conflict: somebody else was first -------------------------------------------------------
  'INV-013': {
    kind: 'Conflict',
    meaning:
      'this execution has run, is running, or was asked for with another intent; the details hold the original receipt',
  },
  REVISION_CONFLICT: { kind: 'Conflict', meaning: 'the stream is not at the expected revision' },
  POLICY_VERSION_EXISTS: {
    kind: 'Conflict',
    meaning: 'that version is published with another digest; a version never changes',
  },
  POLICY_ACTIVATION_STALE: { kind: 'Conflict', meaning: 'another activation came first; look and ask again' },
  KEY_ROTATION_STALE: {
    kind: 'Conflict',
    meaning: 'the key to be replaced is not the current one; look and ask again',
  },
  STORE_COPY_CONFLICT: {
    kind: 'Conflict',
    meaning: 'the store that is copied into holds something else than what was copied so far',
  },

  // --- Unavailable: retry with the same ids ----------------------------------------------------
  STORE_UNAVAILABLE: { kind: 'Unavailable', meaning: 'the event store cannot be reached; nothing was appended' },
  STORE_OUTCOME_UNKNOWN: { kind: 'Unavailable', meaning: 'the append may have happened; retry with the same ids' },
  STORE_FULL: {
    kind: 'Unavailable',
    meaning: 'the disk is full or below its free-space threshold; nothing was appended',
  },
  STORE_READ_ONLY: { kind: 'Unavailable', meaning: 'the store takes no writes; nothing was appended' },
  STORE_LOCKED: { kind: 'Unavailable', meaning: 'another process holds a lock that this operation needs' },
  SIGNER_UNAVAILABLE: { kind: 'Unavailable', meaning: 'the signer did not answer; nothing was appended' },
  CONTENTION: {
    kind: 'Unavailable',
    meaning: 'optimistic races were lost until the bound; may have happened, retry with the same ids',
  },
  OVERLOADED: {
    kind: 'Unavailable',
    meaning: 'the append queue is full; nothing was begun, retry after the time given',
  },
  DEADLINE_EXCEEDED: {
    kind: 'Unavailable',
    meaning: "the caller's deadline passed; may have happened, retry with the same ids",
  },
  SHUTTING_DOWN: { kind: 'Unavailable', meaning: 'this node takes no new work; retry on another' },
  NOT_SEQUENCED_YET: {
    kind: 'Unavailable',
    meaning: 'the event is recorded, but not yet in the tree or under a checkpoint; ask again shortly',
  },
  PUBLISHER_UNAVAILABLE: {
    kind: 'Unavailable',
    meaning: 'checkpoints are not published now: the mark, its lock or the checkpoint key cannot be used',
  },
  CLOCK_BEHIND: {
    kind: 'Unavailable',
    meaning: "the wall clock is behind this node's own high-water mark by more than the tolerance",
  },
  SERVER_UNREACHABLE: { kind: 'Unavailable', meaning: 'the client cannot reach a ledger, or lost its answer' },

  // --- Integrity: stop, look at the evidence ---------------------------------------------------
  ATTESTATION_INVALID: { kind: 'Integrity', meaning: 'an attestation does not verify' },
  FOREIGN_EVENT: {
    kind: 'Integrity',
    meaning: 'a stream holds an event that no trusted key attests; the execution is refused',
  },
  EVENT_INVALID: {
    kind: 'Integrity',
    meaning: 'a stored event does not follow its schema, or cannot follow the one before it',
  },
  EVENT_ID_REUSED: { kind: 'Integrity', meaning: 'the store holds this event id with other content' },
  REVISION_MISMATCH: {
    kind: 'Integrity',
    meaning: 'the store answered with another revision than the one that was signed',
  },
  CLOCK_AHEAD: {
    kind: 'Integrity',
    meaning: 'an event of this execution lies further in the future than maxSkew allows',
  },
  KEY_UNKNOWN: { kind: 'Integrity', meaning: 'a signature names a key that is not trusted here' },
  KEY_MISMATCH: { kind: 'Integrity', meaning: 'the key file is not the key that this ledger recorded' },
  KEY_REVOKED: {
    kind: 'Integrity',
    meaning: 'the key was revoked; nothing that it signed from the cut-off index on counts',
  },
  POLICY_DIGEST_MISMATCH: {
    kind: 'Integrity',
    meaning: 'a stored policy document does not hash to its recorded digest',
  },
  STREAM_DELETED: {
    kind: 'Integrity',
    meaning: 'somebody deleted a stream of ours for good: a tombstone stands where its events were',
  },
  EVENT_HIDDEN: {
    kind: 'Integrity',
    meaning: 'the store holds an event that its stream does not show: somebody deleted or limited the stream',
  },
  STORE_NOT_OURS: { kind: 'Integrity', meaning: 'the file is not a Writ store, or belongs to another ledger' },
  STORE_NEWER: { kind: 'Integrity', meaning: 'the store was written by a newer Writ' },
  STORE_MIGRATION_NEEDED: {
    kind: 'Integrity',
    meaning: 'the store was written by an older Writ and has not been migrated',
  },
  STORE_CORRUPT: { kind: 'Integrity', meaning: 'the store is damaged' },
  STORE_MISSING: {
    kind: 'Integrity',
    meaning: 'a store that should exist does not; it is never created silently in its place',
  },
  LEDGER_ROLLED_BACK: {
    kind: 'Integrity',
    meaning: 'the store does not hold what this node has seen in it; nothing is written until `writ recover`',
  },
  EXECUTION_LOST: {
    kind: 'Integrity',
    meaning:
      'events of this execution were lost when the store was set back, so whether it ran is unknown; nothing runs under its id any more',
  },
  MARK_MISSING: {
    kind: 'Integrity',
    meaning: 'the lineage is not empty, and the mark of its checkpoint key is gone; nothing is signed',
  },
  MARK_NOT_EXTENDED: {
    kind: 'Integrity',
    meaning: 'the tree does not extend the head that was last signed; nothing is signed',
  },
  CHECKPOINT_KEY_SHARED: {
    kind: 'Integrity',
    meaning:
      'the store holds a checkpoint beyond the mark of this node: somebody else signs with the same key, or the mark is an old copy; nothing is signed',
  },
  LINEAGE_INVALID: {
    kind: 'Integrity',
    meaning: 'the lineage stream contradicts itself or the events that it names; the details tell the index',
  },
  TILE_INVALID: {
    kind: 'Integrity',
    meaning: 'a tile or an entry bundle does not have the shape that its place in the tree asks for',
  },
} as const satisfies Record<string, CodeRow>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The codes of one kind. */
export type CodeOfKind<K extends ErrorKind> = {
  [C in ErrorCode]: (typeof ERROR_CODES)[C]['kind'] extends K ? C : never;
}[ErrorCode];

/** `true` when `code` is one of ours; for codes that arrive over a wire. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}
