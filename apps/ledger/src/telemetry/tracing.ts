import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace, type Context } from '@opentelemetry/api';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

import { OtlpJsonExporter } from './otlp-json-exporter.js';

/** The server span of one call. */
export interface CallSpan {
  /** W3C traceparent of this span, for what the call causes. */
  readonly traceparent: string;
  end(code: string): void;
}

/** Spans of calls, sent by OTLP over HTTP. Exists only where an endpoint is configured: without one a call pays nothing. */
export interface Tracing {
  /** A malformed `traceparent` starts a new trace; an unsampled one is not recorded. */
  startCall(method: string, traceparent: string | undefined): CallSpan;
  /** Sends what is left, bounded by the exporter's timeout. */
  close(): Promise<void>;
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** @param endpoint base URL of a collector; spans go to `<endpoint>/v1/traces` */
export function startTracing(endpoint: string, version: string): Tracing {
  const exporter = new OtlpJsonExporter(new URL(`${endpoint.replace(/\/$/, '')}/v1/traces`), version);
  const provider = new NodeTracerProvider({
    spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: 4_096, exportTimeoutMillis: 5_000 })],
  });
  const tracer = provider.getTracer('writ', version);
  return {
    startCall(method, traceparent) {
      const attributes = { 'rpc.service': 'writ.v1', 'rpc.method': method };
      const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parentOf(traceparent));
      const { traceId, spanId, traceFlags } = span.spanContext();
      return {
        traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
        end(code) {
          span.setAttribute('writ.code', code);
          if (code !== 'OK') span.setStatus({ code: SpanStatusCode.ERROR, message: code });
          span.end();
        },
      };
    },
    close: () => provider.shutdown(),
  };
}

function parentOf(traceparent: string | undefined): Context {
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent);
  if (match === null) return ROOT_CONTEXT;
  const [, traceId = '', spanId = '', flags = '00'] = match;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
