/**
 * What other services install: a typed client of `writ.v1`, and `executeFromSignals`, which asks, runs once and
 * reports. docs/guides/client.md shows it at work.
 */
export { WritClient } from './writ-client.js';
export type { Key, KeyAnswer, KeyClient, Keys, RevokeKeyRequest, RotateKeyRequest } from './key-client.js';
export type { LineageClient } from './lineage-client.js';
export type { PolicyClient } from './policy-client.js';
export type { ConnectOptions, Timeouts, TlsFiles } from './connect-options.js';
export { EffectDidNotHappen, type Effect, type Run } from './effect.js';
export { newCommitId, type ExecuteIntent, type ExecuteOptions } from './execute-from-signals.js';
export type {
  Denied,
  Escalated,
  Executed,
  ExecuteOutcome,
  Failed,
  Replayed,
  Unavailable,
  Unknown,
} from './execute-outcome.js';
export { originalReceiptOf } from './decode-error.js';
export type { StreamedResult } from './evaluate-stream.js';
export type {
  CallOptions,
  CommitRequest,
  EvaluateRequest,
  ExecutionName,
  Intent,
  ListExecutionsRequest,
  PolicyChange,
  PolicyText,
  ReconcileRequest,
  ReleaseRequest,
  RenewRequest,
  ReserveRequest,
  Signal,
  SimulateRequest,
} from './requests.js';
export type {
  Decision,
  EvaluateAnswer,
  EvaluateResult,
  EventReceipt,
  Execution,
  ExecutionPage,
  ExecutionState,
  GrantAnswer,
  LintAnswer,
  PolicyAnswer,
  PolicyFinding,
  PolicyTestOutcome,
  PolicyVersion,
  PublishAnswer,
  Reason,
  Receipt,
  ReceiptAnswer,
  Reservation,
  SimulateAnswer,
  Standing,
  StandingFields,
} from './answers.js';
export type { Checkpoint, ConsistencyProof, EventStanding, InclusionProof, StandingAnswer } from './lineage-answers.js';
export type {
  AwaitStandingRequest,
  ConsistencyRequest,
  EntryTarget,
  EvidenceRequest,
  InclusionRequest,
} from './lineage-requests.js';
