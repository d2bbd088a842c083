import { Controller, Inject, UseFilters } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import type { Metadata } from '@grpc/grpc-js';
import { RejectedError } from '@writ/errors';
import type { ExecutionView, Operations } from '@writ/operations';

import type { CallGate } from '../calls/call-gate.js';
import type { Message } from '../grpc/decode-message.js';
import type { GrpcCalls, StreamCall, UnaryCall, WatchCall } from '../grpc/grpc-calls.js';
import { grpcCallsOf, grpcFacts } from '../grpc/grpc-calls.js';
import { GrpcErrorFilter } from '../grpc/grpc-error.filter.js';
import { Unreadable } from '../grpc/proto-schema.js';
import { GATE, LEDGER, LIMITS, METRICS_REGISTRY, type ServerLimits } from '../injection.js';
import type { CallMetrics } from '../metrics/call-metrics.js';
import type { ServedLedger } from '../served-ledger.js';
import { createEvaluateItem, type EvaluateItem } from './evaluate-item.js';
import { serveEvaluateStream } from './evaluate-stream.js';
import { evaluateMessage, executionMessage, grantAnswerMessage, simulateMessage } from './execution-message.js';
import {
  readCommit,
  readEvaluate,
  readList,
  readName,
  readReconcile,
  readRelease,
  readRenew,
  readReserve,
  readSimulate,
} from './execution-requests.js';
import { receiptMessage } from './receipt-message.js';
import { watchExecution } from './watch-execution.js';

const SERVICE = 'ExecutionService';

/** `writ.v1.ExecutionService`: reads the request, calls one operation, writes the answer. */
@Controller()
@UseFilters(GrpcErrorFilter)
export class ExecutionsGrpcController {
  private readonly operations: Operations;
  private readonly calls: GrpcCalls;
  private readonly batchItem: EvaluateItem;
  private readonly streamItem: EvaluateItem;

  constructor(
    @Inject(LEDGER) ledger: ServedLedger,
    @Inject(GATE) private readonly gate: CallGate,
    @Inject(METRICS_REGISTRY) metrics: CallMetrics,
    @Inject(LIMITS) private readonly limits: ServerLimits,
  ) {
    this.operations = ledger.operations;
    this.calls = grpcCallsOf(gate);
    this.batchItem = createEvaluateItem(ledger.operations, metrics);
    this.streamItem = createEvaluateItem(ledger.operations, metrics, gate);
  }

  @GrpcMethod(SERVICE, 'Evaluate')
  evaluate(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('Evaluate', request, call, async (context, message) =>
      evaluateMessage(await this.operations.evaluate(context, readEvaluate(message))),
    );
  }

  @GrpcMethod(SERVICE, 'EvaluateBatch')
  evaluateBatch(request: Message | Unreadable, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    const items = request instanceof Unreadable ? [] : (request['requests'] as Message[]);
    const units = Math.min(Math.max(items.length, 1), this.limits.maxBatch);
    const evaluateAll = async (contextOf: () => Parameters<Operations['evaluate']>[0]): Promise<Message> => {
      refuseLargeBatch(items.length, this.limits.maxBatch);
      return { results: await Promise.all(items.map((item) => this.batchItem(contextOf, item))) };
    };
    return this.calls.unary('EvaluateBatch', request, call, (context) => evaluateAll(() => context), units);
  }

  @GrpcStreamCall(SERVICE, 'EvaluateStream')
  evaluateStream(call: StreamCall): Promise<void> {
    const facts = grpcFacts('EvaluateStream', call, {});
    return this.gate.run(
      facts,
      () =>
        serveEvaluateStream(call, facts, {
          gate: this.gate,
          evaluate: this.streamItem,
          maxOutstanding: this.limits.maxBatch,
        }),
      0,
    );
  }

  @GrpcMethod(SERVICE, 'Simulate')
  simulate(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('Simulate', request, call, async (context, message) =>
      simulateMessage(await this.operations.simulate(context, readSimulate(message))),
    );
  }

  @GrpcMethod(SERVICE, 'Reserve')
  reserve(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('Reserve', request, call, async (context, message) =>
      grantAnswerMessage(await this.operations.reserve(context, readReserve(message))),
    );
  }

  @GrpcMethod(SERVICE, 'Renew')
  renew(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('Renew', request, call, async (context, message) =>
      grantAnswerMessage(await this.operations.renew(context, readRenew(message))),
    );
  }

  @GrpcMethod(SERVICE, 'Commit')
  commit(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('Commit', request, call, async (context, message) => ({
      receipt: receiptMessage((await this.operations.commit(context, readCommit(message))).receipt),
    }));
  }

  @GrpcMethod(SERVICE, 'Release')
  release(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('Release', request, call, async (context, message) => ({
      receipt: receiptMessage((await this.operations.release(context, readRelease(message))).receipt),
    }));
  }

  @GrpcMethod(SERVICE, 'Reconcile')
  reconcile(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('Reconcile', request, call, async (context, message) => ({
      receipt: receiptMessage((await this.operations.reconcile(context, readReconcile(message))).receipt),
    }));
  }

  @GrpcMethod(SERVICE, 'GetExecution')
  getExecution(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('GetExecution', request, call, async (context, message) => ({
      execution: executionMessage(await this.operations.getExecution(context, readName(message))),
    }));
  }

  @GrpcMethod(SERVICE, 'ListExecutions')
  listExecutions(request: Message, _metadata: Metadata, call: UnaryCall): Promise<Message> {
    return this.calls.unary('ListExecutions', request, call, async (context, message) => {
      const answer = await this.operations.listExecutions(context, readList(message));
      return {
        executions: answer.executions.map(executionMessage),
        nextPageToken: answer.nextPageToken ?? '',
      };
    });
  }

  /** Ends when the client goes, or with SHUTTING_DOWN. */
  @GrpcMethod(SERVICE, 'WatchExecution')
  watchExecution(request: Message | Unreadable, _metadata: Metadata, call: WatchCall): Promise<void> {
    return this.gate.run(
      grpcFacts('WatchExecution', call, request),
      async (context) => {
        if (request instanceof Unreadable) throw request.error;
        const gone = new AbortController();
        call.on('cancelled', () => gone.abort());
        await watchExecution({
          gate: this.gate,
          gone: gone.signal,
          views: (signal) => this.operations.watchExecution(context, readName(request), signal),
          write: (view: ExecutionView) => writeAndWait(call, { execution: executionMessage(view) }, gone.signal),
        });
        if (!call.cancelled) call.end();
      },
      0,
    );
  }
}

function refuseLargeBatch(count: number, maxItems: number): void {
  if (count <= maxItems) return;
  throw new RejectedError('BATCH_TOO_LARGE', `a batch holds at most ${maxItems} requests`, { maxItems, items: count });
}

/** Resolves when the client has taken enough for another message, or is gone. */
function writeAndWait(call: WatchCall, message: Message, gone: AbortSignal): Promise<void> {
  if (gone.aborted || call.write(message)) return Promise.resolve();
  return new Promise((resolve) => {
    call.once('drain', resolve);
    gone.addEventListener('abort', () => resolve(), { once: true });
  });
}
