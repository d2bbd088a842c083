import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import type { Message } from 'google-protobuf';
import { Any } from 'google-protobuf/google/protobuf/any_pb.js';
import { Empty as GoogleEmpty } from 'google-protobuf/google/protobuf/empty_pb.js';
import { Code } from '@eventstore/db-client/generated/code_pb.js';
import {
  AccessDenied,
  BadRequest,
  Empty,
  MaximumAppendSizeExceeded,
  StreamDeleted,
  StreamIdentifier,
  Timeout,
  Unknown,
  UUID,
  WrongExpectedVersion,
} from '@eventstore/db-client/generated/shared_pb.js';
import { Status } from '@eventstore/db-client/generated/status_pb.js';
import { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Expectation, LogRecord, ProposedRecord } from './records.js';

const TICKS_PER_MS = 10_000n;

export const streamNameOf = (identifier: StreamIdentifier | undefined): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');

export function identifierOf(stream: string): StreamIdentifier {
  const identifier = new StreamIdentifier();
  identifier.setStreamName(new Uint8Array(Buffer.from(stream, 'utf8')));
  return identifier;
}

export function uuidOf(text: string): UUID {
  const uuid = new UUID();
  uuid.setString(text);
  return uuid;
}

/** The text form in lower case, whichever form was sent. */
export function uuidText(uuid: UUID | undefined): string {
  const structured = uuid?.getStructured();
  if (structured === undefined) return (uuid?.getString() ?? '').toLowerCase();
  const half = (text: string): string => BigInt.asUintN(64, BigInt(text)).toString(16).padStart(16, '0');
  const hex = half(structured.getMostSignificantBits()) + half(structured.getLeastSignificantBits());
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

interface ProposedMessage {
  getId(): UUID | undefined;
  getMetadataMap(): { get(key: string): string | undefined };
  getData_asU8(): Uint8Array;
  getCustomMetadata_asU8(): Uint8Array;
}

export function proposedRecordOf(message: ProposedMessage): ProposedRecord {
  const fields = message.getMetadataMap();
  return {
    id: uuidText(message.getId()),
    type: fields.get('type') ?? '',
    isJson: fields.get('content-type') === 'application/json',
    data: message.getData_asU8().slice(),
    metadata: message.getCustomMetadata_asU8().slice(),
  };
}

interface ExpectedRevisionChoice {
  hasRevision(): boolean;
  getRevision(): string;
  hasNoStream(): boolean;
  hasStreamExists(): boolean;
}

export function expectationOf(options: ExpectedRevisionChoice): Expectation {
  if (options.hasRevision()) return BigInt(options.getRevision());
  if (options.hasNoStream()) return 'no_stream';
  return options.hasStreamExists() ? 'stream_exists' : 'any';
}

export function readEventOf(record: LogRecord | undefined, link?: LogRecord): ReadResp {
  const readEvent = new ReadResp.ReadEvent();
  if (record !== undefined) readEvent.setEvent(recordedEventOf(record));
  if (link !== undefined) readEvent.setLink(recordedEventOf(link));
  const original = link ?? record;
  if (original === undefined) readEvent.setNoPosition(new Empty());
  else readEvent.setCommitPosition(original.position.toString());
  const answer = new ReadResp();
  answer.setEvent(readEvent);
  return answer;
}

function recordedEventOf(record: LogRecord): ReadResp.ReadEvent.RecordedEvent {
  const event = new ReadResp.ReadEvent.RecordedEvent();
  event.setId(uuidOf(record.id));
  event.setStreamIdentifier(identifierOf(record.stream));
  event.setStreamRevision(record.revision.toString());
  event.setCommitPosition(record.position.toString());
  event.setPreparePosition(record.position.toString());
  event.setData(record.data);
  event.setCustomMetadata(record.metadata);
  const fields = event.getMetadataMap();
  fields.set('type', record.type);
  fields.set('content-type', record.isJson ? 'application/json' : 'application/octet-stream');
  fields.set('created', (BigInt(record.createdMs) * TICKS_PER_MS).toString());
  return event;
}

/** A refusal inside an answer of the batch path: google.rpc.Status with what happened packed into its details. */
function refusal(code: Code, name: string, details: Message): Status {
  const packed = new Any();
  packed.pack(details.serializeBinary(), `event_store.client.${name}`);
  const answer = new Status();
  answer.setCode(code);
  answer.setMessage(name);
  answer.setDetails(packed);
  return answer;
}

export function wrongExpectedVersionStatus(expected: Expectation, actual: bigint | 'no_stream'): Status {
  const details = new WrongExpectedVersion();
  if (actual === 'no_stream') details.setCurrentNoStream(new GoogleEmpty());
  else details.setCurrentStreamRevision(actual.toString());
  if (typeof expected === 'bigint') details.setExpectedStreamPosition(expected.toString());
  else if (expected === 'no_stream') details.setExpectedNoStream(new GoogleEmpty());
  else if (expected === 'any') details.setExpectedAny(new GoogleEmpty());
  else details.setExpectedStreamExists(new GoogleEmpty());
  return refusal(Code.ALREADY_EXISTS, 'WrongExpectedVersion', details);
}

export function streamDeletedStatus(stream: string): Status {
  const details = new StreamDeleted();
  details.setStreamIdentifier(identifierOf(stream));
  return refusal(Code.NOT_FOUND, 'StreamDeleted', details);
}

export const accessDeniedStatus = (): Status => refusal(Code.PERMISSION_DENIED, 'AccessDenied', new AccessDenied());
export const timeoutStatus = (): Status => refusal(Code.DEADLINE_EXCEEDED, 'Timeout', new Timeout());
export const unknownStatus = (): Status => refusal(Code.UNKNOWN, 'Unknown', new Unknown());

export function maximumAppendSizeExceededStatus(maxBytes: number): Status {
  const details = new MaximumAppendSizeExceeded();
  details.setMaxappendsize(maxBytes);
  return refusal(Code.INVALID_ARGUMENT, 'MaximumAppendSizeExceeded', details);
}

export function badRequestStatus(message: string): Status {
  const details = new BadRequest();
  details.setMessage(message);
  return refusal(Code.INVALID_ARGUMENT, 'BadRequest', details);
}

/** Not handled: neither code nor details, only a text (K12). */
export function notReadyStatus(): Status {
  const packed = new Any();
  packed.pack(new GoogleEmpty().serializeBinary(), 'google.protobuf.Empty');
  const answer = new Status();
  answer.setMessage('Server Is Not Ready');
  answer.setDetails(packed);
  return answer;
}

/** A call that fails as a whole, with the trailers by which clients tell what happened. */
export function callError(code: status, details: string, trailers: Record<string, string> = {}): ServiceError {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  return Object.assign(new Error(details), { code, details, metadata });
}

export const accessDeniedError = (): ServiceError =>
  callError(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' });

export const unavailableError = (): ServiceError => callError(status.UNAVAILABLE, 'Server Is Too Busy');

export const notLeaderError = (leader: { readonly host: string; readonly port: number }): ServiceError =>
  callError(status.NOT_FOUND, 'Leader info available', {
    exception: 'not-leader',
    'leader-endpoint-host': leader.host,
    'leader-endpoint-port': String(leader.port),
  });

export const streamDeletedError = (stream: string): ServiceError =>
  callError(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  });
