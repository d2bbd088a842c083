import { openEventStoreDb } from '@writ/event-store-eventstoredb';
import { eventStoreContract } from '@writ/event-store/contract';
import { startDouble, type Double } from '../double/start-double.js';
import { describeReal, findServer } from '../harness/find-server.js';
import { startNode, type ServerNode } from '../harness/server.js';

// Two cores may have to serve the server, the suite and others.
jest.setTimeout(60_000);

describe('on the test double', () => {
  let double: Double;

  beforeAll(async () => {
    double = await startDouble();
  });

  afterAll(() => double.stop());

  eventStoreContract('EventStoreDB', { open: () => openEventStoreDb({ connection: double.url }) });
});

describeReal('on a real server', () => {
  let url: string;
  let node: ServerNode | undefined;

  beforeAll(async () => {
    const server = findServer();
    node = server?.kind === 'program' ? await startNode({ storage: 'disk' }) : undefined;
    url = node?.url ?? (server?.kind === 'running' ? server.url : '');
  }, 60_000);

  afterAll(() => node?.stop());

  eventStoreContract('EventStoreDB', { open: () => openEventStoreDb({ connection: url }) });
});
