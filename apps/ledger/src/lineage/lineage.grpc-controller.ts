import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject, UseFilters } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { Operations } from '@writ/operations';

import type { CallGate } from '../calls/call-gate.js';
import type { Message } from '../grpc/decode-message.js';
import { grpcCallsOf, type GrpcCalls, type UnaryCall } from '../grpc/grpc-calls.js';
import { GrpcErrorFilter } from '../grpc/grpc-error.filter.js';
import { GATE, LEDGER } from '../injection.js';
import type { ServedLedger } from '../served-ledger.js';
import { checkpointMessage, consistencyMessage, inclusionMessage, standingAnswerMessage } from './lineage-message.js';
import {
  readAwaitStanding,
  readConsistency,
  readEvidence,
  readGetCheckpoint,
  readInclusion,
} from './lineage-requests.js';

const SERVICE = 'LineageService';

/** `writ.v1.LineageService`: reads the request, calls one operation, writes the answer. */
@Controller()
@UseFilters(GrpcErrorFilter)
export class LineageGrpcController {
  private readonly operations: Operations;
  private readonly calls: GrpcCalls;

  constructor(
    @Inject(LEDGER) ledger: ServedLedger,
    @Inject(GATE) private readonly gate: CallGate,
  ) {
    this.operations = ledger.operations;
    this.calls = grpcCallsOf(gate);
  }

  @GrpcMethod(SERVICE, 'GetCheckpoint')
  getCheckpoint(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('GetCheckpoint', request, call, async (context, message) => ({
      checkpoint: checkpointMessage(await this.operations.getCheckpoint(context, readGetCheckpoint(message))),
    }));
  }

  @GrpcMethod(SERVICE, 'GetInclusionProof')
  getInclusionProof(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('GetInclusionProof', request, call, async (context, message) =>
      inclusionMessage(await this.operations.proveInclusion(context, readInclusion(message))),
    );
  }

  @GrpcMethod(SERVICE, 'GetTlogProof')
  getTlogProof(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('GetTlogProof', request, call, async (context, message) => ({
      proof: await this.operations.getTlogProof(context, readInclusion(message)),
    }));
  }

  @GrpcMethod(SERVICE, 'GetConsistencyProof')
  getConsistencyProof(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('GetConsistencyProof', request, call, async (context, message) =>
      consistencyMessage(await this.operations.proveConsistency(context, readConsistency(message))),
    );
  }

  @GrpcMethod(SERVICE, 'GetEvidence')
  getEvidence(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('GetEvidence', request, call, async (context, message) => ({
      bundle: await this.operations.getEvidence(context, readEvidence(message)),
    }));
  }

  /** Waiting is no work under way: it ends when the client goes, and with an answer when the node shuts down. */
  @GrpcMethod(SERVICE, 'AwaitStanding')
  awaitStanding(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    const gone = new AbortController();
    call.on('cancelled', () => gone.abort());
    const over = AbortSignal.any([gone.signal, this.gate.closed]);
    return this.calls.unary(
      'AwaitStanding',
      request,
      call,
      async (context, message) =>
        standingAnswerMessage(await this.operations.awaitStanding(context, readAwaitStanding(message), over)),
      0,
    );
  }
}
