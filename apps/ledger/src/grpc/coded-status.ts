import type { ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js';
import { RejectedError, UnavailableError, type LedgerError } from '@writ/errors';

import { grpcErrorOf, STATUS_DETAILS } from '../errors/grpc-error.js';
import { GrpcCode } from '../errors/grpc-status.js';

const UNIMPLEMENTED = 12;

type SentStatus = Parameters<ServerInterceptingCall['sendStatus']>[0];

/**
 * Gives the statuses that grpc-js makes by itself (message too large, bad compression, deadline) our codes. Replacing
 * the one method costs a call nothing; a full interceptor would wrap every message.
 */
export function codedStatuses(maxRequestBytes: number): ServerInterceptor {
  return (_method, call) => {
    const send = call.sendStatus.bind(call);
    call.sendStatus = (status) => send(coded(status, maxRequestBytes));
    // grpc-js asks for its own class, and uses no more than the interface that both have.
    return call as ServerInterceptingCall;
  };
}

function coded(status: SentStatus, maxRequestBytes: number): SentStatus {
  if (status.code === GrpcCode.OK || (status.metadata?.get(STATUS_DETAILS).length ?? 0) > 0) return status;
  const error = errorOf(status, maxRequestBytes);
  return error === undefined ? status : grpcErrorOf(error);
}

function errorOf(status: SentStatus, maxRequestBytes: number): LedgerError | undefined {
  switch (status.code) {
    case GrpcCode.RESOURCE_EXHAUSTED:
      return new RejectedError('REQUEST_TOO_LARGE', `a request has at most ${maxRequestBytes} bytes`, {
        maxRequestBytes,
      });
    case GrpcCode.DEADLINE_EXCEEDED:
      return new UnavailableError('DEADLINE_EXCEEDED', 'the deadline passed; retry with the same ids', {
        mayHaveHappened: true,
      });
    case UNIMPLEMENTED:
      return new RejectedError('REQUEST_INVALID', 'the request has no message, more than one, or an unknown encoding');
    case GrpcCode.INTERNAL:
      // Our own bugs have this text; every other INTERNAL is about bytes that grpc-js could not read.
      return status.details === 'internal error'
        ? undefined
        : new RejectedError('REQUEST_INVALID', 'the request cannot be read');
    default:
      return undefined;
  }
}
