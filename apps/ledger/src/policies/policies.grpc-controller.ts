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
import { lintMessage, policyAnswerMessage, policyVersionMessage } from './policy-message.js';
import {
  readChange,
  readDiff,
  readGetPolicy,
  readListPolicies,
  readPolicyText,
  readPublish,
} from './policy-requests.js';

const SERVICE = 'PolicyService';

/** `writ.v1.PolicyService`: reads the request, calls one operation, writes the answer. */
@Controller()
@UseFilters(GrpcErrorFilter)
export class PoliciesGrpcController {
  private readonly operations: Operations;
  private readonly calls: GrpcCalls;

  constructor(@Inject(LEDGER) ledger: ServedLedger, @Inject(GATE) gate: CallGate) {
    this.operations = ledger.operations;
    this.calls = grpcCallsOf(gate);
  }

  @GrpcMethod(SERVICE, 'LintPolicy')
  lintPolicy(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('LintPolicy', request, call, async (context, message) =>
      lintMessage(await this.operations.lintPolicy(context, readPolicyText(message))),
    );
  }

  @GrpcMethod(SERVICE, 'PublishPolicy')
  publishPolicy(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('PublishPolicy', request, call, async (context, message) =>
      policyAnswerMessage(await this.operations.publishPolicy(context, readPublish(message))),
    );
  }

  @GrpcMethod(SERVICE, 'ActivatePolicy')
  activatePolicy(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('ActivatePolicy', request, call, async (context, message) =>
      policyAnswerMessage(await this.operations.activatePolicy(context, readChange(message))),
    );
  }

  @GrpcMethod(SERVICE, 'RetirePolicy')
  retirePolicy(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('RetirePolicy', request, call, async (context, message) =>
      policyAnswerMessage(await this.operations.retirePolicy(context, readChange(message))),
    );
  }

  @GrpcMethod(SERVICE, 'GetPolicy')
  getPolicy(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('GetPolicy', request, call, async (context, message) => ({
      policy: policyVersionMessage(await this.operations.getPolicy(context, readGetPolicy(message))),
    }));
  }

  @GrpcMethod(SERVICE, 'ListPolicies')
  listPolicies(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('ListPolicies', request, call, async (context, message) => {
      const policies = await this.operations.listPolicies(context, readListPolicies(message));
      return { policies: policies.map(policyVersionMessage) };
    });
  }

  @GrpcMethod(SERVICE, 'DiffPolicies')
  diffPolicies(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('DiffPolicies', request, call, async (context, message) => ({
      changesJson: JSON.stringify(await this.operations.diffPolicies(context, readDiff(message))),
    }));
  }
}
