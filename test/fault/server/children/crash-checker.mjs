/**
 * The checker of the crash suite: `crash-checker.mjs <url> <folder>`. Reads the whole store and the client's list of
 * promises, and says what is broken. It shares nothing with server and client but the files.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readAckLog } from '../../harness/ack-log.mjs';
import { openStore } from '../../harness/open-store.mjs';
import { TENANT } from '../../harness/transfers.mjs';

const [, , url, folder] = process.argv;
const store = await openStore(url, { mode: 'existing', readOnly: true });
const broken = [];
const streams = new Map();
let events = 0;
for (let page = await store.readAll({ maxCount: 4_096 }); page.length > 0;) {
  for (const { stream, revision, eventId, type, data } of page) {
    events += 1;
    const stored = streams.get(stream) ?? [];
    if (revision !== BigInt(stored.length)) broken.push(`${stream}: revision ${revision} at place ${stored.length}`);
    const asked = stream.startsWith(`execution-${TENANT}.crash-`);
    stored.push({ eventId, type, digest: asked ? createHash('sha256').update(data).digest('hex') : undefined });
    streams.set(stream, stored);
  }
  page = await store.readAll({ maxCount: 4_096, after: page.at(-1).position });
}
await store.close();

const LEGAL = ['DecisionAdmitted', 'ReservationPlaced', 'ExecutionCommitted'];
let executions = 0;
for (const [stream, stored] of streams) {
  if (!stream.startsWith('execution-')) continue;
  executions += 1;
  const types = stored.map(({ type }) => type);
  // One decision, one grant, at most one commit; and never the decision without its reservation.
  if (types.length < 2 || types.some((type, i) => type !== LEGAL[i])) broken.push(`${stream}: ${types.join()}`);
}
let acked = 0;
for (const promise of readAckLog(join(folder, 'acks.log'))) {
  const stored = streams.get(`execution-${TENANT}.${promise.executionId}`) ?? [];
  for (const { eventId, revision, type, digest } of promise.events) {
    acked += 1;
    const event = stored[Number(revision)];
    if (event === undefined) broken.push(`LOST: ${promise.executionId}@${revision} ${type}`);
    else if (event.eventId !== eventId || event.type !== type || event.digest !== digest)
      broken.push(`ANOTHER: ${promise.executionId}@${revision} ${type}`);
  }
}
console.log(JSON.stringify({ events, executions, acked, broken: broken.slice(0, 20) }));
process.exit(0);
