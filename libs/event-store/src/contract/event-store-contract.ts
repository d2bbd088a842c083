import type { EventStore } from '../event-store.js';
import { appendContract } from './append-contract.js';
import { argumentContract } from './argument-contract.js';
import { idempotenceContract } from './idempotence-contract.js';
import { lifeContract } from './life-contract.js';
import { readContract } from './read-contract.js';
import { subscribeContract } from './subscribe-contract.js';

export { uniqueIdContract } from './unique-id-contract.js';

export interface ContractSubject {
  /** An open store of its own, writable; it may hold events already. The suite closes it. */
  readonly open: () => Promise<EventStore>;
}

/**
 * The behaviour that every driver shares, told as tests. There are no knobs: a driver that needs one does not
 * implement the port. Every field of every result is asserted.
 */
export function eventStoreContract(name: string, subject: ContractSubject): void {
  describe(`event store contract: ${name}`, () => {
    let store: EventStore;
    beforeAll(async () => {
      store = await subject.open();
    });
    afterAll(async () => {
      await store.close();
    });
    const current = (): EventStore => store;
    appendContract(current);
    idempotenceContract(current);
    argumentContract(current);
    readContract(current);
    subscribeContract(current);
    lifeContract(subject.open);
  });
}
