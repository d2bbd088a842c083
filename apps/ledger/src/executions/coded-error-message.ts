import { LedgerError } from '@writ/errors';

import { originalReceiptOf } from '../errors/grpc-error.js';
import { GrpcCode, grpcStatusOf } from '../errors/grpc-status.js';
import type { Message } from '../grpc/decode-message.js';
import { receiptMessage } from './receipt-message.js';

/** writ.v1.CodedError: what the status of a single call would have said. A bug has the code `INTERNAL` and no kind. */
export function codedErrorMessage(error: unknown): Message {
  if (!(error instanceof LedgerError)) {
    return { code: 'INTERNAL', kind: '', message: 'internal error', detailsJson: '{}', grpcStatus: GrpcCode.INTERNAL };
  }
  const original = originalReceiptOf(error);
  const { receipt: _receipt, ...details } = error.details;
  return {
    code: error.code,
    kind: error.kind,
    message: error.message,
    detailsJson: JSON.stringify(details),
    grpcStatus: GrpcCode[grpcStatusOf(error.code)],
    ...(original === undefined ? {} : { original: receiptMessage(original) }),
  };
}
