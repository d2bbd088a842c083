import type {
  EvaluateAnswer,
  EvaluateResult,
  Execution,
  ExecutionPage,
  GrantAnswer,
  ReceiptAnswer,
  SimulateAnswer,
} from './answers.js';
import {
  decodeDecision,
  decodeEvaluateAnswer,
  decodeExecution,
  decodeGrantAnswer,
  decodeJsonObject,
  decodeReceiptAnswer,
  present,
} from './decode-answer.js';
import { errorOfItem } from './decode-error.js';
import {
  encodeCommit,
  encodeEvaluate,
  encodeIntent,
  encodeReconcile,
  encodeState,
  encodeTimestamp,
  type InTenant,
} from './encode-request.js';
import type {
  CommitRequest,
  EvaluateRequest,
  ExecutionName,
  ListExecutionsRequest,
  ReconcileRequest,
  ReleaseRequest,
  RenewRequest,
  ReserveRequest,
  SimulateRequest,
} from './requests.js';
import { rpcOf } from './rpc.js';
import type {
  WireDecision,
  WireEvaluateResult,
  WireExecution,
  WireGrantAnswer,
  WireReceiptAnswer,
} from './wire-types.js';

const service = 'ExecutionService';
const changes = { service, readsOnly: false } as const;
const reads = { service, readsOnly: true } as const;

export const EVALUATE = rpcOf<InTenant<EvaluateRequest>, WireGrantAnswer, EvaluateAnswer>({
  ...changes,
  method: 'Evaluate',
  encode: encodeEvaluate,
  decode: decodeEvaluateAnswer,
});

export const EVALUATE_BATCH = rpcOf<
  readonly InTenant<EvaluateRequest>[],
  { readonly results: readonly WireEvaluateResult[] },
  readonly EvaluateResult[]
>({
  ...changes,
  method: 'EvaluateBatch',
  encode: (requests) => ({ requests: requests.map(encodeEvaluate) }),
  decode: ({ results }) => results.map(decodeResult),
});

export interface NumberedRequest {
  readonly correlationId: number;
  readonly request: InTenant<EvaluateRequest>;
}
export interface NumberedResult {
  readonly correlationId: number;
  readonly result: EvaluateResult;
}

export const EVALUATE_STREAM = rpcOf<
  NumberedRequest,
  { readonly correlationId: string; readonly result: WireEvaluateResult | null },
  NumberedResult
>({
  ...changes,
  method: 'EvaluateStream',
  encode: ({ correlationId, request }) => ({ correlationId, request: encodeEvaluate(request) }),
  decode: ({ correlationId, result }) => ({
    correlationId: Number(correlationId),
    result: decodeResult(present(result, 'result')),
  }),
});

export const SIMULATE = rpcOf<
  InTenant<SimulateRequest>,
  { readonly decision: WireDecision | null; readonly diagnosticsJson: readonly string[] },
  SimulateAnswer
>({
  ...reads,
  method: 'Simulate',
  encode: ({ intent, ...rest }) => ({ ...rest, intent: encodeIntent(intent) }),
  decode: ({ decision, diagnosticsJson }) => ({
    decision: decodeDecision(present(decision, 'decision')),
    diagnostics: diagnosticsJson.map(decodeJsonObject),
  }),
});

export const RESERVE = rpcOf<InTenant<ReserveRequest>, WireGrantAnswer, GrantAnswer>({
  ...changes,
  method: 'Reserve',
  encode: asItIs,
  decode: decodeGrantAnswer,
});

export const RENEW = rpcOf<InTenant<RenewRequest>, WireGrantAnswer, GrantAnswer>({
  ...changes,
  method: 'Renew',
  encode: asItIs,
  decode: decodeGrantAnswer,
});

export const COMMIT = rpcOf<InTenant<CommitRequest>, WireReceiptAnswer, ReceiptAnswer>({
  ...changes,
  method: 'Commit',
  encode: encodeCommit,
  decode: decodeReceiptAnswer,
});

export const RELEASE = rpcOf<InTenant<ReleaseRequest>, WireReceiptAnswer, ReceiptAnswer>({
  ...changes,
  method: 'Release',
  encode: asItIs,
  decode: decodeReceiptAnswer,
});

export const RECONCILE = rpcOf<InTenant<ReconcileRequest>, WireReceiptAnswer, ReceiptAnswer>({
  ...changes,
  method: 'Reconcile',
  encode: encodeReconcile,
  decode: decodeReceiptAnswer,
});

export const GET_EXECUTION = rpcOf<InTenant<ExecutionName>, { readonly execution: WireExecution | null }, Execution>({
  ...reads,
  method: 'GetExecution',
  encode: asItIs,
  decode: ({ execution }) => decodeExecution(present(execution, 'execution')),
});

export const LIST_EXECUTIONS = rpcOf<
  InTenant<ListExecutionsRequest>,
  { readonly executions: readonly WireExecution[]; readonly nextPageToken: string },
  ExecutionPage
>({
  ...reads,
  method: 'ListExecutions',
  encode: ({ tenant, states, updatedFromMs, updatedToMs, pageSize, pageToken }) => ({
    tenant,
    states: (states ?? []).map(encodeState),
    ...(updatedFromMs === undefined ? {} : { updatedFrom: encodeTimestamp(updatedFromMs) }),
    ...(updatedToMs === undefined ? {} : { updatedTo: encodeTimestamp(updatedToMs) }),
    ...(pageSize === undefined ? {} : { pageSize }),
    ...(pageToken === undefined ? {} : { pageToken }),
  }),
  decode: ({ executions, nextPageToken }) => ({
    executions: executions.map(decodeExecution),
    ...(nextPageToken === '' ? {} : { nextPageToken }),
  }),
});

export const WATCH_EXECUTION = rpcOf<InTenant<ExecutionName>, { readonly execution: WireExecution | null }, Execution>({
  ...reads,
  method: 'WatchExecution',
  encode: asItIs,
  decode: ({ execution }) => decodeExecution(present(execution, 'execution')),
});

function asItIs<T extends object>(request: T): T {
  return request;
}

function decodeResult({ response, error }: WireEvaluateResult): EvaluateResult {
  if (error != null) return { kind: 'error', error: errorOfItem(error) };
  return { kind: 'answer', answer: decodeEvaluateAnswer(present(response, 'result.response')) };
}
