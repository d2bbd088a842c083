import type { ErrorCode } from '@writ/errors';

import { grpcStatusOf } from './grpc-status.js';

/** The HTTP status of every code. It follows the gRPC status, so that both edges tell a caller the same. */
export function httpStatusOf(code: ErrorCode): number {
  if (code === 'REQUEST_TOO_LARGE' || code === 'JSON_SIZE' || code === 'BATCH_TOO_LARGE') return 413;
  const status = grpcStatusOf(code);
  switch (status) {
    case 'INVALID_ARGUMENT':
      return 400;
    case 'UNAUTHENTICATED':
      return 401;
    case 'PERMISSION_DENIED':
      return 403;
    case 'NOT_FOUND':
      return 404;
    case 'ALREADY_EXISTS':
    case 'ABORTED':
      return 409;
    case 'FAILED_PRECONDITION':
      return 422;
    case 'RESOURCE_EXHAUSTED':
      return 429;
    case 'UNAVAILABLE':
      return 503;
    case 'DEADLINE_EXCEEDED':
      return 504;
    case 'INTERNAL':
    case 'DATA_LOSS':
      return 500;
  }
}
