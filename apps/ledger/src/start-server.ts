import 'reflect-metadata';

import type { AddressInfo } from 'node:net';

import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Settings } from '@writ/instance';
import type { Logger } from 'pino';

import { grpcCredentials, readTlsFiles } from './access/tls-files.js';
import { CallGate } from './calls/call-gate.js';
import { CallLog, createLogger } from './calls/call-log.js';
import { LedgerGrpcServer } from './grpc/ledger-grpc-server.js';
import { loadPackageDefinition, reflectedFiles } from './grpc/proto-schema.js';
import { addHealth } from './health/guarded-health.js';
import { HealthWatch } from './health/health-watch.js';
import { createFastifyAdapter } from './http/fastify-edge.js';
import { HttpErrorFilter } from './http/http-error.filter.js';
import { RouteBook } from './http/route-book.js';
import { GATE, HEALTH, LEDGER, LIMITS, METRICS_REGISTRY, type ServerLimits } from './injection.js';
import { LedgerModule } from './ledger.module.js';
import { CallMetrics } from './metrics/call-metrics.js';
import type { ServedLedger } from './served-ledger.js';
import { startTracing } from './telemetry/tracing.js';

export interface RunningServer {
  readonly grpcPort: number;
  readonly httpPort: number;
  /**
   * Not ready at once; waits for calls under way, `drainMs` at most; then closes both ports. The instance stays open.
   * Resolves with `false` when calls were cut off. Idempotent.
   */
  close(drainMs: number): Promise<boolean>;
}

export interface ServerOptions {
  /** Default: JSON lines on standard error, at the level of the settings. */
  readonly logger?: Logger;
}

const MAX_CONNECTIONS = 2_048;
const MAX_CONCURRENT_STREAMS = 1_024;
/** For answers that are on their way when the last call has ended. */
const FLUSH_MS = 1_000;

/** Serves an open instance on both ports. It answers when this resolves. */
export async function startServer(
  ledger: ServedLedger,
  settings: Settings,
  options: ServerOptions = {},
): Promise<RunningServer> {
  const logger = options.logger ?? createLogger(settings.logLevel);
  const { version, buildDigest } = ledger.runtime;
  const metrics = new CallMetrics({ version, digest: buildDigest });
  const tracing = settings.otlpEndpoint === undefined ? undefined : startTracing(settings.otlpEndpoint, version);
  const gate = new CallGate(ledger, metrics, new CallLog(logger), tracing, { maxInFlight: settings.appendQueue });
  metrics.watch(ledger, () => gate.inFlight);
  const health = new HealthWatch(ledger, metrics);
  const limits = limitsOf(settings);
  const tls = readTlsFiles(settings.tls);
  const routes = new RouteBook();

  const adapter = createFastifyAdapter(
    {
      tls,
      maxRequestBytes: settings.maxRequestBytes,
      maxConnections: MAX_CONNECTIONS,
      loopbackOnly: settings.tokensFile === undefined,
    },
    routes,
  );
  const providers = {
    [LEDGER]: ledger,
    [GATE]: gate,
    [METRICS_REGISTRY]: metrics,
    [LIMITS]: limits,
    [HEALTH]: health,
  };
  const app = await NestFactory.create<NestFastifyApplication>(LedgerModule.with(providers), adapter, {
    logger: false,
    bodyParser: false,
    abortOnError: false,
  });
  app.useGlobalFilters(new HttpErrorFilter(routes));
  const grpc = new LedgerGrpcServer({
    ...settings.grpc,
    credentials: grpcCredentials(tls),
    packageDefinition: loadPackageDefinition(),
    reflectedFiles: reflectedFiles(),
    addHealth: (server) => addHealth(server, health.grpc, gate, settings.publicHealth),
    maxRequestBytes: settings.maxRequestBytes,
    maxConnections: MAX_CONNECTIONS,
    maxConcurrentStreams: MAX_CONCURRENT_STREAMS,
  });
  app.connectMicroservice({ strategy: grpc });

  await health.start();
  await app.startAllMicroservices();
  await app.listen(settings.http.port, settings.http.host);
  const httpPort = (app.getHttpServer().address() as AddressInfo).port;
  logger.info({ grpcPort: grpc.port, httpPort, origin: ledger.origin, keyId: ledger.keyId, version }, 'serving');

  let closing: Promise<boolean> | undefined;
  const close = async (drainMs: number): Promise<boolean> => {
    health.stop();
    grpc.stopListening();
    const drained = await gate.drain(drainMs);
    // What is still open is no call of ours: a request that trickles in, a connection kept alive.
    const cutOff = setTimeout(() => app.getHttpServer().closeAllConnections(), FLUSH_MS);
    await app.close();
    clearTimeout(cutOff);
    metrics.close();
    await tracing?.close();
    logger.info({ drained }, 'stopped serving');
    return drained;
  };
  return { grpcPort: grpc.port, httpPort, close: (drainMs) => (closing ??= close(drainMs)) };
}

function limitsOf(settings: Settings): ServerLimits {
  return {
    maxRequestBytes: settings.maxRequestBytes,
    maxBatch: settings.maxBatch,
    publicHealth: settings.publicHealth,
    publicTiles: settings.publicTiles,
    publicEntries: settings.publicEntries,
  };
}
