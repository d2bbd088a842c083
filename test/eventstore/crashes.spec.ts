import { describeStoreCrashes } from '../fault/event-store/crashes.fixture.js';
import { describeCrashes } from '../fault/server/crashes.fixture.js';
import { describeOnNode } from './harness/on-node.js';

const CYCLES = process.env['WRIT_CRASH_CYCLES'];

describeOnNode('clients of EventStoreDB', (node) => {
  describeStoreCrashes({ url: () => node().url, cycles: Number(CYCLES ?? 6), readyWithinMs: 15_000 });
});

describeOnNode('a ledger on EventStoreDB', (node) => {
  describeCrashes({
    store: () => ({ WRIT_STORE_URL: node().url, WRIT_STORE_ACCEPT_UNPROTECTED: 'yes' }),
    cycles: Number(CYCLES ?? 5),
    prefill: Number(process.env['WRIT_CRASH_PREFILL'] ?? 2_000),
    readyWithinMs: 15_000,
  });
});
