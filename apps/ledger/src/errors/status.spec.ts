import { ERROR_CODES, errorOfCode, RejectedError, type ErrorCode, type ErrorKind } from '@writ/errors';

import { grpcErrorOf, STATUS_DETAILS } from './grpc-error.js';
import { GrpcCode, grpcStatusOf } from './grpc-status.js';
import { httpStatusOf } from './http-status.js';
import { plainProblem, problemOf } from '../http/problem.js';

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

/** What generic clients and proxies do with a status must fit what a caller can do about the kind. */
const GRPC_OF_KIND: Record<ErrorKind, readonly string[]> = {
  Rejected: [
    'INVALID_ARGUMENT',
    'NOT_FOUND',
    'FAILED_PRECONDITION',
    'PERMISSION_DENIED',
    'UNAUTHENTICATED',
    'RESOURCE_EXHAUSTED',
  ],
  Conflict: ['ALREADY_EXISTS', 'ABORTED'],
  Unavailable: ['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'DEADLINE_EXCEEDED'],
  Integrity: ['DATA_LOSS'],
};

describe.each(codes)('%s', (code) => {
  it('has statuses that fit its kind', () => {
    const { kind } = ERROR_CODES[code];
    expect(GRPC_OF_KIND[kind]).toContain(grpcStatusOf(code));
    const http = httpStatusOf(code);
    expect(kind === 'Rejected' || kind === 'Conflict' ? http >= 400 && http < 500 : http === 429 || http >= 500).toBe(
      true,
    );
  });

  it('is told over both edges', () => {
    const error = errorOfCode(code, 'text', { field: 'f' });
    const status = grpcErrorOf(error);
    expect(status.code).toBe(GrpcCode[grpcStatusOf(code)]);
    expect(String(status.metadata.get(STATUS_DETAILS)[0])).toContain(code);
    const problem = problemOf(error);
    expect(problem.body).toMatchObject({ type: `urn:writ:error:${code}`, code, status: httpStatusOf(code) });
    expect(problem.headers['retry-after'] !== undefined).toBe(error.kind === 'Unavailable');
  });
});

describe('errors', () => {
  it('of INV-013 are ALREADY_EXISTS and 409, as the design says', () => {
    expect([grpcStatusOf('INV-013'), httpStatusOf('INV-013')]).toEqual(['ALREADY_EXISTS', 409]);
  });

  it('that nobody meant say nothing', () => {
    const bug = new TypeError('secret');
    expect(JSON.stringify([grpcErrorOf(bug), problemOf(bug)])).not.toContain('secret');
    expect(grpcErrorOf(bug).code).toBe(GrpcCode.INTERNAL);
    expect(problemOf(bug)).toEqual(plainProblem(500, 'Internal Server Error'));
  });

  it('fit into trailers, however long their words are', () => {
    const long = 'ü'.repeat(100_000);
    const error = new RejectedError('REQUEST_INVALID', long, { field: long, value: long, small: 1 });
    const status = grpcErrorOf(error);
    const bytes = status.metadata.get(STATUS_DETAILS)[0] as Buffer;
    expect(bytes.length).toBeLessThan(6_000);
    expect(status.details.length).toBeLessThan(500);
  });

  it('with half a surrogate pair can still be sent', () => {
    expect(() => encodeURI(grpcErrorOf(new RejectedError('REQUEST_INVALID', 'a\ud800')).details)).not.toThrow();
  });
});
