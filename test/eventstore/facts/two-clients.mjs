/**
 * Thread: two clients of one module. The first has appends on their way when the second is disposed of.
 * Tells how the appends ended, what it left unhandled, and how appends after it end.
 */
import { createRequire } from 'node:module';
import { randomUUID } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';

const { EventStoreDBClient, jsonEvent, NO_STREAM } = createRequire(import.meta.url)('@eventstore/db-client');

const unhandled = [];
for (const sign of ['uncaughtException', 'unhandledRejection']) process.on(sign, (error) => unhandled.push(error.name));

const fact = () => jsonEvent({ type: 'Fact', data: {} });
const append = (client) => client.appendToStream(`fact-${randomUUID()}`, fact(), { expectedRevision: NO_STREAM });
const [first, second] = [1, 2].map(() => EventStoreDBClient.connectionString(workerData.url));

await append(first);
await append(second);
let sent = 0;
const outcomes = [];
const load = Promise.all(
  Array.from({ length: 50 }, async () => {
    while (sent < workerData.appends) {
      sent += 1;
      outcomes.push(
        await append(first).then(
          () => 'taken',
          () => 'failed',
        ),
      );
    }
  }),
);
if (workerData.dispose) {
  while (outcomes.length < 100) await new Promise((wake) => setTimeout(wake, 1));
  await second.dispose();
}
// What was rejected while its answer was on the way is answered later, to nobody; what follows may hang for ever.
await Promise.race([load, new Promise((wake) => setTimeout(wake, workerData.dispose ? 3_000 : 20_000))]);
parentPort.postMessage({
  taken: outcomes.filter((outcome) => outcome === 'taken').length,
  failed: outcomes.filter((outcome) => outcome === 'failed').length,
  unhandled,
});
process.exit();
