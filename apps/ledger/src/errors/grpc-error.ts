import { Metadata, type StatusObject } from '@grpc/grpc-js';
import { LedgerError } from '@writ/errors';
import type { Receipt } from '@writ/operations';

import { encodeReceipt } from '../executions/receipt-message.js';
import { GrpcCode, grpcStatusOf } from './grpc-status.js';
import { encodeRpcStatus, shortened } from './rpc-status.js';

export const STATUS_DETAILS = 'grpc-status-details-bin';

/** What grpc-js sends for `error`. Anything that is not a LedgerError is a bug: INTERNAL, without its text. */
export function grpcErrorOf(error: unknown): StatusObject {
  const metadata = new Metadata();
  if (!(error instanceof LedgerError)) {
    return { code: GrpcCode.INTERNAL, details: 'internal error', metadata };
  }
  const code = GrpcCode[grpcStatusOf(error.code)];
  const receipt = originalReceiptOf(error);
  metadata.set(STATUS_DETAILS, encodeRpcStatus(error, code, receipt && encodeReceipt(receipt)));
  // grpc-js percent-encodes the text and throws on a lone surrogate: bytes and back replace it.
  return { code, details: Buffer.from(shortened(error.message)).toString(), metadata };
}

/** The receipt of the first answer, which INV-013 carries. */
export function originalReceiptOf(error: LedgerError): Receipt | undefined {
  return error.code === 'INV-013' ? (error.details['receipt'] as Receipt | undefined) : undefined;
}
