import { Catch, type RpcExceptionFilter } from '@nestjs/common';
import { throwError, type Observable } from 'rxjs';

import { grpcErrorOf } from '../errors/grpc-error.js';

/** Turns whatever a gRPC controller throws into the status that the caller gets. */
@Catch()
export class GrpcErrorFilter implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => grpcErrorOf(error));
  }
}
