import { LedgerError } from '@writ/errors';

/** Every code that a finding can have. docs/spec/bundle.md carries the same table, checked by a test. */
export const CHECK_CODES = {
  BUNDLE_INVALID: 'the file is not a bundle in its one form',
  PROOF_INVALID: 'a proof is malformed, has the wrong shape, or leads to another root',
  CHECKPOINT_ORIGIN: 'it is of another ledger than the trust file names',
  NOTE_INVALID: 'the checkpoint is not a signed note in its one spelling',
  NOTE_UNSIGNED: 'the log of the trust file has not signed the checkpoint',
  NOTE_SIGNATURE_INVALID: 'a signature by a key of the trust file does not verify on the checkpoint',
  CHECKPOINT_INVALID: 'the signed note is not a checkpoint',
  CHECKPOINT_EXTENDED: 'the checkpoint has extension lines',
  CHECKPOINT_QUORUM: 'too few witnesses have cosigned for the quorum of the trust file',
  CHECKPOINT_STALE: 'too few of the cosignatures are young enough',
  FOREIGN_EVENT: 'the attested entry is not the entry of this event',
  EVENT_INVALID: 'the data do not follow their schema, or cannot follow what is before them',
  ATTESTATION_INVALID: 'the attestation does not verify under the key that it names',
  SIGNATURE_INVALID: 'a signature does not verify under the key that it names',
  KEY_UNKNOWN: 'the key is neither pinned nor reached from a pinned one',
  KEY_NOT_YET_VALID: 'the key signed at an index before the event that brought it',
  KEY_REVOKED: 'the key signed at an index at or after its cut-off',
  REVISION_GAP: 'the revisions of a stream do not count up from 0',
  INDEX_ORDER: 'the indices of a stream do not grow with its revisions',
  HEAD_MISMATCH: 'the signed head speaks of another stream, another end or another tree',
  EVENT_LEFT_OUT: 'the tree holds an entry of the stream that the bundle does not',
  MIRROR_DIFFERS: 'the mirror is not that of the tree under the checkpoint',
  COMMITTED_TWICE: 'the execution was committed a second time',
  POLICY_DIGEST_MISMATCH: 'the policy is not the one that the decision names',
  POLICY_MISSING: 'the publication or activation that the decision names is not there',
  POLICY_INVALID: 'the policy document cannot be evaluated',
  POLICY_SUPERSEDED: 'the policy was no longer in force when the decision was recorded',
  POLICY_NOT_YET: 'the policy came into force after the decision was recorded',
  DECISION_BACKDATED: 'the evaluation time is not that of the recording',
  OPENING_MISMATCH: 'an opening does not open what the event commits to',
  OUTCOME_DIFFERS: 'the policy decides otherwise on what was opened',
  WITHHELD: 'what this needs was withheld from the bundle',
  NOT_ASKED: 'the caller did not ask for it',
  NO_MIRROR: 'no mirror of the entries was given: asserted by signature only',
  NO_ENTRY: 'no entry was given to prove',
  NO_POLICY: 'no version of the policy was in force, and none decided',
  RESTS_ON_FAILED: 'a check that this one rests on did not pass',
  UNREADABLE: 'the verifier could not finish the check',
} as const satisfies Record<string, string>;

export type CheckCode = keyof typeof CHECK_CODES;

/** The finding that an error amounts to. Nothing that a file makes us throw is let through. */
export function codeOfError(error: unknown, otherwise: CheckCode = 'UNREADABLE'): CheckCode {
  return error instanceof LedgerError && Object.hasOwn(CHECK_CODES, error.code) ? (error.code as CheckCode) : otherwise;
}
