/**
 * One of the processes of the race suite: for each line {stream, events: [[…] per client]} all its clients append at
 * once, and one line of outcomes goes back.
 */
import { createInterface } from 'node:readline';
import { openStore } from '../../harness/open-store.mjs';

const store = await openStore(process.argv[2], { busyTimeoutMs: 5_000 });
console.log(JSON.stringify('ready'));
for await (const line of createInterface({ input: process.stdin })) {
  const { stream, clients } = JSON.parse(line);
  const settled = await Promise.allSettled(
    clients.map((events) =>
      store.append(
        stream,
        'no_stream',
        events.map((event) => ({ ...event, data: Buffer.from(event.data), metadata: Buffer.from('{}') })),
      ),
    ),
  );
  console.log(
    JSON.stringify(
      settled.map((outcome) =>
        outcome.status === 'fulfilled'
          ? { ...outcome.value, code: 'OK' }
          : { code: outcome.reason.code ?? String(outcome.reason), details: outcome.reason.details },
      ),
      (_name, value) => (typeof value === 'bigint' ? value.toString() : value),
    ),
  );
}
await store.close();
