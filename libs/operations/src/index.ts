/**
 * What Writ can do: one file per use-case, each a few numbered steps over the ports of `ports.ts`. No Nest, no driver,
 * no file: `@writ/instance` brings those. docs/architecture.md shows the way of a write.
 */
export type {
  CallContext,
  CommitRequest,
  DecisionView,
  EvaluateAnswer,
  EvaluateRequest,
  EventReceipt,
  ExecutionName,
  ExecutionSummary,
  ExecutionView,
  GrantAnswer,
  IntentInput,
  LintAnswer,
  ListExecutionsAnswer,
  ListExecutionsRequest,
  Operations,
  PolicyAnswer,
  PolicyChange,
  PolicyDiffRequest,
  PolicyFindingView,
  PolicyText,
  PolicyVersionView,
  Principal,
  Receipt,
  ReceiptAnswer,
  ReconcileRequest,
  ReleaseRequest,
  RenewRequest,
  ReservationView,
  ReserveRequest,
  SignalInput,
  SimulateAnswer,
  SimulateRequest,
} from './operations.js';
export type {
  AwaitStandingRequest,
  CheckpointRequest,
  ConsistencyRequest,
  ConsistencyView,
  EntryTarget,
  EvidenceRequest,
  InclusionRequest,
  InclusionView,
  LineageOperations,
  StandingAnswer,
  StandingFields,
  StandingView,
} from './lineage-operations.js';
export type {
  KeyAnswer,
  KeyOperations,
  KeysView,
  KeyView,
  RevokeKeyRequest,
  RotateKeyRequest,
} from './key-operations.js';
export type { ExecutionStateName } from '@writ/ledger';
export { createEngine, type Engine, type EngineCounters } from './engine.js';
export { createOperations } from './create-operations.js';
export type { ExecutionIndex, ExecutionRow } from './execution-index.js';
export { openExecutionLog, type ExecutionLog, type KeptEvent } from './execution-log.js';
export { FollowedKeys } from './followed-keys.js';
export { keyToSignWith, NodeKeys, type NodeKeysOptions, type SigningState } from './node-keys.js';
export { openKeys } from './open-keys.js';
export type { Alarm, Clock, OperationsPorts, Randomness } from './ports.js';
export { executionSummary } from './execution-summary.js';
export { sweepDue, sweepExecution } from './sweep-execution.js';
export { trustKeys, type TrustedKeys } from './trusted-keys.js';
