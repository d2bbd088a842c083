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
import { keyAnswerMessage, keysMessage } from './key-message.js';
import { readRevokeKey, readRotateKey } from './key-requests.js';

const SERVICE = 'KeyService';

/** `writ.v1.KeyService`: reads the request, calls one operation, writes the answer. */
@Controller()
@UseFilters(GrpcErrorFilter)
export class KeysGrpcController {
  private readonly operations: Operations;
  private readonly calls: GrpcCalls;

  constructor(@Inject(LEDGER) ledger: ServedLedger, @Inject(GATE) gate: CallGate) {
    this.operations = ledger.operations;
    this.calls = grpcCallsOf(gate);
  }

  @GrpcMethod(SERVICE, 'ListKeys')
  listKeys(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('ListKeys', request, call, async (context) =>
      keysMessage(await this.operations.listKeys(context)),
    );
  }

  @GrpcMethod(SERVICE, 'RotateKey')
  rotateKey(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('RotateKey', request, call, async (context, message) =>
      keyAnswerMessage(await this.operations.rotateKey(context, readRotateKey(message))),
    );
  }

  @GrpcMethod(SERVICE, 'RevokeKey')
  revokeKey(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('RevokeKey', request, call, async (context, message) =>
      keyAnswerMessage(await this.operations.revokeKey(context, readRevokeKey(message))),
    );
  }
}
