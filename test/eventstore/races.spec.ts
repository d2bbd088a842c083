import { describeStoreRaces } from '../fault/event-store/races.fixture.js';
import { describeRaces } from '../fault/server/races.fixture.js';
import { describeNodes } from './harness/find-server.js';
import { startNode, type ServerNode } from './harness/server.js';

const ROUNDS = process.env['WRIT_RACE_ROUNDS'];
let node: ServerNode;

describeNodes('races on EventStoreDB', () => {
  beforeAll(async () => {
    node = await startNode({ storage: 'disk' });
  }, 60_000);

  afterAll(() => node.stop());

  describe('of clients', () => {
    describeStoreRaces({ url: () => node.url, rounds: Number(ROUNDS ?? 200), sameIdsFrom: 'one_process' });
  });

  describe('of two servers', () => {
    describeRaces({
      store: () => ({ WRIT_STORE_URL: node.url, WRIT_STORE_ACCEPT_UNPROTECTED: 'yes' }),
      rounds: Number(ROUNDS ?? 40),
    });
  });
});
