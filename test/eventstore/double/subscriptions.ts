import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { ReadResp, type ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { Bell } from './bell.js';
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
  outgoing.onProgress(() => bell.ring());
  try {
    await outgoing.send(confirmation());
    const considered = await catchUp(source, options, outgoing);
    await followLive(source, options, considered, outgoing, bell);
  } finally {
    silence();
  }
}

/** Where the next records are taken from, and which are sent or only looked at. */
interface Source {
  take(count: number): readonly LogRecord[];
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
    take: (count) => {
      const page = log.records.slice(at, at + count);
      at += page.length;
      return page;
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
    take: (count) => {
      const page = node.log.visibleRecordsOf(stream).filter(({ revision }) => revision > after);
      after = page[Math.min(count, page.length) - 1]?.revision ?? after;
      return page.slice(0, count);
    },
    fits: () => true,
  };
}

/** How many records are looked at in one go, and how many between two checkpoints; none without a filter. */
function pace(options: ReadReq.Options): { readonly window: number; readonly interval: number } {
  const filter = options.getFilter();
  if (filter === undefined) return { window: DEFAULT_WINDOW, interval: Infinity };
  const window = filter.hasMax() ? filter.getMax() : DEFAULT_WINDOW;
  return { window, interval: window * filter.getCheckpointintervalmultiplier() };
}

/** Page by page, as long as there are whole pages. Returns how many records were looked at since the last checkpoint. */
async function catchUp(source: Source, options: ReadReq.Options, outgoing: Outgoing): Promise<number> {
  const { window, interval } = pace(options);
  let considered = 0;
  while (!outgoing.isOver) {
    const page = source.take(window);
    const first = page[0];
    if (first === undefined) break;
    const fitting = page.filter((record) => source.fits(record));
    for (const record of fitting) if (!(await outgoing.send(readEventOf(record)))) return 0;
    considered += page.length;
    if (page.length < window) break;
    if (considered < interval) continue;
    considered %= interval;
    // C9: where nothing fitted, the checkpoint is the beginning of the page, with 0 for the prepare position.
    const last = fitting.at(-1);
    await outgoing.send(last === undefined ? checkpoint(first.position, 0n) : checkpoint(last.position, last.position));
  }
  await outgoing.send(caughtUp());
  return considered;
}

async function followLive(
  source: Source,
  options: ReadReq.Options,
  before: number,
  outgoing: Outgoing,
  bell: Bell,
): Promise<void> {
  const { interval } = pace(options);
  let considered = before;
  while (!outgoing.isOver) {
    const rung = bell.rung();
    const [record] = source.take(1);
    if (record === undefined) {
      await rung;
      continue;
    }
    if (source.fits(record) && !(await outgoing.send(readEventOf(record)))) return;
    considered += 1;
    if (considered < interval) continue;
    considered = 0;
    if (!(await outgoing.send(checkpoint(record.position, record.position)))) return;
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

function checkpoint(commit: bigint, prepare: bigint): ReadResp {
  const reached = new ReadResp.Checkpoint();
  reached.setCommitPosition(commit.toString());
  reached.setPreparePosition(prepare.toString());
  const response = new ReadResp();
  response.setCheckpoint(reached);
  return response;
}
