/**
 * The domain of the ledger, pure: the facts (`events.ts`) and their bytes (commitments, entries, metadata), and for
 * each kind of stream two functions, `decide` (what a command leads to) and `evolve` (what a stream has come to).
 * Normative pages: docs/spec/events.md, docs/spec/entry.md; settled questions: docs/decisions/0003-state-machine.md.
 */
export type {
  Actor,
  ApprovalExpired,
  ApprovalGranted,
  ApprovalRejected,
  CommittedIntent,
  DecisionAdmitted,
  DecisionDenied,
  DecisionEscalated,
  DecisionReason,
  EventCatalogue,
  EventType,
  ExecutionCommitted,
  ExecutionEvent,
  ExecutionEventType,
  ExecutionFailed,
  Fact,
  ForeignEventFound,
  KeyAdded,
  KeyPurpose,
  KeyRevoked,
  KeyRotated,
  LateOutcomeReported,
  LedgerEvent,
  Outcome,
  OutcomeReconciled,
  OutcomeUnknown,
  PolicyActivated,
  PolicyPublished,
  PolicyReference,
  PolicyRetired,
  ReplayRefused,
  ReservationExpired,
  ReservationPlaced,
  ReservationReleased,
  ReservationRenewed,
  Runtime,
  Terms,
} from './events.js';
export type {
  Answer,
  Approve,
  Command,
  Commit,
  Evaluate,
  IntentClaim,
  Moment,
  Reconcile,
  Reject,
  Release,
  Renew,
  Reserve,
  Ruling,
  Sweep,
  Verdict,
} from './commands.js';
export {
  commit,
  commitBodyDigest,
  holderHashOf,
  opens,
  SALT_BYTES,
  type CommitmentName,
  type Opening,
  type Openings,
} from './commitment.js';
export {
  executionStream,
  isSaltedStream,
  keysStream,
  lineageStream,
  parseOrigin,
  parseStreamName,
  policyStream,
  refusalsStream,
  streamRefOf,
  type StreamName,
} from './stream.js';
export { entryOf, leafHashOf, MAX_ENTRY_BYTES, parseEntry, type EncodedEntry, type Entry } from './entry.js';
export { CURRENT_TYPE_VERSION, EVENT_TYPES, isEventType, parseEventData, type EventData } from './event-schema.js';
export { encodeMetadata, parseAttestation, parseMetadata, type Attestation, type EventMetadata } from './metadata.js';
export { prepare, prepareAll, type PreparedEvent, type SealOptions } from './seal.js';
export { openEvent, type OpenedEvent, type StoredEvent } from './open-event.js';
export { decide, needsVerdict } from './execution/decide.js';
export { evolve, evolveAll, isExecutionEvent } from './execution/evolve.js';
export { momentOf } from './execution/present.js';
export {
  attemptNumbered,
  isExhausted,
  lastAttempt,
  MAX_ATTEMPT_NUMBER,
  NO_EXECUTION,
  usedAttempts,
  type Approval,
  type Attempt,
  type DecisionRecord,
  type Execution,
  type ExecutionState,
  type ExistingExecution,
  type NoExecution,
  type Report,
  type Standing,
} from './execution/state.js';
export { viewOf, type ExecutionStateName, type ExecutionView, type OperationName } from './execution/view.js';
export {
  compareVersions,
  decideActivate,
  decidePublish,
  decideRetire,
  evolvePolicy,
  NO_POLICY,
  type Activation,
  type ChangePolicy,
  type PolicyEvent,
  type PolicyEventType,
  type PolicyRuling,
  type PolicyRulingAnswer,
  type PolicyStreamState,
  type PublishedVersion,
  type PublishPolicy,
} from './policy-stream.js';
export {
  decideAddKey,
  decideRevokeKey,
  decideRotateKey,
  evolveKeys,
  keyIdOf,
  NO_KEYS,
  type KeyEvent,
  type KeyEventType,
  type KeyRuling,
  type KeyStreamState,
  type NameKey,
  type RecordedKey,
  type RevokeKey,
} from './key-stream.js';
