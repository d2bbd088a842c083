import { STATUS_CODES } from 'node:http';

import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { RejectedError } from '@writ/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { plainProblem, problemOf, type Problem } from './problem.js';
import type { RouteBook } from './route-book.js';

/** Turns whatever an HTTP controller, or the framework before it, throws into problem details. */
@Catch()
export class HttpErrorFilter implements ExceptionFilter {
  constructor(private readonly routes: RouteBook) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    if (reply.sent) return;
    const status = frameworkStatusOf(error);
    const url = http.getRequest<FastifyRequest>().url;
    sendProblem(reply, status === undefined ? problemOf(error) : this.frameworkProblem(status, url));
  }

  /** What Fastify or Nest refuse, in our words where we have some. Their own texts may quote the request. */
  private frameworkProblem(status: number, url: string): Problem {
    switch (status) {
      case 400:
        return problemOf(new RejectedError('REQUEST_INVALID', 'the request is not well-formed HTTP'));
      case 413:
        return problemOf(new RejectedError('REQUEST_TOO_LARGE', 'the body is larger than this server takes'));
      case 404: {
        const allow = this.routes.methodsFor(url).join(', ');
        return allow === '' ? plainProblem(404, 'Not Found') : plainProblem(405, 'Method Not Allowed', { allow });
      }
      default:
        return plainProblem(status, STATUS_CODES[status] ?? 'Error');
    }
  }
}

export function sendProblem(reply: FastifyReply, { status, headers, body }: Problem): void {
  void reply
    .code(status)
    .headers({ ...headers, 'content-type': 'application/problem+json' })
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(body);
}

/** The status of an error that the framework made itself: Nest's class, or Fastify's codes. */
function frameworkStatusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  const own = typeof code === 'string' && code.startsWith('FST_ERR_') && typeof statusCode === 'number';
  return own ? statusCode : undefined;
}
