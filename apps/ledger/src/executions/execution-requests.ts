import {
  isUuid,
  parseDecisionId,
  parseDigest,
  parseExecutionId,
  parsePolicyId,
  parseTenant,
  type JsonObject,
} from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import type {
  CommitRequest,
  EvaluateRequest,
  ExecutionName,
  ExecutionStateName,
  IntentInput,
  ListExecutionsRequest,
  ReconcileRequest,
  ReleaseRequest,
  RenewRequest,
  ReserveRequest,
  SignalInput,
  SimulateRequest,
} from '@writ/operations';

import type { Message } from '../grpc/decode-message.js';
import {
  field,
  instantField,
  jsonField,
  jsonObjectField,
  numberField,
  textField,
  timestampField,
} from '../grpc/read-field.js';
import type { Bits64 } from '../grpc/wire-reader.js';
import { EXECUTION_STATE } from './execution-message.js';

/** 128 random bits (docs/spec/grant.md). */
export const HOLDER_BYTES = 16;

const STATE_NAMES = new Map(Object.entries(EXECUTION_STATE).map(([name, number]) => [number as number, name]));
const RUN_OUTCOMES = [undefined, 'succeeded', 'failed', 'unknown'] as const;

/** Field types hold already (`decode-message.ts`); here are names, ranges and JSON. Throws RejectedError. */
export function readName(message: Message): ExecutionName {
  return {
    tenant: parseTenant(message['tenant']),
    executionId: parseExecutionId(message['executionId']),
  };
}

export function readEvaluate(message: Message): EvaluateRequest {
  const reevaluate = message['reevaluate'];
  return {
    ...readName(message),
    intent: readIntent(message),
    holder: message['noReserve'] === true ? null : readHolder(message),
    ...readTtl(message),
    ...(reevaluate === undefined ? {} : { reevaluate: field('reevaluate', () => parseDecisionId(reevaluate)) }),
  };
}

export function readSimulate(message: Message): SimulateRequest {
  const policyVersion = message['policyVersion'] as string | undefined;
  return {
    ...readName(message),
    intent: readIntent(message),
    ...(policyVersion === undefined ? {} : { policyVersion }),
  };
}

export function readReserve(message: Message): ReserveRequest {
  return { ...readName(message), holder: readHolder(message), ...readTtl(message) };
}

export function readRenew(message: Message): RenewRequest {
  return { ...readAttempt(message), ...readTtl(message) };
}

export function readRelease(message: Message): ReleaseRequest {
  return { ...readAttempt(message), reason: message['reason'] as string };
}

export function readCommit(message: Message): CommitRequest {
  const commitId = message['commitId'];
  if (!isUuid(commitId)) {
    throw new RejectedError('REQUEST_INVALID', '`commit_id` must be a lower-case UUID', { field: 'commit_id' });
  }
  const result = message['resultJson'] as string | undefined;
  return {
    ...readAttempt(message),
    commitId,
    outcome: readOutcome(message),
    parameters: field('parameters', () => {
      parseDigest(message['parameters'] as string);
      return message['parameters'] as string;
    }),
    ...(result === undefined ? {} : { result: jsonField('result_json', result) }),
  };
}

export function readReconcile(message: Message): ReconcileRequest {
  const outcome = readOutcome(message);
  if (outcome === 'unknown') {
    throw new RejectedError('REQUEST_INVALID', '`outcome` must be succeeded or failed', { field: 'outcome' });
  }
  return {
    ...readName(message),
    attempt: readAttemptNumber(message),
    outcome,
    reason: textField('reason', message['reason'] as string),
  };
}

export function readList(message: Message): ListExecutionsRequest {
  const { updatedFrom, updatedTo } = message as { updatedFrom?: Message; updatedTo?: Message };
  const states = message['states'] as number[];
  const pageSize = message['pageSize'] as number;
  const pageToken = message['pageToken'] as string;
  if (pageSize > 1_000) {
    throw new RejectedError('REQUEST_INVALID', '`page_size` is at most 1000', { field: 'page_size' });
  }
  return {
    tenant: parseTenant(message['tenant']),
    ...(states.length === 0 ? {} : { states: states.map(readState) }),
    ...(updatedFrom === undefined ? {} : { updatedFromMs: timestampField('updated_from', updatedFrom) }),
    ...(updatedTo === undefined ? {} : { updatedToMs: timestampField('updated_to', updatedTo) }),
    ...(pageSize === 0 ? {} : { pageSize }),
    ...(pageToken === '' ? {} : { pageToken }),
  };
}

function readIntent(message: Message): IntentInput {
  const intent = message['intent'] as Message | undefined;
  if (intent === undefined) throw new RejectedError('REQUEST_INVALID', '`intent` is missing', { field: 'intent' });
  return {
    action: textField('intent.action', intent['action'] as string),
    subject: textField('intent.subject', intent['subject'] as string),
    parameters: readParameters(intent['parametersJson'] as string),
    signals: readSignals(intent['signals'] as Record<string, Message>),
    policyId: field('intent.policy_id', () => parsePolicyId(intent['policyId'])),
  };
}

function readParameters(text: string): JsonObject {
  return jsonObjectField('intent.parameters_json', textField('intent.parameters_json', text));
}

function readSignals(signals: Record<string, Message>): Record<string, SignalInput> {
  const read = Object.create(null) as Record<string, SignalInput>;
  for (const name of Object.keys(signals)) {
    const { valueJson, observedAt, source } = signals[name] as {
      valueJson: string;
      observedAt?: string;
      source?: string;
    };
    const path = `intent.signals.${name}`;
    read[name] = {
      value: jsonField(`${path}.value_json`, valueJson),
      ...(observedAt === undefined ? {} : { observedAtMs: instantField(`${path}.observed_at`, observedAt) }),
      ...(source === undefined ? {} : { source }),
    };
  }
  return read;
}

function readHolder(message: Message): Uint8Array {
  const holder = message['holder'] as Uint8Array;
  if (holder.length !== HOLDER_BYTES) {
    throw new RejectedError('REQUEST_INVALID', `\`holder\` must be ${HOLDER_BYTES} bytes`, { field: 'holder' });
  }
  return holder;
}

function readTtl(message: Message): { ttlMs?: number } {
  const ttlMs = message['ttlMs'] as Bits64 | undefined;
  return ttlMs === undefined ? {} : { ttlMs: numberField('ttl_ms', ttlMs) };
}

function readAttempt(message: Message): ExecutionName & { attempt: number; holder: Uint8Array } {
  return { ...readName(message), attempt: readAttemptNumber(message), holder: readHolder(message) };
}

function readAttemptNumber(message: Message): number {
  const attempt = message['attempt'] as number;
  if (attempt >= 1) return attempt;
  throw new RejectedError('REQUEST_INVALID', '`attempt` counts from 1', { field: 'attempt' });
}

function readOutcome(message: Message): 'succeeded' | 'failed' | 'unknown' {
  const outcome = RUN_OUTCOMES[message['outcome'] as number];
  if (outcome !== undefined) return outcome;
  throw new RejectedError('REQUEST_INVALID', '`outcome` is missing', { field: 'outcome' });
}

function readState(value: number): ExecutionStateName {
  const name = STATE_NAMES.get(value);
  if (name !== undefined) return name as ExecutionStateName;
  throw new RejectedError('REQUEST_INVALID', '`states` holds an unspecified state', { field: 'states' });
}
