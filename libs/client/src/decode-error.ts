import { status as GrpcStatus, type ServiceError } from '@grpc/grpc-js';
import {
  ERROR_CODES,
  errorOfCode,
  isErrorCode,
  type LedgerError,
  UnavailableError,
  type ErrorCode,
  type ErrorDetails,
} from '@writ/errors';
import protobuf from 'protobufjs';
import { parseJson } from '@writ/encoding';
import type { Receipt } from './answers.js';
import { decodeReceipt } from './decode-answer.js';
import { decodeMessage } from './rpc.js';
import type { WireCodedError, WireReceipt } from './wire-types.js';

const STATUS_DETAILS = 'grpc-status-details-bin';
const ERROR_DOMAIN = 'writ';

/** google/rpc/{status,error_details}.proto, as far as our statuses use them. */
const GOOGLE_RPC: object = {
  nested: {
    Any: { fields: { typeUrl: { type: 'string', id: 1 }, value: { type: 'bytes', id: 2 } } },
    Status: { fields: { details: { rule: 'repeated', type: 'Any', id: 3 } } },
    ErrorInfo: {
      fields: {
        reason: { type: 'string', id: 1 },
        domain: { type: 'string', id: 2 },
        metadata: { keyType: 'string', type: 'string', id: 3 },
      },
    },
    Duration: { fields: { seconds: { type: 'int64', id: 1 }, nanos: { type: 'int32', id: 2 } } },
    RetryInfo: { fields: { retryDelay: { type: 'Duration', id: 1 } } },
  },
};
const google = protobuf.Root.fromJSON(GOOGLE_RPC);

interface ErrorInfo {
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
}
interface RetryInfo {
  readonly retryDelay?: { readonly seconds: string; readonly nanos: number } | null;
}

/**
 * The `LedgerError` behind a failed call: the server's own where the status carries one, else what the transport makes
 * of it. Its details hold `receipt` for INV-013 (unless `receiptOmitted`) and `retryAfterMs` where the server names a
 * time. `readsOnly`: nothing can have happened.
 */
export function errorOfStatus(error: ServiceError, readsOnly: boolean): LedgerError {
  return codedError(error) ?? transportError(error, readsOnly);
}

/** As `errorOfStatus`, for an item of a batch or stream. */
export function errorOfItem(wire: WireCodedError): LedgerError {
  if (!isErrorCode(wire.code)) return unreachable(wire.message, true);
  const details = objectOf(wire.detailsJson);
  const original = wire.original == null ? {} : { receipt: decodeReceipt(wire.original) };
  return errorOfCode(wire.code, wire.message, { ...details, ...original });
}

/** The original receipt that INV-013 carries. */
export function originalReceiptOf(error: LedgerError): Receipt | undefined {
  return error.code === 'INV-013' ? (error.details['receipt'] as Receipt | undefined) : undefined;
}

export function unreachable(message: string, mayHaveHappened: boolean, cause?: unknown): UnavailableError {
  return new UnavailableError('SERVER_UNREACHABLE', message, { mayHaveHappened }, { cause });
}

function codedError(error: ServiceError): LedgerError | undefined {
  const packed = error.metadata?.get(STATUS_DETAILS)[0];
  if (!(packed instanceof Uint8Array)) return undefined;
  try {
    const details = detailsOf(packed);
    const info = details.find((detail) => detail.name === 'google.rpc.ErrorInfo');
    const { reason, domain, metadata } = decodeGoogle<ErrorInfo>('ErrorInfo', info?.value);
    if (domain !== ERROR_DOMAIN || !isErrorCode(reason)) return undefined;
    const receipt = details.find((detail) => detail.name === 'writ.v1.Receipt');
    const retry = details.find((detail) => detail.name === 'google.rpc.RetryInfo');
    return errorOfCode(
      reason,
      error.details,
      {
        ...detailsFromTexts(metadata, reason),
        ...(receipt === undefined
          ? {}
          : { receipt: decodeReceipt(decodeMessage<WireReceipt>('Receipt', receipt.value)) }),
        ...(retry === undefined ? {} : retryAfter(decodeGoogle<RetryInfo>('RetryInfo', retry.value))),
      },
      { cause: error },
    );
  } catch {
    // Details that we cannot read are as good as none: the status code alone speaks.
    return undefined;
  }
}

/**
 * What a status without our details means. Nothing says that the server did nothing, so a call that changes something
 * may have happened, unless the status is one that comes before any work.
 */
function transportError(error: ServiceError, readsOnly: boolean): LedgerError {
  const code = refusedBeforeWork(error.code);
  if (code !== undefined) return errorOfCode(code, error.details, {}, { cause: error });
  return unreachable(`no answer from the ledger: ${error.details}`, !readsOnly, error);
}

function refusedBeforeWork(grpcStatus: GrpcStatus): ErrorCode | undefined {
  switch (grpcStatus) {
    case GrpcStatus.UNAUTHENTICATED:
      return 'UNAUTHENTICATED';
    case GrpcStatus.PERMISSION_DENIED:
      return 'PERMISSION_DENIED';
    case GrpcStatus.INVALID_ARGUMENT:
    case GrpcStatus.UNIMPLEMENTED:
    case GrpcStatus.NOT_FOUND:
      return 'REQUEST_INVALID';
    default:
      return undefined;
  }
}

function detailsOf(packed: Uint8Array): readonly { readonly name: string; readonly value: Uint8Array }[] {
  const status = decodeGoogle<{ readonly details: readonly { typeUrl: string; value: Uint8Array }[] }>(
    'Status',
    packed,
  );
  return status.details.map(({ typeUrl, value }) => ({ name: typeUrl.slice(typeUrl.lastIndexOf('/') + 1), value }));
}

function decodeGoogle<T>(name: string, bytes: Uint8Array | undefined): T {
  const type = google.lookupType(name);
  const options = { longs: String, defaults: true, arrays: true, objects: true };
  return type.toObject(type.decode(bytes ?? new Uint8Array()), options) as T;
}

/** ErrorInfo carries texts: what was a truth value, a whole number, a list or an object is turned back. */
function detailsFromTexts(metadata: Readonly<Record<string, string>>, code: ErrorCode): ErrorDetails {
  const { kind: _kind, ...texts } = metadata;
  const entries = Object.entries(texts).map(([name, text]): [string, unknown] => [name, valueOf(text)]);
  const known = Object.fromEntries(entries);
  // Fail closed: an `Unavailable` that does not say otherwise may have happened, where its code leaves that open.
  return ERROR_CODES[code].kind === 'Unavailable' && known['mayHaveHappened'] === undefined
    ? { ...known, mayHaveHappened: OPEN_OUTCOME.has(code) }
    : known;
}

const OPEN_OUTCOME: ReadonlySet<ErrorCode> = new Set([
  'STORE_OUTCOME_UNKNOWN',
  'CONTENTION',
  'DEADLINE_EXCEEDED',
  'SERVER_UNREACHABLE',
]);

/** Not decimals: `1.10` is a version. */
const JSON_TEXT = /^(true|false|null|0|-?[1-9]\d{0,14}|[[{].*)$/s;

function valueOf(text: string): unknown {
  if (!JSON_TEXT.test(text)) return text;
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

function retryAfter({ retryDelay }: RetryInfo): ErrorDetails {
  if (retryDelay == null) return {};
  return { retryAfterMs: Number(retryDelay.seconds) * 1_000 + Math.ceil(retryDelay.nanos / 1_000_000) };
}

function objectOf(text: string): ErrorDetails {
  const value = valueOf(text);
  return typeof value === 'object' && value !== null ? (value as ErrorDetails) : {};
}
