import type { Metadata, ServerDuplexStream, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import type { CallContext } from '@writ/operations';

import type { CallFacts, CallGate } from '../calls/call-gate.js';
import type { Message } from './decode-message.js';
import { Unreadable } from './proto-schema.js';

export type UnaryCall = ServerUnaryCall<Message, Message>;
export type WatchCall = ServerWritableStream<Message, Message>;
export type StreamCall = ServerDuplexStream<Message | Unreadable, Message>;

/** Brings gRPC calls to the gate. */
export class GrpcCalls {
  constructor(private readonly gate: CallGate) {}

  /** Runs a unary call: `work` gets the decoded request. */
  unary<T>(
    method: string,
    request: Message | Unreadable,
    call: UnaryCall,
    work: (context: CallContext, request: Message) => Promise<T>,
    units = 1,
  ): Promise<T> {
    return this.gate.run(
      grpcFacts(method, call, request),
      async (context) => {
        if (request instanceof Unreadable) throw request.error;
        return work(context, request);
      },
      units,
    );
  }
}

export function grpcCallsOf(gate: CallGate): GrpcCalls {
  return new GrpcCalls(gate);
}

export function grpcFacts(
  method: string,
  call: { readonly metadata: Metadata; getDeadline(): Date | number },
  request: Message | Unreadable,
): CallFacts {
  const deadline = call.getDeadline();
  const traceparent = first(call.metadata, 'traceparent');
  return {
    method,
    protocol: 'grpc',
    authorization: first(call.metadata, 'authorization'),
    ...(typeof deadline === 'number' && Number.isFinite(deadline) ? { deadlineMs: deadline } : {}),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(request instanceof Unreadable ? {} : { tenant: request['tenant'], executionId: request['executionId'] }),
  };
}

function first(metadata: Metadata, name: string): string | undefined {
  const value = metadata.get(name)[0];
  return typeof value === 'string' ? value : undefined;
}
