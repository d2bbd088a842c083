import { status, type ServiceError } from '@grpc/grpc-js';
import { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { callError, identifierOf, readEventOf, streamDeletedError, streamNameOf } from './messages.js';
import type { DoubleNode } from './node.js';
import { failRead, Outgoing, type ReadCall } from './outgoing.js';
import { filterOf } from './record-filter.js';
import type { LogRecord } from './records.js';
import { subscribe } from './subscriptions.js';

const unreadable = (result: 'ReadStreamResult' | 'ReadAllResult'): ServiceError =>
  callError(status.UNKNOWN, `Unexpected ${result}: Error`);

/** Streams, `$all` and subscriptions all come in by this one method. */
export function read(node: DoubleNode, call: ReadCall): void {
  call.on('error', () => undefined);
  const options = call.request.getOptions();
  if (options === undefined) return failRead(call, callError(status.INVALID_ARGUMENT, 'no options'));
  const stream = options.hasStream() ? streamNameOf(options.getStream()?.getStreamIdentifier()) : '$all';
  const admission = node.admit(call.metadata, '$r', stream);
  if (admission !== 'allowed') return failRead(call, admission);
  const outgoing = new Outgoing(node, call);
  if (outgoing.strike(stream, options.hasSubscription()) === 'over') return;
  const served = options.hasSubscription()
    ? subscribe(node, options, outgoing)
    : sendPage(node, options, stream, outgoing);
  served.catch((error: unknown) => failRead(call, error instanceof Error ? error : new Error(String(error))));
}

async function sendPage(node: DoubleNode, options: ReadReq.Options, stream: string, outgoing: Outgoing): Promise<void> {
  const maxCount = BigInt(options.getCount());
  if (maxCount === 0n) {
    if (options.hasStream()) throw unreadable('ReadStreamResult');
    // The server looks for a page that is never full.
    return;
  }
  const found = options.hasStream() ? streamPage(node, options, stream) : allPage(node, options);
  if (found === 'missing') {
    await outgoing.send(streamNotFound(stream));
    return outgoing.end();
  }
  const page = found.slice(0, Number(maxCount > 0xffffffffn ? 0xffffffffn : maxCount));
  for (const record of page) {
    const response = options.getResolveLinks() ? resolved(node, record) : readEventOf(record);
    if (!(await outgoing.send(response))) return outgoing.end();
  }
  outgoing.end();
}

const isBackwards = (options: ReadReq.Options): boolean =>
  options.getReadDirection() === ReadReq.Options.ReadDirection.BACKWARDS;

function streamPage(node: DoubleNode, options: ReadReq.Options, stream: string): readonly LogRecord[] | 'missing' {
  if (node.log.isTombstoned(stream)) throw streamDeletedError(stream);
  if (node.log.isMissing(stream)) return 'missing';
  const place = options.getStream();
  const visible = node.log.visibleRecordsOf(stream);
  if (isBackwards(options)) {
    const from = place?.hasRevision() ? BigInt(place.getRevision()) : undefined;
    const below = place?.hasStart() ? 0n : from;
    return [...visible].reverse().filter(({ revision }) => below === undefined || revision <= below);
  }
  if (place?.hasEnd()) throw unreadable('ReadStreamResult');
  const from = place?.hasRevision() ? BigInt(place.getRevision()) : 0n;
  const first = visible.findIndex(({ revision }) => revision >= from);
  return first === -1 ? [] : visible.slice(first);
}

/** Inclusive forwards, exclusive backwards; a position inside a record is an error (C10). */
function allPage(node: DoubleNode, options: ReadReq.Options): readonly LogRecord[] {
  const { records, end } = node.log;
  const all = options.getAll();
  const position = all?.getPosition();
  if (all?.hasEnd()) {
    return isBackwards(options) ? [...records].reverse() : [];
  }
  const from = position === undefined ? 0n : BigInt(position.getCommitPosition());
  const first = node.log.indexAtOrAfter(from);
  const found = records[first]?.position ?? end;
  if (from < end && found !== from) throw unreadable('ReadAllResult');
  const page = isBackwards(options) ? records.slice(0, first).reverse() : records.slice(first);
  const fits = filterOf(options.getFilter());
  return fits === undefined ? page : page.filter(fits);
}

/** A link with what it points to; without that where it was deleted (C10). */
function resolved(node: DoubleNode, record: LogRecord): ReadResp {
  if (record.type !== '$>') return readEventOf(record);
  const [, revision = '', stream = ''] = /^(\d+)@(.*)$/s.exec(Buffer.from(record.data).toString('utf8')) ?? [];
  const there = node.log.isMissing(stream) || node.log.isTombstoned(stream) ? [] : node.log.visibleRecordsOf(stream);
  return readEventOf(
    there.find((one) => one.revision === BigInt(revision)),
    record,
  );
}

function streamNotFound(stream: string): ReadResp {
  const missing = new ReadResp.StreamNotFound();
  missing.setStreamIdentifier(identifierOf(stream));
  const response = new ReadResp();
  response.setStreamNotFound(missing);
  return response;
}
