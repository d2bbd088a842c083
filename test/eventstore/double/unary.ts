import { status, type sendUnaryData, type ServerReadableStream, type ServerUnaryCall } from '@grpc/grpc-js';
import { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import {
  AppendResp,
  DeleteResp,
  TombstoneResp,
  type AppendReq,
  type DeleteReq,
  type TombstoneReq,
} from '@eventstore/db-client/generated/streams_pb.js';
import { MAX_APPEND_BYTES, serveAppend, type AppendAnswer, type ProposedAppend } from './append-channel.js';
import type { AppendOutcome } from './event-log.js';
import {
  accessDeniedError,
  callError,
  expectationOf,
  proposedRecordOf,
  streamDeletedError,
  streamNameOf,
  unavailableError,
} from './messages.js';
import type { DoubleNode } from './node.js';
import type { Expectation } from './records.js';

/** How the server writes what is no revision. */
const EXPECTED_NUMBERS = { no_stream: -1, any: -2, stream_exists: -4 };

/** The path of appends that carry their own credentials (C3). */
export function append(
  node: DoubleNode,
  call: ServerReadableStream<AppendReq, AppendResp>,
  callback: sendUnaryData<AppendResp>,
): void {
  let proposed: ProposedAppend | undefined;
  call.on('data', (request: AppendReq) => {
    const options = request.getOptions();
    const message = request.getProposedMessage();
    if (options !== undefined) {
      const stream = streamNameOf(options.getStreamIdentifier());
      proposed = { stream, expected: expectationOf(options), events: [] };
    } else if (message !== undefined) proposed?.events.push(proposedRecordOf(message));
  });
  call.on('error', () => {
    proposed = undefined;
  });
  call.on('end', () => {
    const whole = proposed;
    if (whole === undefined) return callback(callError(status.INVALID_ARGUMENT, 'no options'));
    const admission = node.admit(call.metadata, '$w', whole.stream);
    if (admission !== 'allowed') return callback(admission);
    serveAppend(node, whole, {
      peer: call.getPeer(),
      answer: (result) => answer(callback, whole, result),
      fail: (error) => callback(error),
      // A call with one answer cannot end without it: it fails.
      halfClose: () => callback(unavailableError()),
    });
  });
}

function answer(callback: sendUnaryData<AppendResp>, proposed: ProposedAppend, result: AppendAnswer): void {
  switch (result.kind) {
    case 'silence':
      return;
    case 'written':
    case 'repeated':
      return callback(null, successOf(result.lastRevision, result.position));
    case 'wrong_expected_version':
      return callback(null, wrongExpectedVersionOf(proposed.expected, result.actual));
    case 'deleted':
      return callback(streamDeletedError(proposed.stream));
    case 'access_denied':
      return callback(accessDeniedError());
    case 'server_timeout':
      return callback(callError(status.ABORTED, 'Operation timed out: Prepare phase timeout.'));
    case 'not_ready':
      return callback(callError(status.UNAVAILABLE, 'Server Is Not Ready'));
    case 'bad_request':
      return callback(callError(status.UNKNOWN, result.message));
    case 'too_big':
      return callback(
        callError(status.INVALID_ARGUMENT, `Maximum Append Size of ${MAX_APPEND_BYTES} Exceeded.`, {
          exception: 'maximum-append-size-exceeded',
          'maximum-append-size': String(MAX_APPEND_BYTES),
        }),
      );
  }
}

function successOf(lastRevision: bigint, at: bigint | undefined): AppendResp {
  const success = new AppendResp.Success();
  if (lastRevision < 0n) success.setNoStream(new Empty());
  else success.setCurrentRevision(lastRevision.toString());
  if (at === undefined) success.setNoPosition(new Empty());
  else {
    const position = new AppendResp.Position();
    position.setCommitPosition(at.toString());
    position.setPreparePosition(at.toString());
    success.setPosition(position);
  }
  const response = new AppendResp();
  response.setSuccess(success);
  return response;
}

function wrongExpectedVersionOf(expected: Expectation, actual: bigint | 'no_stream'): AppendResp {
  const wrong = new AppendResp.WrongExpectedVersion();
  if (actual === 'no_stream') wrong.setCurrentNoStream(new Empty());
  else wrong.setCurrentRevision(actual.toString());
  if (typeof expected === 'bigint') wrong.setExpectedRevision(expected.toString());
  else if (expected === 'no_stream') wrong.setExpectedNoStream(new Empty());
  else if (expected === 'any') wrong.setExpectedAny(new Empty());
  else wrong.setExpectedStreamExists(new Empty());
  const response = new AppendResp();
  response.setWrongExpectedVersion(wrong);
  return response;
}

/** Soft delete (K4). */
export function deleteStream(
  node: DoubleNode,
  call: ServerUnaryCall<DeleteReq, DeleteResp>,
  callback: sendUnaryData<DeleteResp>,
): void {
  const options = call.request.getOptions();
  const stream = streamNameOf(options?.getStreamIdentifier());
  const expected = options === undefined ? 'any' : expectationOf(options);
  const admission = node.admit(call.metadata, '$d', stream);
  if (admission !== 'allowed') return callback(admission);
  settleDeletion(node.log.delete(stream, expected), 'Delete', stream, expected, callback, (at) => {
    const position = new DeleteResp.Position();
    position.setCommitPosition(at);
    position.setPreparePosition(at);
    const response = new DeleteResp();
    response.setPosition(position);
    return response;
  });
}

/** Hard delete. */
export function tombstoneStream(
  node: DoubleNode,
  call: ServerUnaryCall<TombstoneReq, TombstoneResp>,
  callback: sendUnaryData<TombstoneResp>,
): void {
  const options = call.request.getOptions();
  const stream = streamNameOf(options?.getStreamIdentifier());
  const expected = options === undefined ? 'any' : expectationOf(options);
  const admission = node.admit(call.metadata, '$d', stream);
  if (admission !== 'allowed') return callback(admission);
  settleDeletion(node.log.tombstone(stream, expected), 'Tombstone', stream, expected, callback, (at) => {
    const position = new TombstoneResp.Position();
    position.setCommitPosition(at);
    position.setPreparePosition(at);
    const response = new TombstoneResp();
    response.setPosition(position);
    return response;
  });
}

function settleDeletion<Response>(
  outcome: AppendOutcome,
  operation: string,
  stream: string,
  expected: Expectation,
  callback: sendUnaryData<Response>,
  success: (position: string) => Response,
): void {
  switch (outcome.kind) {
    case 'deleted':
      return callback(streamDeletedError(stream));
    case 'wrong_expected_version':
      return callback(
        callError(status.FAILED_PRECONDITION, `${operation} failed due to WrongExpectedVersion.`, {
          exception: 'wrong-expected-version',
          'stream-name': stream,
          'expected-version': String(typeof expected === 'bigint' ? expected : EXPECTED_NUMBERS[expected]),
          'actual-version': outcome.actual === 'no_stream' ? '-1' : outcome.actual.toString(),
        }),
      );
    case 'written':
    case 'repeated':
      return callback(null, success((outcome.position ?? 0n).toString()));
    case 'silence':
      return;
  }
}
