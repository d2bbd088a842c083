import { parseEventId, parseExecutionId, parseTenant } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import type { EntryTarget, InclusionRequest } from '@writ/operations';
import { z } from 'zod';

import { field } from '../grpc/read-field.js';
import { queryCounter } from '../http/fields.js';

/** Queries of `/v1/lineage/…` and of what is told of one execution; unknown names are refused. Also the source of the OpenAPI document. */
export const CheckpointQuery = z
  .strictObject({ size: queryCounter.optional() })
  .transform(({ size }) => (size === undefined ? {} : { sizeLeaves: size }));

export const InclusionQuery = z
  .strictObject({
    index: queryCounter.optional(),
    eventId: z.string().optional(),
    tenant: z.string().optional(),
    executionId: z.string().optional(),
    revision: queryCounter.optional(),
    checkpointSize: queryCounter.optional(),
  })
  .transform(({ checkpointSize, ...target }): InclusionRequest => ({
    target: targetOf(target),
    ...(checkpointSize === undefined ? {} : { checkpointSizeLeaves: checkpointSize }),
  }));

export const ConsistencyQuery = z
  .strictObject({ from: queryCounter, to: queryCounter.optional() })
  .transform(({ from, to }) => ({ oldSizeLeaves: from, ...(to === undefined ? {} : { newSizeLeaves: to }) }));

/** `withhold=*`: everything. */
export const EvidenceQuery = z
  .strictObject({
    checkpointSize: queryCounter.optional(),
    withhold: z.union([z.string(), z.array(z.string())]).optional(),
  })
  .transform(({ checkpointSize, withhold = [] }) => ({
    ...(checkpointSize === undefined ? {} : { checkpointSizeLeaves: checkpointSize }),
    withhold: withhold === '*' ? ('all' as const) : [withhold].flat(),
  }));

export const StandingQuery = z
  .strictObject({
    wait: z.enum(['sequenced', 'anchored']).default('anchored'),
    timeoutMs: z
      .string()
      .regex(/^(0|[1-9][0-9]{0,4})$/)
      .transform(Number)
      .default(10_000),
  })
  .transform(({ wait, timeoutMs }) => ({ wanted: wait, timeoutMs }));

interface TargetQuery {
  readonly index?: bigint | undefined;
  readonly eventId?: string | undefined;
  readonly tenant?: string | undefined;
  readonly executionId?: string | undefined;
  readonly revision?: bigint | undefined;
}

function targetOf({ index, eventId, tenant, executionId, revision }: TargetQuery): EntryTarget {
  const ofExecution = [tenant, executionId, revision].some((one) => one !== undefined);
  if ([index !== undefined, eventId !== undefined, ofExecution].filter(Boolean).length !== 1) {
    throw new RejectedError('REQUEST_INVALID', 'name `index`, `eventId`, or `tenant` and `executionId`', {
      field: 'index',
    });
  }
  if (index !== undefined) return { kind: 'index', index };
  if (eventId !== undefined) return { kind: 'event', eventId: field('eventId', () => parseEventId(eventId)) };
  return {
    kind: 'execution',
    tenant: parseTenant(tenant),
    executionId: parseExecutionId(executionId),
    ...(revision === undefined ? {} : { revision }),
  };
}
