import { isUuid, parseDecisionId, parsePolicyId } from '@writ/encoding';
import type { ExecutionStateName, IntentInput } from '@writ/operations';
import { z } from 'zod';

import { field } from '../grpc/read-field.js';
import {
  attempt,
  digest,
  holder,
  instant,
  jsonObject,
  jsonValue,
  queryNumber,
  text,
  ttlMs,
  version,
} from '../http/fields.js';
import { EXECUTION_STATE } from './execution-message.js';

/** Bodies and queries of `/v1/{tenant}/executions…`; unknown names are refused. Also the source of the OpenAPI document. */
const signal = z
  .strictObject({ value: jsonValue, observedAt: instant.optional(), source: text.optional() })
  .transform(({ value, observedAt, source }) => ({
    value: value,
    ...(observedAt === undefined ? {} : { observedAtMs: observedAt }),
    ...(source === undefined ? {} : { source }),
  }));

const intent = z
  .strictObject({
    action: text,
    subject: text,
    parameters: jsonObject,
    signals: z.record(z.string(), signal),
    policyId: z.string(),
  })
  .transform((value): IntentInput => ({
    ...value,
    policyId: field('intent.policyId', () => parsePolicyId(value.policyId)),
  }));

export const EvaluateBody = z
  .strictObject({
    intent,
    holder: holder.optional(),
    noReserve: z.boolean().default(false),
    ttlMs: ttlMs.optional(),
    reevaluate: z.string().optional(),
  })
  .refine((body) => body.noReserve || body.holder !== undefined, {
    path: ['holder'],
    message: 'needed unless `noReserve`',
  })
  .transform(({ intent: wanted, holder: given, noReserve, ttlMs: ttl, reevaluate }) => ({
    intent: wanted,
    holder: noReserve || given === undefined ? null : given,
    ...(ttl === undefined ? {} : { ttlMs: ttl }),
    ...(reevaluate === undefined ? {} : { reevaluate: field('reevaluate', () => parseDecisionId(reevaluate)) }),
  }));

/** Items are read one by one, so that one wrong item does not spoil the others. */
export const BatchBody = z.strictObject({ requests: z.array(jsonObject) });

export const BatchItemName = z.looseObject({ executionId: z.string() });

export const SimulateBody = z
  .strictObject({ executionId: z.string(), intent, policyVersion: version.optional() })
  .transform(({ policyVersion, ...rest }) => ({ ...rest, ...(policyVersion === undefined ? {} : { policyVersion }) }));

export const ReserveBody = z.strictObject({ holder, ttlMs: ttlMs.optional() }).transform(withoutAbsent);

export const RenewBody = z.strictObject({ attempt, holder, ttlMs: ttlMs.optional() }).transform(withoutAbsent);

export const CommitBody = z
  .strictObject({
    attempt,
    holder,
    commitId: z.string().refine(isUuid, { message: 'expected a lower-case UUID' }),
    outcome: z.enum(['succeeded', 'failed', 'unknown']),
    parameters: digest,
    result: jsonValue.optional(),
  })
  .transform(({ result, ...rest }) => ({ ...rest, ...(result === undefined ? {} : { result: result }) }));

export const ReleaseBody = z.strictObject({ attempt, holder, reason: z.string().max(65_536).default('') });

export const ReconcileBody = z.strictObject({ attempt, outcome: z.enum(['succeeded', 'failed']), reason: text });

const states = Object.keys(EXECUTION_STATE) as [ExecutionStateName, ...ExecutionStateName[]];

export const ListQuery = z
  .strictObject({
    state: z.union([z.enum(states), z.array(z.enum(states))]).optional(),
    updatedFrom: instant.optional(),
    updatedTo: instant.optional(),
    pageSize: queryNumber.refine((size) => size <= 1_000, { message: 'at most 1000' }).optional(),
    pageToken: z.string().max(4_096).optional(),
  })
  .transform(({ state, updatedFrom, updatedTo, pageSize, pageToken }) => ({
    ...(state === undefined ? {} : { states: [state].flat() }),
    ...(updatedFrom === undefined ? {} : { updatedFromMs: updatedFrom }),
    ...(updatedTo === undefined ? {} : { updatedToMs: updatedTo }),
    ...(pageSize === undefined ? {} : { pageSize }),
    ...(pageToken === undefined ? {} : { pageToken }),
  }));

/** `exactOptionalPropertyTypes`: an absent lease time is no property at all. */
function withoutAbsent<T extends { readonly ttlMs?: number | undefined }>(
  body: T,
): Omit<T, 'ttlMs'> & { readonly ttlMs?: number } {
  const { ttlMs: ttl, ...rest } = body;
  return { ...rest, ...(ttl === undefined ? {} : { ttlMs: ttl }) };
}
