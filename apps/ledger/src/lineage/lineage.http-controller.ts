import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { Operations } from '@writ/operations';
import type { FastifyReply } from 'fastify';

import type { CallGate } from '../calls/call-gate.js';
import { executionOf, httpCallsOf, type HttpCalls, type HttpRequest } from '../http/http-calls.js';
import { readWith } from '../http/strict-body.js';
import { GATE, LEDGER } from '../injection.js';
import type { ServedLedger } from '../served-ledger.js';
import { checkpointJson, consistencyJson, inclusionJson, standingAnswerJson } from './lineage-json.js';
import { CheckpointQuery, ConsistencyQuery, EvidenceQuery, InclusionQuery, StandingQuery } from './lineage-queries.js';

/** The lineage over HTTP: the operations of `writ.v1.LineageService`. */
@Controller('v1')
export class LineageHttpController {
  private readonly operations: Operations;
  private readonly calls: HttpCalls;

  constructor(
    @Inject(LEDGER) ledger: ServedLedger,
    @Inject(GATE) private readonly gate: CallGate,
  ) {
    this.operations = ledger.operations;
    this.calls = httpCallsOf(gate);
  }

  @Get('lineage/checkpoint')
  checkpoint(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('GetCheckpoint', request, async (context) =>
      checkpointJson(await this.operations.getCheckpoint(context, readWith(CheckpointQuery, queryOf(request)))),
    );
  }

  @Get('lineage/inclusion')
  inclusion(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('GetInclusionProof', request, async (context) =>
      inclusionJson(await this.operations.proveInclusion(context, readWith(InclusionQuery, queryOf(request)))),
    );
  }

  @Get('lineage/tlog-proof')
  tlogProof(@Req() request: HttpRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.calls.run('GetTlogProof', request, async (context) => {
      const proof = await this.operations.getTlogProof(context, readWith(InclusionQuery, queryOf(request)));
      await reply.header('content-type', 'text/plain; charset=utf-8').send(proof);
    });
  }

  @Get('lineage/consistency')
  consistency(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('GetConsistencyProof', request, async (context) =>
      consistencyJson(await this.operations.proveConsistency(context, readWith(ConsistencyQuery, queryOf(request)))),
    );
  }

  /** The bundle file itself: these bytes are what a verifier reads. */
  @Get(':tenant/executions/:executionId/evidence')
  evidence(@Req() request: HttpRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.calls.run('GetEvidence', request, async (context) => {
      const wanted = { ...executionOf(request), ...readWith(EvidenceQuery, queryOf(request)) };
      const bundle = await this.operations.getEvidence(context, wanted);
      await reply.header('content-type', 'application/json').send(Buffer.from(bundle));
    });
  }

  /** Waiting is no work under way: it ends when the client goes, and with an answer when the node shuts down. */
  @Get(':tenant/executions/:executionId/standing')
  standing(@Req() request: HttpRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const gone = new AbortController();
    reply.raw.on('close', () => gone.abort());
    const over = AbortSignal.any([gone.signal, this.gate.closed]);
    return this.calls.run(
      'AwaitStanding',
      request,
      async (context) => {
        const wanted = { ...executionOf(request), ...readWith(StandingQuery, queryOf(request)) };
        return standingAnswerJson(await this.operations.awaitStanding(context, wanted, over));
      },
      0,
    );
  }
}

function queryOf(request: HttpRequest): object {
  return { ...(request.query as object) };
}
