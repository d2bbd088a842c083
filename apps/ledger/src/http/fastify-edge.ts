import type { IncomingMessage } from 'node:http';

import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { sendProblem } from './http-error.filter.js';
import { plainProblem } from './problem.js';
import { useStrictBodies } from './strict-body.js';
import type { RouteBook } from './route-book.js';
import type { TlsFiles } from '../access/tls-files.js';

export interface HttpEdgeOptions {
  readonly tls: TlsFiles | undefined;
  readonly maxRequestBytes: number;
  readonly maxConnections: number;
  /** Nobody is authenticated: only names of this machine are answered, so that no web page can reach us by DNS. */
  readonly loopbackOnly: boolean;
}

/** A request that trickles in is cut off: headers after 10 s, the whole request after 30 s. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 16_384;
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

export function createFastifyAdapter(options: HttpEdgeOptions, routes: RouteBook): FastifyAdapter {
  const server = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: 5_000,
  };
  const adapter = new FastifyAdapter({
    logger: false,
    bodyLimit: options.maxRequestBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: (_error: unknown, _request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(reply, plainProblem(400, 'Bad Request')),
    ...(options.tls === undefined ? { http: server } : { https: { ...server, ...httpsOptions(options.tls) } }),
  });
  // Nest types the instance with its own generics.
  const fastify = adapter.getInstance<FastifyInstance>();
  routes.watch(fastify);
  useStrictBodies(fastify, options.maxRequestBytes);
  useHeaders(fastify, options);
  fastify.server.maxConnections = options.maxConnections;
  return adapter;
}

function httpsOptions(tls: TlsFiles): object {
  return {
    cert: tls.cert,
    key: tls.key,
    minVersion: 'TLSv1.2',
    ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
  };
}

/** Answers are for programs: never cached, sniffed, framed or run. */
function useHeaders(fastify: FastifyInstance, { tls, loopbackOnly }: HttpEdgeOptions): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.headers({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      ...(tls === undefined ? {} : { 'strict-transport-security': 'max-age=31536000' }),
    });
    if (loopbackOnly && !isLoopbackHost(request.raw)) sendProblem(reply, plainProblem(421, 'Misdirected Request'));
    else done();
  });
}

function isLoopbackHost(request: IncomingMessage): boolean {
  return LOOPBACK_HOST.test(request.headers.host ?? '');
}
