import { eventStoreContract } from './contract/event-store-contract.js';
import { InMemoryEventStore } from './in-memory-event-store.js';

eventStoreContract('in memory', { open: async () => new InMemoryEventStore() });
