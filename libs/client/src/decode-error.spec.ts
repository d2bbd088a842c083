import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { errorOfItem, errorOfStatus, originalReceiptOf } from './decode-error.js';

/** Written from google/rpc/*.proto, apart from the reader's own table. */
const google = protobuf.parse(
  `syntax = "proto3"; package google.rpc;
   message Any { string type_url = 1; bytes value = 2; }
   message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
   message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
   message Duration { int64 seconds = 1; int32 nanos = 2; }
   message RetryInfo { Duration retry_delay = 1; }`,
).root;

function encode(name: string, message: object): Uint8Array {
  return google.lookupType(`google.rpc.${name}`).encode(message).finish();
}

function failed(code: status, details?: readonly { name: string; message: object }[]): ServiceError {
  const metadata = new Metadata();
  if (details !== undefined) {
    const packed = details.map(({ name, message }) => ({
      typeUrl: `type.googleapis.com/google.rpc.${name}`,
      value: encode(name, message),
    }));
    metadata.set('grpc-status-details-bin', Buffer.from(encode('Status', { code, details: packed })));
  }
  return Object.assign(new Error('failed'), { code, details: 'what the server said', metadata });
}

function info(reason: string, metadata: Record<string, string> = {}, domain = 'writ') {
  return { name: 'ErrorInfo', message: { reason, domain, metadata } };
}

describe('errorOfStatus', () => {
  it('is the server’s own error, with its details', () => {
    const details = {
      kind: 'Unavailable',
      mayHaveHappened: 'false',
      policyVersion: '1.10',
      differs: '["subject"]',
      n: '12',
    };
    const error = errorOfStatus(
      failed(status.RESOURCE_EXHAUSTED, [
        info('OVERLOADED', details),
        { name: 'RetryInfo', message: { retryDelay: { seconds: 1, nanos: 5e8 } } },
      ]),
      false,
    );
    expect(error).toMatchObject({
      code: 'OVERLOADED',
      kind: 'Unavailable',
      message: 'what the server said',
      details: { mayHaveHappened: false, policyVersion: '1.10', differs: ['subject'], n: 12, retryAfterMs: 1_500 },
    });
    expect(error.details).not.toHaveProperty('kind');
  });

  it.each([
    ['STORE_OUTCOME_UNKNOWN', true],
    ['CONTENTION', true],
    ['DEADLINE_EXCEEDED', true],
    ['STORE_FULL', false],
    ['SHUTTING_DOWN', false],
  ])('takes %s, which says nothing about it, for mayHaveHappened: %s', (code, mayHaveHappened) => {
    const error = errorOfStatus(failed(status.UNAVAILABLE, [info(code)]), false);
    expect(error.details).toMatchObject({ mayHaveHappened });
  });

  it.each([status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.CANCELLED, status.INTERNAL, status.UNKNOWN])(
    'takes a bare status %s for a lost answer',
    (code) => {
      expect(errorOfStatus(failed(code), false)).toMatchObject({
        code: 'SERVER_UNREACHABLE',
        details: { mayHaveHappened: true },
      });
      expect(errorOfStatus(failed(code), true)).toMatchObject({ details: { mayHaveHappened: false } });
    },
  );

  it.each([
    [status.UNAUTHENTICATED, 'UNAUTHENTICATED'],
    [status.PERMISSION_DENIED, 'PERMISSION_DENIED'],
    [status.UNIMPLEMENTED, 'REQUEST_INVALID'],
  ])('does not repeat what something in between refused with %s', (code, expected) => {
    expect(errorOfStatus(failed(code), false)).toMatchObject({ code: expected, kind: 'Rejected' });
  });

  it('does not believe codes of another domain, unknown codes or broken details', () => {
    const broken = failed(status.UNAVAILABLE);
    broken.metadata.set('grpc-status-details-bin', Buffer.from('ffffffff', 'hex'));
    for (const error of [
      failed(status.UNAVAILABLE, [info('INV-013', {}, 'elsewhere')]),
      failed(status.UNAVAILABLE, [info('NO_SUCH_CODE')]),
      failed(status.UNAVAILABLE, []),
      broken,
    ]) {
      expect(errorOfStatus(error, false)).toMatchObject({ code: 'SERVER_UNREACHABLE' });
    }
  });
});

describe('errorOfItem', () => {
  it('is the error that a single call would have thrown', () => {
    const error = errorOfItem({
      code: 'NAME_INVALID',
      message: 'no',
      detailsJson: '{"name":"executionId"}',
      grpcStatus: 3,
    });
    expect(error).toMatchObject({ code: 'NAME_INVALID', kind: 'Rejected', details: { name: 'executionId' } });
    expect(originalReceiptOf(error)).toBeUndefined();
    const bug = errorOfItem({ code: 'INTERNAL', message: 'internal error', detailsJson: '{}', grpcStatus: 13 });
    expect(bug).toMatchObject({ code: 'SERVER_UNREACHABLE', details: { mayHaveHappened: true } });
  });
});
