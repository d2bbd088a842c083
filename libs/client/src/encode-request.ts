import { canonicalText, formatInstant, type JsonValue } from '@writ/encoding';
import type { ExecutionState } from './answers.js';
import type { CommitRequest, EvaluateRequest, Intent, ReconcileRequest, Signal } from './requests.js';

/** The numbers of writ.v1.RunOutcome. */
const RUN_OUTCOMES = { succeeded: 1, failed: 2, unknown: 3 } as const;

/** The numbers of writ.v1.ExecutionState. */
const STATES = {
  denied: 1,
  escalated: 2,
  approved: 3,
  admitted: 4,
  reserved: 5,
  lapsed: 6,
  open: 7,
  exhausted: 8,
  unknown: 9,
  committed: 10,
} as const satisfies Record<ExecutionState, number>;

/** A request that says its tenant: the client's. */
export type InTenant<Request> = Request & { readonly tenant: string };

/** Throws JSON_* (Rejected) for parameters or signals without an I-JSON form, REQUEST_INVALID for an impossible instant. */
export function encodeEvaluate(request: InTenant<EvaluateRequest>): object {
  const { tenant, executionId, intent, holder, ttlMs, reevaluate } = request;
  return {
    tenant,
    executionId,
    intent: encodeIntent(intent),
    ...(holder === undefined ? { noReserve: true } : { holder }),
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(reevaluate === undefined ? {} : { reevaluate }),
  };
}

export function encodeIntent({ action, subject, parameters, signals, policyId }: Intent): object {
  return {
    action,
    subject,
    parametersJson: canonicalText(parameters),
    signals: Object.fromEntries(Object.entries(signals).map(([name, signal]) => [name, encodeSignal(signal)])),
    policyId,
  };
}

export function encodeCommit(request: InTenant<CommitRequest>): object {
  const { result, outcome, ...rest } = request;
  return {
    ...rest,
    outcome: RUN_OUTCOMES[outcome],
    ...(result === undefined ? {} : { resultJson: canonicalText(result) }),
  };
}

export function encodeReconcile(request: InTenant<ReconcileRequest>): object {
  return { ...request, outcome: RUN_OUTCOMES[request.outcome] };
}

export function encodeState(state: ExecutionState): number {
  return STATES[state];
}

export function encodeTimestamp(ms: number): object {
  const seconds = Math.floor(ms / 1_000);
  return { seconds, nanos: (ms - seconds * 1_000) * 1_000_000 };
}

function encodeSignal(signal: Intent['signals'][string]): object {
  if (!isDescribed(signal)) return { valueJson: canonicalText(signal) };
  const { value, observedAtMs, source } = signal;
  return {
    valueJson: canonicalText(value satisfies JsonValue),
    ...(observedAtMs === undefined ? {} : { observedAt: formatInstant(observedAtMs) }),
    ...(source === undefined ? {} : { source }),
  };
}

function isDescribed(signal: Intent['signals'][string]): signal is Signal {
  return typeof signal === 'object';
}
