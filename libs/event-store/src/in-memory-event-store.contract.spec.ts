import { eventStoreContract, uniqueIdContract } from './contract/event-store-contract.js';
import { InMemoryEventStore } from './in-memory-event-store.js';

eventStoreContract('in memory', { open: async () => new InMemoryEventStore() });
uniqueIdContract('in memory', async () => new InMemoryEventStore());
