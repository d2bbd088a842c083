import { describeStoreRaces } from '../fault/event-store/races.fixture.js';
import { describeRaces } from '../fault/server/races.fixture.js';
import { describeOnNode } from './harness/on-node.js';

const ROUNDS = process.env['WRIT_RACE_ROUNDS'];

describeOnNode('clients of EventStoreDB', (node) => {
  describeStoreRaces({ url: () => node().url, rounds: Number(ROUNDS ?? 100), sameIdsFrom: 'one_process' });
});

describeOnNode('two ledgers on EventStoreDB', (node) => {
  describeRaces({
    store: () => ({ WRIT_STORE_URL: node().url, WRIT_STORE_ACCEPT_UNPROTECTED: 'yes' }),
    rounds: Number(ROUNDS ?? 24),
  });
});
