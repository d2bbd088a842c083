import type { ServerDuplexStream } from '@grpc/grpc-js';
import { Empty as GoogleEmpty } from 'google-protobuf/google/protobuf/empty_pb.js';
import { AllStreamPosition, type UUID } from '@eventstore/db-client/generated/shared_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import { BatchAppendResp, type BatchAppendReq } from '@eventstore/db-client/generated/streams_pb.js';
import { MAX_APPEND_BYTES, serveAppend, type AppendAnswer, type ProposedAppend } from './append-channel.js';
import {
  accessDeniedStatus,
  badRequestStatus,
  identifierOf,
  maximumAppendSizeExceededStatus,
  notReadyStatus,
  proposedRecordOf,
  streamDeletedStatus,
  streamNameOf,
  timeoutStatus,
  unknownStatus,
  uuidText,
  wrongExpectedVersionStatus,
} from './messages.js';
import type { DoubleNode } from './node.js';
import type { Expectation } from './records.js';

type BatchCall = ServerDuplexStream<BatchAppendReq, BatchAppendResp>;

/** The default path of the client: many appends over one call, told apart by correlation ids. */
export function batchAppend(node: DoubleNode, call: BatchCall): void {
  const proposed = new Map<string, ProposedAppend>();
  call.on('data', (request: BatchAppendReq) => receive(node, call, proposed, request));
  call.on('end', () => call.end());
  // The client went away: what it had sent whole is in the log all the same.
  call.on('error', () => proposed.clear());
}

function receive(
  node: DoubleNode,
  call: BatchCall,
  proposed: Map<string, ProposedAppend>,
  request: BatchAppendReq,
): void {
  const correlation = uuidText(request.getCorrelationId());
  const options = request.getOptions();
  if (options !== undefined) {
    const append = { stream: streamNameOf(options.getStreamIdentifier()), expected: expectedBy(options), events: [] };
    const admission = node.admit(call.metadata, '$w', append.stream);
    const late = (options.getDeadline()?.toDate().getTime() ?? Infinity) <= Date.now();
    if (admission !== 'allowed' && admission.details !== 'Access Denied') return void call.emit('error', admission);
    if (admission !== 'allowed') return answer(call, request.getCorrelationId(), append, { kind: 'access_denied' });
    if (late) return answer(call, request.getCorrelationId(), append, { kind: 'server_timeout' });
    proposed.set(correlation, append);
  }
  const append = proposed.get(correlation);
  if (append === undefined) return;
  append.events.push(...request.getProposedMessagesList().map(proposedRecordOf));
  if (!request.getIsFinal()) return;
  proposed.delete(correlation);
  serveAppend(node, append, {
    peer: call.getPeer(),
    answer: (result) => answer(call, request.getCorrelationId(), append, result),
    fail: (error) => void call.emit('error', error),
    halfClose: () => void call.end(),
  });
}

function expectedBy(options: BatchAppendReq.Options): Expectation {
  if (options.hasStreamPosition()) return BigInt(options.getStreamPosition());
  if (options.hasNoStream()) return 'no_stream';
  return options.hasStreamExists() ? 'stream_exists' : 'any';
}

function answer(call: BatchCall, correlation: UUID | undefined, append: ProposedAppend, result: AppendAnswer): void {
  if (result.kind === 'silence' || call.cancelled || call.destroyed || call.writableEnded) return;
  const response = new BatchAppendResp();
  response.setCorrelationId(correlation);
  response.setStreamIdentifier(identifierOf(append.stream));
  if (result.kind === 'written' || result.kind === 'repeated') {
    response.setSuccess(successOf(result.lastRevision, result.position));
  } else response.setError(statusOf(append, result));
  call.write(response);
}

function successOf(lastRevision: bigint, at: bigint | undefined): BatchAppendResp.Success {
  const success = new BatchAppendResp.Success();
  if (lastRevision < 0n) success.setNoStream(new GoogleEmpty());
  else success.setCurrentRevision(lastRevision.toString());
  if (at === undefined) success.setNoPosition(new GoogleEmpty());
  else success.setPosition(positionOf(at));
  return success;
}

function positionOf(at: bigint): AllStreamPosition {
  const position = new AllStreamPosition();
  position.setCommitPosition(at.toString());
  position.setPreparePosition(at.toString());
  return position;
}

type Refusal = Exclude<AppendAnswer, { kind: 'written' } | { kind: 'repeated' } | { kind: 'silence' }>;

function statusOf({ stream, expected }: ProposedAppend, refusal: Refusal): Status {
  switch (refusal.kind) {
    case 'wrong_expected_version':
      return wrongExpectedVersionStatus(expected, refusal.actual);
    case 'deleted':
      return streamDeletedStatus(stream);
    case 'access_denied':
      return accessDeniedStatus();
    case 'server_timeout':
      return timeoutStatus();
    case 'not_ready':
      return notReadyStatus();
    case 'too_big':
      return maximumAppendSizeExceededStatus(MAX_APPEND_BYTES);
    case 'bad_request':
      return badRequestStatus(refusal.message);
    default:
      return unknownStatus();
  }
}
