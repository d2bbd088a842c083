/**
 * The checker of the crash suite: `crash-checker.mjs <url> <folder>`. Reads the whole store and every list of promises,
 * and says what is broken. It shares nothing with the clients but the files.
 */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readAckLog } from '../../harness/ack-log.mjs';
import { openStore } from '../../harness/open-store.mjs';

const [, , url, folder] = process.argv;
const store = await openStore(url);
const broken = [];
const stored = new Map();
const nextRevision = new Map();
let events = 0;
for (let after = -1n; ;) {
  const page = await store.readAll({ ...(after < 0n ? {} : { after }), maxCount: 4_096 });
  if (page.length === 0) break;
  for (const event of page) {
    events += 1;
    if (event.position <= after) broken.push(`position ${event.position} after ${after}`);
    after = event.position;
    const expected = nextRevision.get(event.stream) ?? 0n;
    if (event.revision !== expected) broken.push(`${event.stream}: revision ${event.revision}, expected ${expected}`);
    nextRevision.set(event.stream, event.revision + 1n);
    const { text, digest } = JSON.parse(Buffer.from(event.data).toString());
    const sound =
      createHash('sha256').update(text).digest('hex') === digest &&
      text.startsWith(`${event.stream}/${event.revision}/${event.eventId}/`);
    if (!sound) broken.push(`${event.stream}@${event.revision}: other bytes than were sent`);
    if (stored.has(event.eventId)) broken.push(`${event.eventId} is there twice`);
    stored.set(event.eventId, event);
  }
}
let acked = 0;
for (const name of readdirSync(folder).filter((file) => file.startsWith('acks-'))) {
  for (const promise of readAckLog(join(folder, name))) {
    const last = promise.events.at(-1);
    for (const { eventId, revision } of promise.events) {
      acked += 1;
      const event = stored.get(eventId);
      if (event === undefined) broken.push(`LOST: ${promise.stream}@${revision} ${eventId}`);
      else if (event.stream !== promise.stream || event.revision !== BigInt(revision)) broken.push(`MOVED: ${eventId}`);
      else if (eventId === last.eventId && event.position.toString() !== promise.position)
        broken.push(`POSITION: ${eventId}`);
    }
  }
}
await store.close();
console.log(JSON.stringify({ events, acked, broken: broken.slice(0, 20) }));
