/** What the client alone does: the events of one decision in one append, each time to a stream of its own. */
import { randomBytes, randomUUID } from 'node:crypto';
import { binaryEvent, EventStoreDBClient, NO_STREAM } from '@eventstore/db-client';

/** @param events `{ type, data, metadata }` of one decision, bytes in base64 */
export function openRaw(url, events) {
  const client = EventStoreDBClient.connectionString(url);
  const templates = events.map(({ type, data, metadata }) => ({
    type,
    data: Buffer.from(data, 'base64'),
    metadata: Buffer.from(metadata, 'base64'),
  }));
  const run = randomBytes(4).toString('hex');
  let streams = 0;
  return {
    async once() {
      streams += 1;
      const batch = templates.map((template) => binaryEvent({ id: randomUUID(), ...template }));
      const stream = `raw-bench.bench-${run}-${streams.toString().padStart(10, '0')}`;
      await client.appendToStream(stream, batch, { expectedRevision: NO_STREAM });
    },
    close: () => client.dispose(),
  };
}
