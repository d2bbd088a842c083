import { Controller, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { parseExecutionId } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import type { CallContext, Operations } from '@writ/operations';
import type { FastifyReply } from 'fastify';

import type { CallGate } from '../calls/call-gate.js';
import { executionOf, httpCallsOf, tenantOf, type HttpCalls, type HttpRequest } from '../http/http-calls.js';
import { problemOf } from '../http/problem.js';
import { readWith } from '../http/strict-body.js';
import { GATE, LEDGER, LIMITS, METRICS_REGISTRY, type ServerLimits } from '../injection.js';
import type { CallMetrics } from '../metrics/call-metrics.js';
import type { ServedLedger } from '../served-ledger.js';
import {
  BatchBody,
  BatchItemName,
  CommitBody,
  EvaluateBody,
  ListQuery,
  ReconcileBody,
  ReleaseBody,
  RenewBody,
  ReserveBody,
  SimulateBody,
} from './execution-bodies.js';
import { evaluateJson, executionJson, receiptJson, simulateJson } from './execution-json.js';
import { streamExecution } from './execution-events.js';

/** Executions over HTTP: the operations of `writ.v1.ExecutionService`, with the tenant and the id in the path. */
@Controller('v1/:tenant')
export class ExecutionsHttpController {
  private readonly operations: Operations;
  private readonly calls: HttpCalls;

  constructor(
    @Inject(LEDGER) ledger: ServedLedger,
    @Inject(GATE) private readonly gate: CallGate,
    @Inject(METRICS_REGISTRY) private readonly metrics: CallMetrics,
    @Inject(LIMITS) private readonly limits: ServerLimits,
  ) {
    this.operations = ledger.operations;
    this.calls = httpCallsOf(gate);
  }

  @Post('executions/:executionId/evaluate')
  @HttpCode(200)
  evaluate(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('Evaluate', request, async (context) => {
      const wanted = { ...executionOf(request), ...readWith(EvaluateBody, request.body) };
      return evaluateJson(await this.operations.evaluate(context, wanted));
    });
  }

  @Post('evaluate-batch')
  @HttpCode(200)
  evaluateBatch(@Req() request: HttpRequest): Promise<object> {
    const given = (request.body as { requests?: unknown } | undefined)?.requests;
    const units = Array.isArray(given) ? Math.min(Math.max(given.length, 1), this.limits.maxBatch) : 1;
    const evaluateAll = async (context: CallContext): Promise<object> => {
      const { requests } = readWith(BatchBody, request.body);
      const maxItems = this.limits.maxBatch;
      if (requests.length > maxItems) {
        throw new RejectedError('BATCH_TOO_LARGE', `a batch holds at most ${maxItems} requests`, { maxItems });
      }
      return { results: await Promise.all(requests.map((item) => this.evaluateItem(context, request, item))) };
    };
    return this.calls.run('EvaluateBatch', request, evaluateAll, units);
  }

  @Post('simulate')
  @HttpCode(200)
  simulate(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('Simulate', request, async (context) => {
      const { executionId, ...wanted } = readWith(SimulateBody, request.body);
      const name = { ...tenantOf(request), executionId: parseExecutionId(executionId) };
      return simulateJson(await this.operations.simulate(context, { ...name, ...wanted }));
    });
  }

  @Post('executions/:executionId/reserve')
  @HttpCode(200)
  reserve(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('Reserve', request, async (context) => {
      const wanted = { ...executionOf(request), ...readWith(ReserveBody, request.body) };
      return evaluateJson(await this.operations.reserve(context, wanted));
    });
  }

  @Post('executions/:executionId/renew')
  @HttpCode(200)
  renew(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('Renew', request, async (context) => {
      const wanted = { ...executionOf(request), ...readWith(RenewBody, request.body) };
      return evaluateJson(await this.operations.renew(context, wanted));
    });
  }

  @Post('executions/:executionId/commit')
  @HttpCode(200)
  commit(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('Commit', request, async (context) => {
      const wanted = { ...executionOf(request), ...readWith(CommitBody, request.body) };
      return { receipt: receiptJson((await this.operations.commit(context, wanted)).receipt) };
    });
  }

  @Post('executions/:executionId/release')
  @HttpCode(200)
  release(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('Release', request, async (context) => {
      const wanted = { ...executionOf(request), ...readWith(ReleaseBody, request.body) };
      return { receipt: receiptJson((await this.operations.release(context, wanted)).receipt) };
    });
  }

  @Post('executions/:executionId/reconcile')
  @HttpCode(200)
  reconcile(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('Reconcile', request, async (context) => {
      const wanted = { ...executionOf(request), ...readWith(ReconcileBody, request.body) };
      return { receipt: receiptJson((await this.operations.reconcile(context, wanted)).receipt) };
    });
  }

  @Get('executions/:executionId')
  getExecution(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('GetExecution', request, async (context) =>
      executionJson(await this.operations.getExecution(context, executionOf(request))),
    );
  }

  @Get('executions')
  listExecutions(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('ListExecutions', request, async (context) => {
      const wanted = { ...tenantOf(request), ...readWith(ListQuery, { ...(request.query as object) }) };
      const { executions, nextPageToken } = await this.operations.listExecutions(context, wanted);
      return { executions: executions.map(executionJson), nextPageToken: nextPageToken ?? '' };
    });
  }

  /** Server-sent events; ends when the client goes or the node shuts down. */
  @Get('executions/:executionId/watch')
  watchExecution(@Req() request: HttpRequest, @Res() reply: FastifyReply): Promise<void> {
    const watch = (context: CallContext): Promise<void> =>
      streamExecution(reply, this.gate, (signal) =>
        this.operations.watchExecution(context, executionOf(request), signal),
      );
    return this.calls.run('WatchExecution', request, watch, 0);
  }

  private async evaluateItem(context: CallContext, request: HttpRequest, item: object): Promise<object> {
    try {
      const { executionId, ...body } = readWith(BatchItemName, item);
      const name = { ...tenantOf(request), executionId: parseExecutionId(executionId) };
      const wanted = { ...name, ...readWith(EvaluateBody, body) };
      const response = evaluateJson(await this.operations.evaluate(context, wanted));
      this.metrics.observeItem('OK');
      return { response };
    } catch (error) {
      const { body } = problemOf(error);
      this.metrics.observeItem(typeof body['code'] === 'string' ? body['code'] : 'INTERNAL');
      return { error: body };
    }
  }
}
