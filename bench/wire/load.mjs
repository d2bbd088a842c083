/**
 * A load from a process of its own: so many callers, each with one call under way, for so long. Told by messages from its
 * parent, one load at a time; answers with what came back.
 *
 * A load is `{ port, path, kind: 'unary' | 'batch' | 'stream', echo, callers, ms, items }`; with `echo`, sizes of request
 * and answer, its messages are for the echo.
 */
import { percentile } from '../figures.mjs';
import { H2Connection } from './h2-connection.mjs';
import { batchRequests, echoRequests, evaluateRequests, streamRequests } from './requests.mjs';

const MAX_CONNECTIONS = 4;

process.on('message', (load) => {
  const running = load.kind === 'stream' ? runStream(load) : runCalls(load);
  running.then(
    (result) => process.send(result),
    (error) => process.send({ failure: String(error?.stack ?? error) }),
  );
});

function requestsOf({ kind, echo, items }) {
  if (echo !== undefined) return echoRequests(echo);
  switch (kind) {
    case 'batch':
      return batchRequests(items);
    case 'stream':
      return streamRequests();
    default:
      return evaluateRequests();
  }
}

async function runCalls(load) {
  const { port, path, callers, ms } = load;
  const requests = requestsOf(load);
  const connections = await Promise.all(
    Array.from({ length: Math.min(callers, MAX_CONNECTIONS) }, () => H2Connection.open(port, path)),
  );
  const times = [];
  let failed = 0;
  let answerBytes = 0;
  const start = performance.now();
  const end = start + ms;
  const caller = (connection) =>
    new Promise((resolve) => {
      const next = () => {
        const sent = performance.now();
        if (sent >= end) return resolve();
        connection.call(requests(), (bytes) => {
          if (bytes === 0) failed += 1;
          else times.push(performance.now() - sent);
          answerBytes = bytes;
          next();
        });
      };
      next();
    });
  const all = Array.from({ length: callers }, (_, i) => caller(connections[i % connections.length]));
  await orClosed(Promise.all(all), connections);
  const elapsedMs = performance.now() - start;
  for (const connection of connections) connection.close();
  return summary(times, failed, elapsedMs, { requestBytes: requests.messageBytes, answerBytes });
}

/** One stream with `callers` messages outstanding. */
async function runStream(load) {
  const { port, path, callers, ms } = load;
  const requests = requestsOf(load);
  const connection = await H2Connection.open(port, path);
  const sentAt = [];
  const times = [];
  let sent = 0;
  let received = 0;
  let answerBytes = 0;
  const start = performance.now();
  const ended = new Promise((resolve) => {
    const split = splitMessages((size) => {
      answerBytes = size;
      times.push(performance.now() - sentAt[received]);
      received += 1;
      const now = performance.now();
      if (now < start + ms) send(now);
      else if (received === sent) resolve();
    });
    const stream = connection.open(resolve, split);
    const send = (now) => {
      sentAt.push(now);
      stream.send(requests(sent));
      sent += 1;
    };
    for (let i = 0; i < callers; i += 1) send(performance.now());
  });
  await orClosed(ended, [connection]);
  const elapsedMs = performance.now() - start;
  connection.close();
  return summary(times, sent - received, elapsedMs, { requestBytes: requests.messageBytes, answerBytes });
}

/** Calls back with the size of each gRPC message in a stream of bytes. */
function splitMessages(onMessage) {
  let head = Buffer.alloc(0);
  let left = 0;
  let size = 0;
  return (bytes) => {
    let at = 0;
    while (at < bytes.length || (left === 0 && head.length === 5)) {
      if (left === 0 && head.length < 5) {
        const taken = bytes.subarray(at, at + 5 - head.length);
        head = Buffer.concat([head, taken]);
        at += taken.length;
        if (head.length < 5) return;
        left = size = head.readUInt32BE(1);
      }
      const step = Math.min(left, bytes.length - at);
      left -= step;
      at += step;
      if (left > 0) return;
      head = Buffer.alloc(0);
      onMessage(size);
    }
  };
}

function orClosed(work, connections) {
  return Promise.race([work, ...connections.map((connection) => connection.closed)]);
}

function summary(times, failed, elapsedMs, bytes) {
  times.sort((a, b) => a - b);
  return {
    ok: times.length,
    failed,
    perSecond: (times.length / elapsedMs) * 1_000,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    ...bytes,
  };
}
