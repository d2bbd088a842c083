import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { ReadResp, type ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { callError, readEventOf, streamDeletedError, streamNameOf } from './messages.js';
import type { DoubleNode } from './node.js';
import type { Outgoing } from './outgoing.js';
import { filterOf } from './record-filter.js';
import type { LogRecord } from './records.js';

const DEFAULT_WINDOW = 32;

/** Events after a place, first those that are there, then as they come, until nobody listens. */
export async function subscribe(node: DoubleNode, options: ReadReq.Options, outgoing: Outgoing): Promise<void> {
  const source = options.hasStream() ? streamSource(node, options) : allSource(node, options);
  const bell = new Bell();
  const silence = node.log.onWrite(() => bell.ring());
  outgoing.onOver(() => bell.ring());
  try {
    await outgoing.send(confirmation());
    await pump(source, checkpointsOf(options), outgoing, bell);
  } finally {
    silence();
  }
}

/** Where the next record is taken from, and whether it is sent or only considered. */
interface Source {
  next(): LogRecord | undefined;
  fits(record: LogRecord): boolean;
}

function allSource(node: DoubleNode, options: ReadReq.Options): Source {
  const { log } = node;
  const all = options.getAll();
  const position = all?.getPosition();
  let at = all?.hasEnd() ? log.records.length : 0;
  if (position !== undefined) {
    const after = BigInt(position.getCommitPosition());
    at = log.indexAtOrAfter(after);
    const found = log.records[at]?.position;
    if ((found ?? log.end) !== after) throw callError(status.UNKNOWN, 'Exception was thrown by handler.');
    if (found !== undefined) at += 1;
  }
  return {
    next: () => {
      const record = log.records[at];
      if (record !== undefined) at += 1;
      return record;
    },
    fits: filterOf(options.getFilter()) ?? (() => true),
  };
}

function streamSource(node: DoubleNode, options: ReadReq.Options): Source {
  const place = options.getStream();
  const stream = streamNameOf(place?.getStreamIdentifier());
  if (node.log.isTombstoned(stream)) throw streamDeletedError(stream);
  let after = place?.hasRevision() ? BigInt(place.getRevision()) : -1n;
  if (place?.hasEnd()) after = node.log.lastRevision(stream);
  return {
    next: () => {
      const record = node.log.visibleRecordsOf(stream).find(({ revision }) => revision > after);
      if (record !== undefined) after = record.revision;
      return record;
    },
    fits: () => true,
  };
}

/** Considered events between two checkpoints; none without a filter. */
function checkpointsOf(options: ReadReq.Options): number {
  const filter = options.getFilter();
  if (filter === undefined) return Infinity;
  return (filter.hasMax() ? filter.getMax() : DEFAULT_WINDOW) * filter.getCheckpointintervalmultiplier();
}

async function pump(source: Source, interval: number, outgoing: Outgoing, bell: Bell): Promise<void> {
  let considered = 0;
  let isLive = false;
  while (!outgoing.isOver) {
    const rung = bell.rung();
    const record = source.next();
    if (record === undefined) {
      if (!isLive && !(await outgoing.send(caughtUp()))) return;
      isLive = true;
      await rung;
      continue;
    }
    if (source.fits(record) && !(await outgoing.send(readEventOf(record)))) return;
    considered += 1;
    if (considered < interval) continue;
    considered = 0;
    if (!(await outgoing.send(checkpoint(record.position, isLive)))) return;
  }
}

/** A promise that each ring settles and replaces. */
class Bell {
  #ring: () => void = () => undefined;
  #rung: Promise<void> = this.#fresh();

  ring(): void {
    const ring = this.#ring;
    this.#rung = this.#fresh();
    ring();
  }

  rung(): Promise<void> {
    return this.#rung;
  }

  #fresh(): Promise<void> {
    return new Promise((resolve) => {
      this.#ring = resolve;
    });
  }
}

function confirmation(): ReadResp {
  const confirmed = new ReadResp.SubscriptionConfirmation();
  confirmed.setSubscriptionId(randomUUID());
  const response = new ReadResp();
  response.setConfirmation(confirmed);
  return response;
}

function caughtUp(): ReadResp {
  const response = new ReadResp();
  response.setCaughtUp(new ReadResp.CaughtUp());
  return response;
}

/** During catch-up the prepare position is 0, live both are the same (C9). */
function checkpoint(position: bigint, isLive: boolean): ReadResp {
  const reached = new ReadResp.Checkpoint();
  reached.setCommitPosition(position.toString());
  reached.setPreparePosition(isLive ? position.toString() : '0');
  const response = new ReadResp();
  response.setCheckpoint(reached);
  return response;
}
