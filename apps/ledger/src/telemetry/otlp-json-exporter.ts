import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-node';

const TIMEOUT_MS = 5_000;
const SUCCESS = 0;
const FAILED = 1;

type Attribute = string | number | boolean;

/**
 * Sends spans as OTLP over HTTP in its JSON encoding (opentelemetry-proto `trace/v1`, "OTLP/HTTP"). Spans are a
 * convenience: what cannot be sent within the timeout is dropped, and nothing waits for it.
 */
export class OtlpJsonExporter implements SpanExporter {
  constructor(
    private readonly url: URL,
    private readonly version: string,
  ) {}

  export(spans: ReadableSpan[], done: (result: { code: number; error?: Error }) => void): void {
    const request = fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(this.requestOf(spans)),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    });
    request.then(
      (response) => done({ code: response.ok ? SUCCESS : FAILED }),
      (error: unknown) => done({ code: FAILED, error: error as Error }),
    );
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }

  private requestOf(spans: readonly ReadableSpan[]): object {
    return {
      resourceSpans: [
        {
          resource: { attributes: attributesOf({ 'service.name': 'writ', 'service.version': this.version }) },
          scopeSpans: [{ scope: { name: 'writ', version: this.version }, spans: spans.map(spanOf) }],
        },
      ],
    };
  }
}

function spanOf(span: ReadableSpan): object {
  const { traceId, spanId } = span.spanContext();
  const parent = span.parentSpanContext?.spanId;
  return {
    traceId,
    spanId,
    ...(parent === undefined ? {} : { parentSpanId: parent }),
    name: span.name,
    // The protocol counts kinds from 1, the API from 0.
    kind: span.kind + 1,
    startTimeUnixNano: nanosOf(span.startTime),
    endTimeUnixNano: nanosOf(span.endTime),
    attributes: attributesOf(span.attributes as Record<string, Attribute>),
    status: span.status,
  };
}

function nanosOf([seconds, nanos]: readonly [number, number]): string {
  return (BigInt(seconds) * 1_000_000_000n + BigInt(nanos)).toString();
}

function attributesOf(attributes: Readonly<Record<string, Attribute>>): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: String(value) } }));
}
