import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { RejectedError } from '@writ/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { plainProblem, problemOf, type Problem } from './problem.js';
import type { RouteBook } from './route-book.js';

/** Turns whatever an HTTP controller, or Fastify before it, throws into problem details. */
@Catch()
export class HttpErrorFilter implements ExceptionFilter {
  constructor(private readonly routes: RouteBook) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    if (reply.sent) return;
    sendProblem(reply, this.problemFor(error, http.getRequest<FastifyRequest>()));
  }

  private problemFor(error: unknown, request: FastifyRequest): Problem {
    if (!(error instanceof HttpException)) return problemOf(readFastifyError(error));
    const allowed = this.routes.methodsFor(request.url);
    if (error.getStatus() === 404 && allowed.length > 0) {
      return plainProblem(405, 'Method Not Allowed', { allow: allowed.join(', ') });
    }
    return plainProblem(error.getStatus(), error.message.replace(/^Cannot .*/, 'Not Found'));
  }
}

export function sendProblem(reply: FastifyReply, { status, headers, body }: Problem): void {
  void reply
    .code(status)
    .headers({ ...headers, 'content-type': 'application/problem+json' })
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(body);
}

/** Fastify's own refusals in our words. */
function readFastifyError(error: unknown): unknown {
  switch ((error as { code?: unknown } | null)?.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new RejectedError('REQUEST_TOO_LARGE', 'the body is larger than this server takes');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new RejectedError('REQUEST_INVALID', 'the body must be `application/json`', { field: 'content-type' });
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new RejectedError('REQUEST_INVALID', 'the body is not as long as it says', { field: 'content-length' });
    case 'FST_ERR_BAD_URL':
      return new RejectedError('REQUEST_INVALID', 'the path is not well formed', { field: 'path' });
    default:
      return error;
  }
}
