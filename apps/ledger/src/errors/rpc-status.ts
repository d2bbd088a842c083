import { ERROR_CODES, type LedgerError } from '@writ/errors';
import protobuf from 'protobufjs';

/** The domain of our codes in google.rpc.ErrorInfo. */
const ERROR_DOMAIN = 'writ';
/** Metadata travels in HTTP/2 trailers, of which many clients take 8 KiB in all, after base64. */
const STATUS_BUDGET_BYTES = 5_600;
const METADATA_BUDGET_CHARS = 3_000;
const TEXT_CHARS = 400;
const DEFAULT_RETRY_MS = 500;

/** The few messages of google/rpc/{status,error_details}.proto that our statuses hold, by their field numbers. */
const root = protobuf.Root.fromJSON({
  nested: {
    Any: { fields: { typeUrl: { type: 'string', id: 1 }, value: { type: 'bytes', id: 2 } } },
    Status: {
      fields: {
        code: { type: 'int32', id: 1 },
        message: { type: 'string', id: 2 },
        details: { rule: 'repeated', type: 'Any', id: 3 },
      },
    },
    ErrorInfo: {
      fields: {
        reason: { type: 'string', id: 1 },
        domain: { type: 'string', id: 2 },
        metadata: { rule: 'repeated', type: 'MetadataEntry', id: 3 },
      },
    },
    // A map on the wire is a repeated entry of key and value.
    MetadataEntry: { fields: { key: { type: 'string', id: 1 }, value: { type: 'string', id: 2 } } },
    Duration: { fields: { seconds: { type: 'int64', id: 1 }, nanos: { type: 'int32', id: 2 } } },
    RetryInfo: { fields: { retryDelay: { type: 'Duration', id: 1 } } },
    FieldViolation: { fields: { field: { type: 'string', id: 1 }, description: { type: 'string', id: 2 } } },
    BadRequest: { fields: { fieldViolations: { rule: 'repeated', type: 'FieldViolation', id: 1 } } },
  },
});

interface PackedDetail {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/**
 * google.rpc.Status of an error, for `grpc-status-details-bin`: ErrorInfo always; RetryInfo where a retry may help;
 * BadRequest where a field is named; `receipt` (an encoded writ.v1.Receipt) as long as it fits into the trailers:
 * otherwise ErrorInfo says `receiptOmitted`, and GetExecution has it.
 */
export function encodeRpcStatus(error: LedgerError, grpcCode: number, receipt?: Uint8Array): Buffer {
  const retry = retryInfoOf(error);
  const field = error.details['field'] ?? error.details['name'];
  const message = shortened(error.message);
  const others: PackedDetail[] = [
    ...(retry === undefined ? [] : [packed('google.rpc', 'RetryInfo', retry)]),
    ...(error.kind === 'Rejected' && typeof field === 'string'
      ? [packed('google.rpc', 'BadRequest', { fieldViolations: [{ field: shortened(field), description: message }] })]
      : []),
  ];
  const encode = (metadata: Record<string, string>, more: readonly PackedDetail[]): Buffer => {
    const entries = Object.entries(metadata).map(([key, value]) => ({ key, value }));
    const info = packed('google.rpc', 'ErrorInfo', { reason: error.code, domain: ERROR_DOMAIN, metadata: entries });
    const status = { code: grpcCode, message, details: [info, ...others, ...more] };
    return root.lookupType('Status').encode(status).finish() as Buffer;
  };
  const metadata = metadataOf(error);
  if (receipt === undefined) return encode(metadata, []);
  const whole = encode(metadata, [{ typeUrl: 'type.googleapis.com/writ.v1.Receipt', value: receipt }]);
  return whole.length <= STATUS_BUDGET_BYTES ? whole : encode({ ...metadata, receiptOmitted: 'true' }, []);
}

function packed(packageName: string, name: string, message: object): PackedDetail {
  return {
    typeUrl: `type.googleapis.com/${packageName}.${name}`,
    value: root.lookupType(name).encode(message).finish(),
  };
}

function retryInfoOf(error: LedgerError): object | undefined {
  if (ERROR_CODES[error.code].kind !== 'Unavailable') return undefined;
  const delayMs = retryAfterMsOf(error);
  return { retryDelay: { seconds: Math.floor(delayMs / 1_000), nanos: (delayMs % 1_000) * 1_000_000 } };
}

/** When a retry is worth while; for RetryInfo and `Retry-After`. */
export function retryAfterMsOf(error: LedgerError): number {
  const delayMs = error.details['retryAfterMs'];
  return typeof delayMs === 'number' && delayMs >= 0 ? Math.ceil(delayMs) : DEFAULT_RETRY_MS;
}

/** The details as texts: scalars as they are, others as JSON. What does not fit is left out, the longest first. */
function metadataOf(error: LedgerError): Record<string, string> {
  const texts = Object.entries(error.details)
    .filter(([name]) => name !== 'receipt')
    .map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : (JSON.stringify(value) ?? ''),
    ]);
  const fitting = new Set<string>();
  let room = METADATA_BUDGET_CHARS;
  for (const [name, text] of [...texts].sort(([, a], [, b]) => a.length - b.length)) {
    room -= name.length + text.length;
    if (room < 0) break;
    fitting.add(name);
  }
  return Object.fromEntries([['kind', error.kind], ...texts.filter(([name]) => fitting.has(name))]);
}

/** A text that may hold a caller's own words, cut to what a trailer can bear. */
export function shortened(text: string): string {
  return text.length > TEXT_CHARS ? `${text.slice(0, TEXT_CHARS)}...` : text;
}
