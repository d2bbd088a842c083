import { describeStoreCrashes } from '../fault/event-store/crashes.fixture.js';
import { describeCrashes } from '../fault/server/crashes.fixture.js';
import { describeNodes } from './harness/find-server.js';
import { startNode, type ServerNode } from './harness/server.js';

const CYCLES = process.env['WRIT_CRASH_CYCLES'];

/** Each on a node of its own: the checkers read whole stores. */
function onNode(name: string, body: (node: () => ServerNode) => void): void {
  describeNodes(name, () => {
    let node: ServerNode;

    beforeAll(async () => {
      node = await startNode({ storage: 'disk' });
    }, 60_000);

    afterAll(() => node.stop());

    body(() => node);
  });
}

onNode('clients of EventStoreDB', (node) => {
  describeStoreCrashes({ url: () => node().url, cycles: Number(CYCLES ?? 6) });
});

onNode('a ledger on EventStoreDB', (node) => {
  describeCrashes({
    store: () => ({ WRIT_STORE_URL: node().url, WRIT_STORE_ACCEPT_UNPROTECTED: 'yes' }),
    cycles: Number(CYCLES ?? 5),
    prefill: Number(process.env['WRIT_CRASH_PREFILL'] ?? 2_000),
    readyWithinMs: 15_000,
  });
});
