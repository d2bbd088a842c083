/**
 * The client of the crash suite: `crash-client.mjs <url> <folder> <run>`. Appends as fast as it can from 16 callers,
 * one in ten of them wrong on purpose, and writes down (synced) what it was promised before it counts it. It is killed,
 * it never ends by itself. Every data says which bytes it must be, so that the checker needs to trust nobody.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AckLog } from '../../harness/ack-log.mjs';
import { openStore } from '../../harness/open-store.mjs';
import { newEvent, newEventId } from '../../harness/sample.mjs';

const [, , url, folder, run] = process.argv;
const acks = new AckLog(join(folder, `acks-${run}.log`), () => process.stdout.write('{"acked":true}\n'));
const begun = performance.now();
const store = await openStore(url, { busyTimeoutMs: 2_000 });
process.stdout.write(`${JSON.stringify({ openedInMs: performance.now() - begun })}\n`);

function provableEvent(stream, revision) {
  const eventId = newEventId();
  const text = `${stream}/${revision}/${eventId}/${'x'.repeat((revision * 97) % 3_000)}`;
  const data = Buffer.from(JSON.stringify({ text, digest: createHash('sha256').update(text).digest('hex') }));
  return newEvent({ eventId, data });
}

async function caller(number) {
  for (let round = 0; ; round += 1) {
    const stream = `crash-${run}.${number}-${round}`;
    let last = -1;
    while (last < 9) {
      const events = Array.from({ length: 1 + (last % 3 === 0 ? 2 : 0) }, (_v, i) =>
        provableEvent(stream, last + 1 + i),
      );
      const expected = last < 0 ? 'no_stream' : BigInt(last);
      const result = await store.append(stream, expected, events);
      acks.add({
        stream,
        position: result.position.toString(),
        events: events.map(({ eventId }, i) => ({ eventId, revision: last + 1 + i })),
      });
      last += events.length;
      if (Math.random() < 0.1) await somethingWrong(stream, last, { expected, events });
    }
  }
}

/** Whatever is wrong gets exactly its answer, also a moment before and after a crash. */
async function somethingWrong(stream, last, stored) {
  const others = stored.events.map((event) => ({ ...event, data: Buffer.from('{"other":true}') }));
  const attempts = {
    REVISION_CONFLICT: () => store.append(stream, BigInt(last + 1), [newEvent()]),
    EVENT_ID_REUSED: () => store.append(stream, stored.expected, others),
    REQUEST_INVALID: () => store.append(stream, BigInt(last), []),
  };
  for (const [code, attempt] of Object.entries(attempts)) {
    const error = await attempt().catch((caught) => caught);
    if (error?.code !== code) {
      process.stdout.write(
        `${JSON.stringify({ wrong: `expected ${code}, got ${error?.code ?? JSON.stringify(error)}` })}\n`,
      );
    }
  }
}

await Promise.all(Array.from({ length: 16 }, (_value, number) => caller(number)));
