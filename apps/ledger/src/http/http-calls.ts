import { parseExecutionId, parseTenant, type ExecutionId, type Tenant } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import type { CallContext } from '@writ/operations';
import type { FastifyRequest } from 'fastify';

import type { CallFacts, CallGate } from '../calls/call-gate.js';

export type HttpRequest = FastifyRequest<{ Params: Record<string, string> }>;

/** How long the caller waits, as gRPC has it in `grpc-timeout`. */
const TIMEOUT_HEADER = 'writ-timeout-ms';

/** Brings HTTP calls to the gate. */
export class HttpCalls {
  constructor(private readonly gate: CallGate) {}

  run<T>(method: string, request: HttpRequest, work: (context: CallContext) => Promise<T>, units = 1): Promise<T> {
    return this.gate.run(httpFacts(method, request), work, units);
  }
}

export function httpCallsOf(gate: CallGate): HttpCalls {
  return new HttpCalls(gate);
}

export function httpFacts(method: string, request: HttpRequest): CallFacts {
  const { authorization } = request.headers;
  const traceparent = request.headers['traceparent'];
  const deadlineMs = deadlineOf(request);
  return {
    method,
    protocol: 'http',
    authorization,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(typeof traceparent === 'string' ? { traceparent } : {}),
    tenant: request.params['tenant'],
    executionId: request.params['executionId'],
  };
}

export function tenantOf(request: HttpRequest): { tenant: Tenant } {
  return { tenant: parseTenant(request.params['tenant']) };
}

export function executionOf(request: HttpRequest): { tenant: Tenant; executionId: ExecutionId } {
  return { ...tenantOf(request), executionId: parseExecutionId(request.params['executionId']) };
}

function deadlineOf(request: HttpRequest): number | undefined {
  const header = request.headers[TIMEOUT_HEADER];
  if (header === undefined) return undefined;
  if (typeof header === 'string' && /^[1-9][0-9]{0,7}$/.test(header)) return Date.now() + Number(header);
  throw new RejectedError('REQUEST_INVALID', `\`${TIMEOUT_HEADER}\` is not a number of milliseconds`, {
    field: TIMEOUT_HEADER,
  });
}
