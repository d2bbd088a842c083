import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

import type { CallGate } from '../calls/call-gate.js';
import { httpFacts, type HttpRequest } from '../http/http-calls.js';
import { GATE, HEALTH, LIMITS, METRICS_REGISTRY, type ServerLimits } from '../injection.js';
import type { CallMetrics } from '../metrics/call-metrics.js';
import type { HealthWatch } from './health-watch.js';

/** What orchestrators and monitors ask: the process is alive; it takes writes; its figures. */
@Controller()
export class HealthHttpController {
  constructor(
    @Inject(HEALTH) private readonly health: HealthWatch,
    @Inject(METRICS_REGISTRY) private readonly metrics: CallMetrics,
    @Inject(GATE) private readonly gate: CallGate,
    @Inject(LIMITS) private readonly limits: ServerLimits,
  ) {}

  /** Alive as long as the event loop turns; a broken store is no reason to restart. */
  @Get('health/live')
  live(@Req() request: HttpRequest): object {
    this.authenticateUnlessPublic(request);
    return { status: 'live' };
  }

  @Get('health/ready')
  ready(@Req() request: HttpRequest, @Res() reply: FastifyReply): void {
    this.authenticateUnlessPublic(request);
    const { ready, checks } = this.health.readiness;
    const shown = checks.map(({ name, ok, code }) => ({ name, ok, ...(code === undefined ? {} : { code }) }));
    void reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not_ready', checks: shown });
  }

  @Get('metrics')
  async scrape(@Req() request: HttpRequest, @Res() reply: FastifyReply): Promise<void> {
    this.gate.contextOf(httpFacts('Metrics', request));
    const text = await this.metrics.registry.metrics();
    await reply.header('content-type', this.metrics.registry.contentType).send(text);
  }

  private authenticateUnlessPublic(request: HttpRequest): void {
    if (!this.limits.publicHealth) this.gate.contextOf(httpFacts('Health', request));
  }
}
