/**
 * One process that writes to a server, so that each measurement has threads and a heap of its own. Told by messages from its
 * parent, one at a time: `open` in a role (`raw`, `driver`, `writ`), `load`, `settle`, `sample`, `close`.
 */
import { randomBytes } from 'node:crypto';
import { openEventStoreDb } from '../../libs/event-store-eventstoredb/dist/index.js';
import { newEvent } from '../../test/fault/harness/sample.mjs';
import { percentile } from '../figures.mjs';
import { newApplication, openLedger } from '../ledger.mjs';
import { openRaw } from './raw-appends.mjs';

let role;

const ROLES = {
  raw: async ({ url, events }) => openRaw(url, events),
  /** The same bytes through our driver, without the rest of the ledger. */
  driver: async ({ url, events }) => {
    const store = await openEventStoreDb({ connection: url });
    const templates = events.map(({ type, data, metadata }) => ({
      type,
      data: Buffer.from(data, 'base64'),
      metadata: Buffer.from(metadata, 'base64'),
    }));
    const run = randomBytes(4).toString('hex');
    let streams = 0;
    return {
      once: () => {
        streams += 1;
        const stream = `raw-bench.${run}-${streams.toString().padStart(12, '0')}`;
        return store.append(stream, 'no_stream', templates.map(newEvent));
      },
      close: () => store.close(),
    };
  },
  writ: async ({ folder, env, create }) => {
    const { instance, operations, context } = await openLedger(folder, { create, env });
    return {
      once: () => operations.evaluate(context, newApplication()),
      settle: () => settle(instance),
      close: () => instance.close(),
    };
  },
};

const COMMANDS = {
  open: async (message) => {
    role = await ROLES[message.role](message);
    return {};
  },
  load,
  settle: async () => ({ ms: await role.settle() }),
  sample: async ({ url }) => sampleOf(url),
  close: async () => {
    await role.close();
    return {};
  },
};

process.on('message', (message) => {
  COMMANDS[message.command](message).then(
    (result) => process.send(result),
    (error) => process.send({ failure: String(error?.stack ?? error) }),
  );
});
process.on('disconnect', () => process.exit(0));

/** So many callers, each with one call under way, for so long. */
async function load({ callers, ms }) {
  const times = [];
  const before = process.cpuUsage();
  const start = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (let sent = start; sent - start < ms; sent = performance.now()) {
        await role.once();
        times.push(performance.now() - sent);
      }
    }),
  );
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  return {
    count: times.length,
    perSecond: (times.length / elapsedMs) * 1_000,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    processorMicroseconds: times.length === 0 ? 0 : (user + system) / times.length,
  };
}

/** Until nothing waits for an index or a checkpoint, so that no round works for another's count. */
async function settle(instance) {
  const start = performance.now();
  for (;;) {
    const { fault, sizeLeaves, checkpointSizeLeaves, behind } = await instance.lineageStatus();
    if (fault !== undefined) throw new Error(`void: ${fault.message}`);
    if (behind === 0 && sizeLeaves === checkpointSizeLeaves && (await instance.metrics.indexBehind()) === 0)
      return performance.now() - start;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Every Decision event that the store holds, and the events of one admitted decision, read past the ledger. */
async function sampleOf(url) {
  const store = await openEventStoreDb({ connection: url, readOnly: true });
  let decisions = 0;
  let events = [];
  for (let page = await store.readAll({ maxCount: 4_096 }); page.length > 0;) {
    for (const event of page.filter(({ stream }) => stream.startsWith('execution-'))) {
      if (event.type.startsWith('Decision')) decisions += 1;
      if (event.revision === 0n) events = [event];
      else if (events.length === 1 && events[0].stream === event.stream) events = [...events, event];
    }
    page = await store.readAll({ maxCount: 4_096, after: page.at(-1).position });
  }
  await store.close();
  const base64 = (bytes) => Buffer.from(bytes).toString('base64');
  return {
    decisions,
    events: events.map(({ type, data, metadata }) => ({ type, data: base64(data), metadata: base64(metadata) })),
  };
}
