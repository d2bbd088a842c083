import { LedgerError } from '@writ/errors';

import { originalReceiptOf } from '../errors/grpc-error.js';
import { httpStatusOf } from '../errors/http-status.js';
import { retryAfterMsOf } from '../errors/rpc-status.js';
import { receiptJson } from '../executions/execution-json.js';

/** RFC 9457 problem details. `type` is `urn:writ:error:<code>`, or `about:blank` where HTTP itself says it all. */
export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The problem of `error`. Anything that is not a LedgerError, or an HTTP error of the framework, is a bug: 500, no text. */
export function problemOf(error: unknown): Problem {
  if (error instanceof LedgerError) return codedProblem(error);
  return plainProblem(500, 'Internal Server Error');
}

/** A problem that only HTTP knows, such as a path that does not exist. */
export function plainProblem(status: number, title: string, headers: Record<string, string> = {}): Problem {
  return { status, headers, body: { type: 'about:blank', title, status } };
}

function codedProblem(error: LedgerError): Problem {
  const status = httpStatusOf(error.code);
  const original = originalReceiptOf(error);
  const { receipt: _receipt, ...details } = error.details;
  return {
    status,
    headers: {
      ...(error.retryable ? { 'retry-after': String(Math.ceil(retryAfterMsOf(error) / 1_000)) } : {}),
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    },
    body: {
      type: `urn:writ:error:${error.code}`,
      title: error.code,
      status,
      detail: error.message,
      code: error.code,
      kind: error.kind,
      retryable: error.retryable,
      details,
      ...(original === undefined ? {} : { receipt: receiptJson(original) }),
    },
  };
}
